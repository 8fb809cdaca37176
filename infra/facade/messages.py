"""A request as it goes on to a service, and its answer as it goes back: the same bytes, less what is for this hop only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from urllib3.util import SKIP_HEADER

from infra.contracts.context import current
from infra.contracts.signing import ServiceKey
from infra.facade import actor, bucket
from infra.http.client_address import client_address_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# On each forwarded request, with the module's name: one that comes back to a facade goes round in circles.
MARK = "X-Facade-Forwarded"
MARK_META = "HTTP_X_FACADE_FORWARDED"
_KEY_MEMBER = b'"idempotencyKey"'

# Of one connection only (RFC 9110, 7.6.1), or written anew here, or nobody's to send from outside.
_NOT_PASSED_ON = frozenset(
    f"HTTP_{name}"
    for name in (
        *("CONNECTION", "KEEP_ALIVE", "PROXY_AUTHENTICATE", "PROXY_AUTHORIZATION", "PROXY_CONNECTION"),
        *("TE", "TRAILER", "TRANSFER_ENCODING", "UPGRADE", "EXPECT"),
        *("FORWARDED", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PORT", "X_FORWARDED_PROTO", "X_REAL_IP"),
        *("COOKIE", "X_CORRELATION_ID", "TRACEPARENT", "X_ACTOR", "X_BUCKET", "X_MODULE_HOLD", "X_FACADE_FORWARDED"),
    )
)
# What only services say to each other in the headers of signed calls.
_OF_SERVICES = "HTTP_BANYAN_"
# The server in front writes its own.
_NOT_PASSED_BACK = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "date", "server"}
)


class _Keyed(msgspec.Struct):
    idempotencyKey: str | None = None  # noqa: N815  # as it is written


_decode_keyed = msgspec.json.Decoder(_Keyed).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request for a service."""

    method: str
    target: str  # path and query as the client wrote them
    headers: Mapping[str, Any]
    body: Any  # bytes, None, or a stream that can be read once
    is_chunked: bool
    is_repeatable: bool  # sending it again changes nothing more


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A service's answer."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes  # the first part; all of it where `rest` is None
    rest: Iterator[bytes] | None = None  # closed with the answer


def outgoing(request: HttpRequest, module: str) -> Outgoing:
    """Return the request for the module's service.

    Raises:
        RequestDataTooBig: the body is larger than any that is no upload may be; the service would say the same.
        UnreadablePostError: the client went away.
    """
    method = request.method or "GET"
    body, is_chunked = _body(request)
    return Outgoing(
        method=method,
        target=_target(request),
        headers=_headers(request, module, body),
        body=body,
        is_chunked=is_chunked,
        is_repeatable=method in SAFE_METHODS or (isinstance(body, bytes | None) and _has_key(request, body)),
    )


def keep_body(request: HttpRequest) -> None:
    """Read the body now, where it is small enough to be kept, so that the request can be worked on more than once."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and 0 < int(length) <= (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
        _ = request.body


def as_django(answer: Incoming) -> HttpResponseBase:
    """Return a service's answer as this process's own."""
    kind = _Whole if answer.rest is None else _Stream
    return kind(answer)


class _Cookies:
    """Several `Set-Cookie` headers, each as the service wrote it."""

    set_cookies: list[str]

    def items(self) -> Iterable[tuple[str, str]]:
        yield from super().items()  # type: ignore[misc]
        for line in self.set_cookies:
            yield "Set-Cookie", line

    def _take_over(self, answer: Incoming) -> None:
        headers: Any = self.headers  # type: ignore[attr-defined]
        if "Content-Type" in headers:
            del headers["Content-Type"]
        self.set_cookies = []
        for name, value in answer.headers:
            folded = name.lower()
            if folded in _NOT_PASSED_BACK:
                continue
            if folded == "set-cookie":
                self.set_cookies.append(value)
            elif name in headers:
                headers[name] = f"{headers[name]}, {value}"
            else:
                headers[name] = value
        # Each forwarded answer is logged by the service that made it.
        self._has_been_logged = True


class _Whole(_Cookies, HttpResponse):
    def __init__(self, answer: Incoming) -> None:
        super().__init__(answer.body, status=answer.status, reason=answer.reason or None)
        self._take_over(answer)
        if answer.body and "Content-Length" not in self.headers:
            self.headers["Content-Length"] = str(len(answer.body))


class _Stream(_Cookies, StreamingHttpResponse):
    def __init__(self, answer: Incoming) -> None:
        assert answer.rest is not None
        super().__init__(answer.rest, status=answer.status, reason=answer.reason or None)
        self._take_over(answer)


def _body(request: HttpRequest) -> tuple[Any, bool]:
    meta = request.META
    length = meta.get("CONTENT_LENGTH") or ""
    if not length.isdigit() or length == "0":
        # Whoever sends chunks without a length is refused by every view; the service shall see that it was so.
        return (b"" if length == "0" else None), "HTTP_TRANSFER_ENCODING" in meta and not length
    if int(length) <= (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
        return request.body, False
    if request.content_type != "multipart/form-data":
        raise RequestDataTooBig("The body is larger than settings.DATA_UPLOAD_MAX_MEMORY_SIZE.")
    return request, False


def _target(request: HttpRequest) -> str:
    raw: str = request.META.get("RAW_URI") or ""  # gunicorn's; without it quoted slashes would come out unquoted
    path = raw.partition("?")[0]
    # What was decided upon is the decoded path; a server that gives another one here must not send us elsewhere.
    if path.startswith("/") and "#" not in raw and unquote(path) == request.path_info:
        return raw
    return request.get_full_path()


def _headers(request: HttpRequest, module: str, body: object) -> dict[str, Any]:
    meta = request.META
    headers: dict[str, Any] = {
        "Accept-Encoding": SKIP_HEADER,
        "User-Agent": SKIP_HEADER,
    }  # unless the client sends them
    own_of_this_hop = {f"HTTP_{_meta_name(name)}" for name in meta.get("HTTP_CONNECTION", "").split(",")}
    for key, value in meta.items():
        if (
            key.startswith("HTTP_")
            and key not in _NOT_PASSED_ON
            and key not in own_of_this_hop
            and not key.startswith(_OF_SERVICES)
        ):
            headers[_wire_name(key[5:])] = value
    if content_type := meta.get("CONTENT_TYPE"):
        headers["Content-Type"] = content_type
    if body is not None:
        headers["Content-Length"] = meta["CONTENT_LENGTH"]
    if cookies := _cookies(request):
        headers["Cookie"] = cookies
    # One hop, whoever came before: a service trusts exactly one proxy.
    headers["X-Forwarded-For"] = client_address_of(request)
    headers["X-Forwarded-Proto"] = "https" if request.is_secure() else "http"
    headers["X-Forwarded-Host"] = headers.setdefault("Host", request.get_host())
    headers[bucket.HEADER] = str(bucket.bucket_of(request))
    headers[MARK] = module
    context = current()
    if context.correlation_id:
        headers["X-Correlation-Id"] = context.correlation_id
    if context.traceparent:
        headers["Traceparent"] = context.traceparent
    return headers


def _meta_name(name: str) -> str:
    return name.strip().upper().replace("-", "_")


_names: dict[str, str] = {}


def _wire_name(key: str) -> str:
    name = _names.get(key)
    if name is None:
        name = key.replace("_", "-").title()
        if len(_names) < 500:  # strangers may make up as many as they like
            _names[key] = name
    return name


def _cookies(request: HttpRequest) -> str:
    """Return what no part of the shop's own pages has set; a service knows no sessions."""
    sent = request.META.get("HTTP_COOKIE", "")
    if not sent:
        return ""
    ours = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, bucket.COOKIE, "messages"}
    parts = [part.strip() for part in sent.split(";")]
    return "; ".join(part for part in parts if part and part.partition("=")[0].strip() not in ours)


def _has_key(request: HttpRequest, body: bytes | None) -> bool:
    if request.META.get("HTTP_IDEMPOTENCY_KEY"):
        return True
    if not body or _KEY_MEMBER not in body:
        return False
    try:
        return bool(_decode_keyed(body).idempotencyKey)
    except msgspec.DecodeError:
        return False


def with_actor(sent: Outgoing, keys: tuple[ServiceKey, ...], *, email: str, module: str, path: str) -> Outgoing:
    """Return the request with a fresh word for the staff member who sends it."""
    value = actor.signed_actor(keys, email=email, audience=module, method=sent.method, path=path)
    return replace(sent, headers={**sent.headers, actor.HEADER: value})
