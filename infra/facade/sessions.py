"""Whether the session of a staff member sends a request, told where no middleware for sessions has run yet."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from infra.http.authentication import refuse_forgery


def staff_email_of(request: HttpRequest) -> str:
    """Return the e-mail address of the staff member whose session the request carries, empty where there is none.

    Raises:
        Forbidden: the session is good, but not its protection against forged requests; as where sessions are at home.
    """
    if "HTTP_AUTHORIZATION" in request.META or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return ""
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(request.COOKIES[settings.SESSION_COOKIE_NAME])
    user = get_user(request)
    if not user.is_active or not getattr(user, "is_staff", False):
        return ""
    refuse_forgery(request)
    return getattr(user, "email", "") or user.get_username()
