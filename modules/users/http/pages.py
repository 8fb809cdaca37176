"""The two pages that e-mails link to, for people whose shop has no page of its own for it.

The token stands after the # of the link, so no server's log has it; the page's script moves it into the form. Without a
script the customer pastes it. Nothing happens before the button is pressed: mail scanners that follow links use up nobody's
token.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from modules.users.http.serializers import LONGEST_PASSWORD, LONGEST_TOKEN
from modules.users.http.views import UsersView
from modules.users.use_cases.mail_tokens import InvalidMailToken, reset_password, verify_email
from modules.users.use_cases.passwords import WeakPassword

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    # The module's own style and script, and a form that goes nowhere else: the page holds a token.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
}


class _Page(UsersView):
    # No protection against forged requests is needed: whoever knows the token needs no victim's browser to use it.
    authentication_classes = ()
    media_types = ("text/html",)
    template: str

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        return self._page()

    @extend_schema(exclude=True)
    def post(self, request: Request) -> HttpResponse:
        form = request._request.POST
        token = form.get("token", "").strip()[:LONGEST_TOKEN]
        try:
            self._use(token, form.get("password", "")[:LONGEST_PASSWORD])
        except WeakPassword as refusal:
            return self._page(status=422, token=token, errors=[each["detail"] for each in refusal.members["errors"]])
        except InvalidMailToken:
            return self._page(status=422, errors=["This link was used before or is too old. Ask for a new one."])
        return self._page(done=True)

    def _use(self, token: str, password: str) -> None:
        raise NotImplementedError

    def _page(self, *, status: int = 200, **context: object) -> HttpResponse:
        page = render_to_string(f"users/pages/{self.template}", {"shop": settings.SHOP_NAME, **context})
        return HttpResponse(page, status=status, headers=_HEADERS)


class VerifyEmailPage(_Page):
    """Confirming an e-mail address, for people."""

    template = "verify_email.html"

    def _use(self, token: str, password: str) -> None:
        verify_email(token=token, verified_at=timezone.now())


class ResetPasswordPage(_Page):
    """Setting a new password, for people."""

    template = "reset_password.html"

    def _use(self, token: str, password: str) -> None:
        reset_password(token=token, password=password, reset_at=timezone.now())
