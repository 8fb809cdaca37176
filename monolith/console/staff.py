"""Who may see the console's pages, and what browsers may do with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Of pages that bring themselves up to date: one script of our own, which asks this shop and nobody else.
LIVE_POLICY = f"{CONTENT_SECURITY_POLICY}; script-src 'self'; connect-src 'self'"

View = Callable[..., HttpResponse]


def for_staff(view: View) -> View:
    """Show a page to signed-in staff only; everybody else signs in first. Nothing of it is kept by browsers."""
    return _only_staff(view, CONTENT_SECURITY_POLICY, *_SAFE)


def live_for_staff(view: View) -> View:
    """Do the same for a page that brings itself up to date."""
    return _only_staff(view, LIVE_POLICY, *_SAFE)


def asked_by_staff(view: View) -> View:
    """Do the same for such a page that may also be asked, by POST, to have something done."""
    return _only_staff(view, LIVE_POLICY, *_SAFE, "POST")


_SAFE = ("GET", "HEAD")


def _only_staff(view: View, policy: str, *methods: str) -> View:
    @wraps(view)
    def shown(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return staff_member_required(never_cache(require_http_methods(methods)(shown)), login_url="admin:login")
