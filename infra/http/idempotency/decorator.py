"""`@idempotent` around a view's method: an effect happens once however often the request is sent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from infra.http.authentication import principal_of
from infra.http.idempotency.claims import Asked, Finished, Reused, Running, claim, finish, release
from infra.http.idempotency.keys import (
    IdempotencyInProgress,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    fingerprint_of,
    given_key,
)

# Refusals before anything was done: the same key may be used again once the request is put right.
_NOT_EXECUTED = frozenset({400, 401, 403, 404, 405, 406, 411, 412, 413, 415, 422, 428, 429})
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")

Method = TypeVar("Method", bound=Callable[..., Any])


def idempotent(
    *, module: str, required: bool = True, key_when_absent: Callable[[Request], str | None] | None = None
) -> Callable[[Method], Method]:
    """Make a method of an `ApiView` answer a repeated request with the first one's answer.

    The key comes in the header `Idempotency-Key` or the member `idempotencyKey`; `idempotency_key(request)` returns it.
    It is scoped by who asks and by the address. What was refused before anything happened is not kept, nor is a failure
    of ours: then the method runs again with the same key, and must carry on rather than start anew. So it must, too,
    when a process died half way and the client comes back after the lease.

    Args:
        module: whose schema keeps the keys.
        required: whether a request without a key is refused; otherwise it simply runs.
        key_when_absent: returns a natural key of the request, such as the cart's id, for one that carries none.
    """

    def decorate(method: Method) -> Method:
        @functools.wraps(method)
        def once(self: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            key = given_key(request) or (key_when_absent(request) if key_when_absent else None)
            if key is None:
                if required:
                    raise IdempotencyKeyMissing
                return method(self, request, *args, **kwargs)  # type: ignore[no-any-return]
            http_request = request._request
            http_request.META["infra.http.idempotency_key"] = key
            asked = Asked(
                principal=principal_of(request).scope,
                route=f"{http_request.method} {http_request.path}",
                key=key,
                fingerprint=fingerprint_of(request),
            )
            match claim(asked, using=module):
                case Reused():
                    raise IdempotencyKeyReused
                case Running(seconds_left):
                    raise IdempotencyInProgress(headers={"Retry-After": str(min(seconds_left, 2))})
                case Finished(status, headers, body):
                    return HttpResponse(body, status=status, headers=headers | {"Idempotent-Replayed": "true"})
                case held:
                    pass
            try:
                response = self.as_http(method(self, request, *args, **kwargs))
            except Exception as error:  # noqa: BLE001  # whatever it is, the key must not stay claimed
                response = self.handle_exception(error)
            # Where the module moved away meanwhile, these raise: then the facade sends the request on, with its key.
            if response.status_code >= 500 or response.status_code in _NOT_EXECUTED:
                release(held, using=module)
            else:
                kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
                finish(held, status=response.status_code, headers=kept, body=response.content, using=module)
            return response  # type: ignore[no-any-return]

        once.idempotency_required = required and key_when_absent is None  # type: ignore[attr-defined]
        return once  # type: ignore[return-value]

    return decorate
