"""Over HTTP, what customers do with a token from an e-mail."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from infra.http.responses import Json, NoContent
from modules.users.http import serializers
from modules.users.http.views import UsersView, network_address_of
from modules.users.models import MailTokenPurpose
from modules.users.use_cases import mail_tokens

_ANSWERS = {202: serializers.AcceptedAnswer, 429: "Too many attempts; Retry-After says when to come back."}


class EmailVerifications(UsersView):
    """Confirming an e-mail address."""

    authentication_classes = ()

    @extend_schema(operation_id="verifyEmail", request=serializers.MailToken, responses={204: None})
    def post(self, request: Request) -> HttpResponse:
        """Confirm the e-mail address that the token was sent to. A token works once, for three days."""
        body = serializers.MailToken(data=request.data)
        body.is_valid(raise_exception=True)
        mail_tokens.verify_email(token=body.validated_data["token"], verified_at=timezone.now())
        return NoContent()


class PasswordResets(UsersView):
    """Setting a new password."""

    authentication_classes = ()

    @extend_schema(operation_id="resetPassword", request=serializers.ResetPassword, responses={204: None})
    def post(self, request: Request) -> HttpResponse:
        """Set a new password with the token from the e-mail; every sign-in ends. A token works once, for an hour."""
        body = serializers.ResetPassword(data=request.data)
        body.is_valid(raise_exception=True)
        mail_tokens.reset_password(**body.validated_data, reset_at=timezone.now())
        return NoContent()


class _AskForMail(UsersView):
    authentication_classes = ()
    purpose: MailTokenPurpose

    def _note(self, request: Request) -> HttpResponse:
        body = serializers.Email(data=request.data)
        body.is_valid(raise_exception=True)
        mail_tokens.ask_for_mail(
            purpose=self.purpose,
            email=body.validated_data["email"],
            network_address=network_address_of(request),
            asked_at=timezone.now(),
        )
        return Json({"detail": "If there is an account that needs it, an e-mail is on its way."}, status=202)


class AskForVerification(_AskForMail):
    """Asking for the e-mail that confirms an address once more."""

    purpose = MailTokenPurpose.VERIFY_EMAIL

    @extend_schema(operation_id="resendVerification", request=serializers.Email, responses=_ANSWERS)
    def post(self, request: Request) -> HttpResponse:
        """Send the e-mail again. The answer is the same for every address."""
        return self._note(request)


class AskForPasswordReset(_AskForMail):
    """Asking for an e-mail that allows to set a new password."""

    purpose = MailTokenPurpose.RESET_PASSWORD

    @extend_schema(operation_id="requestPasswordReset", request=serializers.Email, responses=_ANSWERS)
    def post(self, request: Request) -> HttpResponse:
        """Send an e-mail with a token that allows to set a new password. The answer is the same for every address."""
        return self._note(request)
