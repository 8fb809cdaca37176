"""Signing in, staying signed in, signing out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt
from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Func
from django.db.models.functions import Now

from infra.errors import Refused
from infra.facade.bucket import CLAIM, bucket_for
from infra.identifiers import new_id
from modules.users.models import Customer, RefreshToken, SignIn
from modules.users.models.tokens import digest_of
from modules.users.queries.emails import email_as_typed
from modules.users.queries.signing_keys import signing_keys
from modules.users.use_cases.attempts import Counted, Limit, count_attempt, take_back
from modules.users.use_cases.passwords import is_password_of

# Whoever holds an access token is believed without a look at the database, so this is how long a closed account still works.
ACCESS_SECONDS = 600
# Somebody who comes back within a month stays signed in; after three months the password is asked for again.
REFRESH_LIFETIME = timedelta(days=30)
SIGN_IN_LIFETIME = timedelta(days=90)

# Guesses from one place at one account: few. From all places at one account: more, or anybody could lock anybody out. From one
# place at all accounts: an office behind one address mistypes some.
GUESSES_AT_ACCOUNT_FROM_ADDRESS = Limit(name="sign-in-account-address", burst=10, seconds_per_attempt=60)
GUESSES_AT_ACCOUNT = Limit(name="sign-in-account", burst=50, seconds_per_attempt=60)
GUESSES_FROM_ADDRESS = Limit(name="sign-in-address", burst=100, seconds_per_attempt=10)


class InvalidCredentials(Refused):
    """The e-mail address or the password is not right."""

    code = "users.invalid_credentials"
    status = 401


class InvalidRefreshToken(Refused):
    """The refresh token cannot be used; sign in again."""

    code = "users.invalid_refresh_token"
    status = 401


class RefreshedMeanwhile(Refused):
    """Another request that ran at the same time used this refresh token; use the tokens that it got."""

    code = "users.refreshed_meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a signed-in customer holds."""

    access: str
    refresh: str
    expires_in: int  # seconds, of `access`


class _DatabaseClock(Func):
    template = "clock_timestamp()"
    output_field = DateTimeField()


def sign_in(*, email: str, password: str, network_address: str, signed_in_at: datetime) -> Tokens:
    """Check a password and start a sign-in.

    An unknown address, a closed account and a wrong password are refused alike: in words, in the time that it takes (a
    password is hashed for nobody, too), and in when it becomes too many attempts.

    Raises:
        InvalidCredentials, TooManyAttempts
    """
    email = email_as_typed(email)
    limits = password_limits(email, network_address)
    count_attempt(*limits)
    customer = Customer.objects.filter(email=email, is_active=True).first()
    if not is_password_of(customer, password) or customer is None:
        raise InvalidCredentials()

    take_back(limits)
    with transaction.atomic(using="users"):
        begun = SignIn.objects.create(
            customer=customer, started_at=signed_in_at, expires_at=signed_in_at + SIGN_IN_LIFETIME
        )
        refresh = _issue_refresh_token(begun, signed_in_at)
    return _tokens(customer, refresh, signed_in_at)


def password_limits(email: str, network_address: str) -> list[Counted]:
    """Return the limits that every guess at a password counts against."""
    return [
        Counted(GUESSES_AT_ACCOUNT_FROM_ADDRESS, f"{email} {network_address}"),
        Counted(GUESSES_AT_ACCOUNT, email),
        Counted(GUESSES_FROM_ADDRESS, network_address),
    ]


def refresh_tokens(*, refresh: str, refreshed_at: datetime) -> Tokens:
    """Exchange a refresh token for new tokens. It works once.

    One that is used again was copied: by whom is unknowable, so the whole sign-in ends, for the thief and the customer.
    There is no period of grace, for a thief could use it as well; a client whose answer was lost signs in again. But
    requests that ran at the same time are one client's two windows more likely than a thief: one gets the tokens, the
    others are told so and nothing ends. "At the same time" means that the later one had begun, by the database's clock,
    before the earlier one was done.

    Raises:
        InvalidRefreshToken: unknown, expired, revoked, or used before; in the last case the sign-in has ended.
        RefreshedMeanwhile: a request at the same time was faster; the sign-in goes on.
    """
    error: Refused
    with transaction.atomic(using="users"):
        found = RefreshToken.objects.annotate(begun_at=Now()).filter(digest=digest_of(refresh)).first()
        if found is None:
            raise InvalidRefreshToken()
        family = SignIn.objects.select_for_update(of=("self",)).select_related("customer").get(id=found.sign_in_id)
        token = RefreshToken.objects.get(id=found.id)  # as it is now that nobody else can use it
        if token.used_at is None and token.expires_at > refreshed_at and _is_open(family, refreshed_at):
            RefreshToken.objects.filter(id=token.id).update(used_at=_DatabaseClock())
            return _tokens(family.customer, _issue_refresh_token(family, refreshed_at), refreshed_at)
        error = InvalidRefreshToken()
        if token.used_at is not None and family.revoked_at is None:
            if token.used_at > found.begun_at:
                error = RefreshedMeanwhile()
            else:
                _revoke(family, because="refresh_token_reused", ended_at=refreshed_at)
    raise error


def sign_out(*, refresh: str, signed_out_at: datetime) -> None:
    """End the sign-in that a refresh token belongs to; an unknown token or an ended sign-in changes nothing."""
    with transaction.atomic(using="users"):
        family = (
            SignIn.objects.select_for_update()
            .filter(id__in=RefreshToken.objects.filter(digest=digest_of(refresh)).values("sign_in_id"), revoked_at=None)
            .first()
        )
        if family is not None:
            _revoke(family, because="signed_out", ended_at=signed_out_at)


def end_all_sign_ins(*, customer_id: UUID, because: str, ended_at: datetime) -> None:
    """End every sign-in of a customer, in the caller's transaction."""
    SignIn.objects.filter(customer_id=customer_id, revoked_at=None).update(revoked_at=ended_at, revoked_because=because)


def forget_sign_ins(*, ended_before: datetime, most: int = 500) -> int:
    """Delete sign-ins that ended before then, with their tokens; return how many."""
    ids = list(
        SignIn.objects.filter(expires_at__lt=ended_before).order_by("expires_at").values_list("id", flat=True)[:most]
    )
    SignIn.objects.filter(id__in=ids).delete()
    return len(ids)


def access_token(customer: Customer, issued_at: datetime) -> str:
    """Return a signed access token (JWT, EdDSA) for a customer."""
    key = signing_keys()[0]
    issued = int(issued_at.timestamp())
    claims = {
        "iss": settings.TOKEN_ISSUER,
        "aud": settings.TOKEN_AUDIENCE,
        "sub": str(customer.id),
        "email": customer.email,
        "staff": customer.is_staff,
        CLAIM: bucket_for(str(customer.id)),
        "iat": issued,
        "exp": issued + ACCESS_SECONDS,
        "jti": str(new_id()),
    }
    return jwt.encode(claims, key.private, algorithm="EdDSA", headers={"kid": key.key_id})


def _tokens(customer: Customer, refresh: str, issued_at: datetime) -> Tokens:
    return Tokens(access=access_token(customer, issued_at), refresh=refresh, expires_in=ACCESS_SECONDS)


def _issue_refresh_token(family: SignIn, issued_at: datetime) -> str:
    token = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        sign_in=family,
        digest=digest_of(token),
        issued_at=issued_at,
        expires_at=min(issued_at + REFRESH_LIFETIME, family.expires_at),
    )
    return token


def _is_open(family: SignIn, at: datetime) -> bool:
    return family.revoked_at is None and family.expires_at > at and family.customer.is_active


def _revoke(family: SignIn, *, because: str, ended_at: datetime) -> None:
    family.revoked_at = ended_at
    family.revoked_because = because
    family.save(update_fields=["revoked_at", "revoked_because"])
