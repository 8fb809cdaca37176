"""Reading a request's idempotency key, and what the key stands for."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from infra.http.encoding import canonical
from infra.http.problems import HttpProblem
from infra.http.serializers import StrictSerializer

HEADER = "Idempotency-Key"
MEMBER = "idempotencyKey"
_FORM = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKeyMissing(HttpProblem):
    """This request needs an idempotency key: a text made up by the client, the same each time that it tries again."""

    code = "idempotency_key_missing"


class IdempotencyKeyMalformed(HttpProblem):
    """An idempotency key has 1 to 255 visible ASCII characters."""

    code = "idempotency_key_malformed"


class IdempotencyKeyReused(HttpProblem):
    """The idempotency key was used before for another request; a new request needs a new key."""

    code = "idempotency_key_reused"
    status = 422


class IdempotencyInProgress(HttpProblem):
    """A request with this idempotency key is being worked on; send it again a little later."""

    code = "idempotency_in_progress"
    status = 409


class WithIdempotencyKey(StrictSerializer):
    """Documents the key as a member of the body; `@idempotent` takes it out before the view reads the body."""

    idempotency_key = serializers.CharField(
        required=False, max_length=255, write_only=True, help_text="Instead of the header Idempotency-Key."
    )


def idempotency_key(request: Request) -> str:
    """Return the key of a request to a method under `@idempotent(required=True)`."""
    key: str = request._request.META["infra.http.idempotency_key"]
    return key


def given_key(request: Request) -> str | None:
    """Return the key that a request carries, and take it out of the body.

    Raises:
        IdempotencyKeyMalformed: too long, empty, not visible ASCII, or two different ones.
    """
    header: str | None = request._request.META.get("HTTP_IDEMPOTENCY_KEY")
    body: Any = request.data
    # Without a body a form's media type makes this a QueryDict, which cannot be changed.
    keys = [] if header is None else [header]
    if type(body) is dict and MEMBER in body:
        keys.append(body.pop(MEMBER))
    if not all(isinstance(key, str) for key in keys):
        raise IdempotencyKeyMalformed
    given = {_bare(key.strip()) for key in keys}
    if not given:
        return None
    if len(given) > 1:
        raise IdempotencyKeyMalformed("The header and the body carry different keys.")
    key = given.pop()
    if not _FORM.fullmatch(key):
        raise IdempotencyKeyMalformed
    return key


def _bare(text: str) -> str:
    # The draft standard writes it as a quoted string; most clients send it bare.
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def fingerprint_of(request: Request) -> bytes:
    """Return a digest of what is asked: equal for bodies that differ only in the order of members or in white space."""
    http_request = request._request
    asked = [http_request.method, http_request.get_full_path(), request.data]
    return sha256(canonical(asked)).digest()
