"""Django's middleware for browsers, at no cost to the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from infra.http.paths import is_for_programs


class _ForBrowsers:
    """Steps aside for API requests without a session's cookie."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_for_programs(request) and settings.SESSION_COOKIE_NAME not in request.META.get("HTTP_COOKIE", ""):
            response: HttpResponseBase = self.get_response(request)
            return response
        return super().__call__(request)  # type: ignore[misc, no-any-return]


class Sessions(_ForBrowsers, SessionMiddleware):
    """Django's sessions."""


class Authentication(_ForBrowsers, AuthenticationMiddleware):
    """Django's users, for the admin."""


class Messages(_ForBrowsers, MessageMiddleware):
    """Django's one-time messages, for the admin."""
