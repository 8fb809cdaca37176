"""The API past the middleware that serves browsers.

`ApiShortcut` stands first and `ApiEntrance` last in `settings.MIDDLEWARE`. Between them stands Django's own middleware for pages:
sessions, messages, forms, static files. A request to the API that carries no session's cookie needs none of it and goes straight
from one to the other; what the API needs of it (host check, security headers, length) `ApiShortcut` does itself. That halves the
time that a request spends outside its view.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# A shop has few names. Where any host is allowed, strangers may not fill the memory with theirs.
_REMEMBERED_HOSTS = 64
_PREFIXES = ("/api/v", "/_contracts/", "/_events/", "/.well-known/")

# What no answer of the API is without.
API_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

# Django builds its middleware from the last to the first: this is how the last tells the first where it leads.
_entrances: list[GetResponse] = []


class ApiEntrance:
    """The last middleware: marks where requests to the API come in again."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        _entrances[:] = [get_response]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)


class ApiShortcut:
    """The first middleware but one: leads requests to the API past all others."""

    def __init__(self, get_response: GetResponse) -> None:
        self._long_way = get_response
        self._short_way = _entrances.pop() if _entrances else get_response
        self._good_hosts: set[str] = set()
        self._cares_for_security = settings.SECURE_SSL_REDIRECT or bool(settings.SECURE_HSTS_SECONDS)
        self._redirects = settings.SECURE_SSL_REDIRECT
        self._session_cookie = f"{settings.SESSION_COOKIE_NAME}="
        self._transport_security = ""
        if settings.SECURE_HSTS_SECONDS:
            self._transport_security = f"max-age={settings.SECURE_HSTS_SECONDS}"
            self._transport_security += "; includeSubDomains" if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else ""
            self._transport_security += "; preload" if settings.SECURE_HSTS_PRELOAD else ""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(_PREFIXES) or self._session_cookie in request.META.get("HTTP_COOKIE", ""):
            return self._long_way(request)
        secure = self._cares_for_security and request.is_secure()
        if self._redirects and not secure:
            return self._long_way(request)
        host = request.META.get("HTTP_HOST", "")
        if host not in self._good_hosts:
            request.get_host()  # raises DisallowedHost
            if len(self._good_hosts) < _REMEMBERED_HOSTS and not settings.USE_X_FORWARDED_HOST:
                self._good_hosts.add(host)
        response = self._short_way(request)
        headers = response.headers
        for name, value in API_HEADERS.items():
            if name not in headers:  # an answer that is a page has a policy of its own
                headers[name] = value
        if secure and self._transport_security:
            headers["Strict-Transport-Security"] = self._transport_security
        if not response.streaming and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        return response
