"""Signing in and out over HTTP."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from infra.http.responses import Json, NoContent
from modules.users.http import presenters, serializers
from modules.users.http.views import UsersView, network_address_of
from modules.users.queries.signing_keys import key_set
from modules.users.use_cases import sign_in

# Verifiers may keep the keys for this long; a new key is published at least as long before it signs.
KEY_SET_SECONDS = 300


class _ForAnybody(UsersView):
    """Nobody has to be signed in, and a token that has run out must not keep anybody from getting a new one."""

    authentication_classes = ()


class Tokens(_ForAnybody):
    """Signing in."""

    @extend_schema(
        operation_id="signIn",
        request=serializers.SignIn,
        responses={
            200: serializers.TokensAnswer,
            401: "The e-mail address or the password is not right.",
            429: "Too many attempts; Retry-After says when to come back.",
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Exchange e-mail address and password for an access token and a refresh token."""
        body = serializers.SignIn(data=request.data)
        body.is_valid(raise_exception=True)
        tokens = sign_in.sign_in(
            **body.validated_data, network_address=network_address_of(request), signed_in_at=timezone.now()
        )
        return Json(presenters.tokens_body(tokens))


class TokensRefresh(_ForAnybody):
    """Staying signed in."""

    @extend_schema(
        operation_id="refreshTokens",
        request=serializers.Refresh,
        responses={
            200: serializers.TokensAnswer,
            401: "The refresh token cannot be used; sign in again.",
            409: "A request at the same time used it; use the tokens which that one got.",
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Exchange a refresh token, once, for new tokens. One that is sent a second time ends the whole sign-in."""
        body = serializers.Refresh(data=request.data)
        body.is_valid(raise_exception=True)
        tokens = sign_in.refresh_tokens(refresh=body.validated_data["refresh"], refreshed_at=timezone.now())
        return Json(presenters.tokens_body(tokens))


class TokensRevoke(_ForAnybody):
    """Signing out."""

    @extend_schema(operation_id="signOut", request=serializers.Refresh, responses={204: None})
    def post(self, request: Request) -> HttpResponse:
        """End the sign-in that a refresh token belongs to; an unknown token is answered alike."""
        body = serializers.Refresh(data=request.data)
        body.is_valid(raise_exception=True)
        sign_in.sign_out(refresh=body.validated_data["refresh"], signed_out_at=timezone.now())
        return NoContent()


class KeySet(_ForAnybody):
    """The public keys of access tokens."""

    @extend_schema(operation_id="getKeys", responses={200: serializers.KeySetAnswer})
    def get(self, request: Request) -> HttpResponse:
        """Return the keys that access tokens are verified with, as a JSON Web Key Set (RFC 7517)."""
        return Json(key_set(), headers={"Cache-Control": f"public, max-age={KEY_SET_SECONDS}"})
