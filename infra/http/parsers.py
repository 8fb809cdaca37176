"""The one parser: JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from infra.http.encoding import UnusableValue, decode
from infra.http.problems import MalformedBody


class JsonParser(BaseParser):
    """Strict JSON: UTF-8, no NaN, nothing that no column could hold."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        # Through the request, not the stream: this way Django's limit on the size holds.
        body: bytes = (parser_context or {})["request"]._request.body
        try:
            return decode(body)
        except UnusableValue:
            raise
        except ValueError as error:
            raise MalformedBody(f"The body is not JSON: {error}") from None
