"""Answers as bytes: encoded once, by msgspec, past Django REST framework's rendering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from infra.http.encoding import encode


class Json(HttpResponse):
    """A JSON answer of plain values: dicts, lists, dataclasses, UUIDs, instants, decimals (as text), `Money`.

    Keys go out as they are: presenters write camelCase. `msgspec.Raw` parts go out unchanged.
    """

    def __init__(
        self,
        data: Any,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> None:
        super().__init__(encode(data), status=status, headers=headers, content_type=content_type)


class NoContent(HttpResponse):
    """204."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status=204, headers=headers)
        del self.headers["Content-Type"]
