"""Who asks: customers by a bearer token, staff by a token or by the admin's session."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import jwt
from django.conf import settings
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from infra.contracts import registry
from infra.facade.actor import META_KEY, ActorRefused, verified_actor
from infra.http.problems import Forbidden, NotAuthenticated
from infra.http.verification_keys import key_for

# Tokens are signed with the shop's private key; any other algorithm, "none" and HS256 first, is somebody's forgery.
ALGORITHMS = ["EdDSA"]
LONGEST_TOKEN = 4096
# Clocks of two machines may differ by this much.
LEEWAY_SECONDS = 5
# A signature takes 0.1 ms to verify, and a client sends the same token many times: a good one is remembered for so long, so
# that a withdrawn key still ends soon. So many are remembered at once.
REMEMBER_SECONDS = 60
REMEMBERED = 4096

_remembered: dict[str, tuple[float, Principal]] = {}


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever sends the request, as the token or the session says; nothing is looked up."""

    customer_id: UUID | None
    email: str
    is_staff: bool
    is_authenticated: bool = True

    @property
    def scope(self) -> str:
        """A text that differs for any two principals; all guests share one."""
        if self.customer_id is not None:
            return f"customer:{self.customer_id}"
        return f"staff:{self.email}" if self.is_authenticated else "guest"

    # What Django and Django REST framework ask of a user.
    @property
    def is_anonymous(self) -> bool:
        return not self.is_authenticated

    @property
    def is_active(self) -> bool:
        return self.is_authenticated

    @property
    def pk(self) -> UUID | None:
        return self.customer_id


GUEST = Principal(None, "", False, is_authenticated=False)


def guest() -> Principal:
    return GUEST


def principal_of(request: Request | HttpRequest) -> Principal:
    """Return who sends the request; a guest has no `customer_id`."""
    return cast("Principal", cast("Any", request).user)


def customer_id_of(request: Request) -> UUID:
    """Return the signed-in customer's id.

    Raises:
        NotAuthenticated: a guest, or staff without a customer account.
    """
    customer_id = principal_of(request).customer_id
    if customer_id is None:
        raise NotAuthenticated("Sign in as a customer.")
    return customer_id


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <JWT>`, signed by the users module with EdDSA; no header means a guest."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        header: str | None = request._request.META.get("HTTP_AUTHORIZATION")
        if not header:
            return None
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated("Send the access token as: Authorization: Bearer <token>.", token_refused=True)
        return principal_from(token.strip()), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="banyan"'


def principal_from(token: str) -> Principal:
    """Return the principal that a token names.

    Raises:
        NotAuthenticated: forged, expired, not for us, or not a token at all; the text does not say which.
    """
    now = time.time()
    if (known := _remembered.get(token)) is not None and now < known[0]:
        return known[1]
    principal, expires_at = _verified(token)
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    _remembered[token] = (min(now + REMEMBER_SECONDS, expires_at + LEEWAY_SECONDS), principal)
    return principal


def _verified(token: str) -> tuple[Principal, float]:
    refusal = NotAuthenticated("The access token is not valid or no longer valid. Sign in again.", token_refused=True)
    if len(token) > LONGEST_TOKEN:
        raise refusal
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = key_for(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise refusal
        claims = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=settings.TOKEN_AUDIENCE,
            issuer=settings.TOKEN_ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "sub", "exp", "iat"]},
        )
        email, staff = claims.get("email", ""), claims.get("staff", False)
        if not isinstance(email, str) or not isinstance(staff, bool):
            raise refusal
        return Principal(UUID(claims["sub"]), email, staff), float(claims["exp"])
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError, RecursionError, OverflowError):
        raise refusal from None


class StaffSessionAuthentication(BaseAuthentication):
    """The session of a staff account signed in to the admin, with Django's protection against forged requests.

    A module's service has no sessions; there the facade's word counts instead.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http_request = request._request
        if settings.SERVICE_OF:
            return _actor.authenticate(request)
        if settings.SESSION_COOKIE_NAME not in http_request.COOKIES:
            return None
        user: Any = getattr(http_request, "user", None)
        if user is None or not user.is_active or not user.is_staff:
            return None
        refuse_forgery(http_request)
        return Principal(None, user.email or user.get_username(), True), None


class ActorAuthentication(BaseAuthentication):
    """In a module's service: the staff member whose session the facade has checked and signed for (infra/facade/actor.py)."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http_request = request._request
        header: str | None = http_request.META.get(META_KEY)
        if header is None:
            return None
        try:
            email = verified_actor(
                registry.wiring().service_keys,
                header,
                audience=settings.SERVICE_OF,
                method=http_request.method or "",
                path=http_request.path_info,
            )
        except ActorRefused as error:
            raise NotAuthenticated(str(error), token_refused=True) from None
        return Principal(None, email, True), None


_actor = ActorAuthentication()


def refuse_forgery(request: HttpRequest) -> None:
    """Refuse a request on the strength of a session that does not show that the session's own pages sent it.

    Raises:
        Forbidden: it lacks Django's CSRF token, or comes from another site.
    """
    check: Any = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(request)
    if reason := check.process_view(request, None, (), {}):
        raise Forbidden(f"The request lacks its protection against forgery: {reason}")
