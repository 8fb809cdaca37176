"""ETags: what was read may have changed before it is written."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from infra.http.encoding import canonical
from infra.http.problems import HttpProblem


class PreconditionFailed(HttpProblem):
    """The resource has changed since it was read."""

    code = "precondition_failed"
    status = 412


def etag_of(value: Any) -> str:
    """Return a strong ETag, quotes included, that changes exactly when the value does.

    Args:
        value: a version number, or the plain values that the answer is made of.
    """
    return f'"{urlsafe_b64encode(sha256(canonical(value)).digest()[:12]).decode()}"'


def require_match(request: Request, etag: str) -> None:
    """Refuse to change what is no longer what the client saw; without `If-Match` nothing is refused.

    Call it with the row locked, or two who saw the same both pass.

    Raises:
        PreconditionFailed: `If-Match` names other versions; the answer carries the present one.
    """
    header: str | None = request._request.META.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return
    if etag not in parse_etags(header):  # weak ones never match (RFC 9110, 13.1.1)
        raise PreconditionFailed(
            "It has changed since it was read. Read it again, then decide.", headers={"ETag": etag}, current_etag=etag
        )


def not_modified(request: Request | HttpRequest, etag: str) -> HttpResponse | None:
    """Return the 304 to answer when `If-None-Match` shows that the client has this version already, else None."""
    header: str | None = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None:
        return None
    if header.strip() != "*" and etag not in {tag.removeprefix("W/") for tag in parse_etags(header)}:
        return None
    response = HttpResponse(status=304, headers={"ETag": etag})
    del response.headers["Content-Type"]
    return response
