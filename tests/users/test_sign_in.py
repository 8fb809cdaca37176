"""Signing in: who may, how often it may be tried, and what it does not reveal."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch  # counts calls of Django's hasher; nothing of ours is replaced

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connections
from django.utils import timezone

from modules.users.models import AttemptCount, Customer, SignIn
from modules.users.queries.signing_keys import public_keys
from modules.users.use_cases import sign_in
from modules.users.use_cases.attempts import Counted, Limit, TooManyAttempts, count_attempt, forget_attempts, take_back
from tests.api import Api
from tests.users.factories import PASSWORD, a_customer

pytestmark = pytest.mark.usefixtures("database")

TOKENS = "/api/v1/users/tokens"
ME = "/api/v1/users/me"


def credentials(customer: Customer, password: str = PASSWORD) -> dict[str, str]:
    return {"email": customer.email, "password": password}


@pytest.fixture
def tight_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three guesses at an account from one place, five from all places, ten from one place at all accounts."""
    for name, burst in (
        ("GUESSES_AT_ACCOUNT_FROM_ADDRESS", 3),
        ("GUESSES_AT_ACCOUNT", 5),
        ("GUESSES_FROM_ADDRESS", 10),
    ):
        monkeypatch.setattr(sign_in, name, Limit(name=name, burst=burst, seconds_per_attempt=3600))


@pytest.fixture
def hashings() -> Iterator[list[str]]:
    """The passwords that were hashed, in order."""
    seen: list[str] = []
    original = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return original(self, password, salt)

    with patch.object(MD5PasswordHasher, "encode", counting):
        yield seen


def test_signing_in_gives_tokens_that_open_the_account(api: Api) -> None:
    customer = a_customer()

    answer = api.post(TOKENS, credentials(customer))

    assert answer.status_code == 200
    tokens = answer.json()
    assert set(tokens) == {"access", "refresh", "expiresIn"}
    assert tokens["expiresIn"] == 600
    assert answer.headers["Cache-Control"] == "no-store"
    me = api.with_token(tokens["access"]).get(ME)
    assert me.status_code == 200
    assert me.json()["id"] == str(customer.id)


def test_capitals_in_the_address_do_not_matter(api: Api) -> None:
    customer = a_customer("anna@example.com")

    answer = api.post(TOKENS, {"email": " Anna@Example.com ", "password": PASSWORD})

    assert answer.status_code == 200
    assert api.with_token(answer.json()["access"]).get(ME).json()["id"] == str(customer.id)


def test_the_access_token_says_who_for_whom_and_how_long(api: Api) -> None:
    customer = a_customer(is_staff=True)

    access = api.post(TOKENS, credentials(customer)).json()["access"]

    header = jwt.get_unverified_header(access)
    claims = jwt.decode(access, public_keys()[header["kid"]], algorithms=["EdDSA"], audience="banyan")
    assert header["alg"] == "EdDSA"
    assert claims["iss"] == settings.TOKEN_ISSUER
    assert claims["sub"] == str(customer.id)
    assert claims["email"] == customer.email
    assert claims["staff"] is True
    assert claims["exp"] - claims["iat"] == 600
    assert claims["jti"]


def test_nobody_learns_whether_an_address_has_an_account(api: Api) -> None:
    known = a_customer()
    closed = a_customer(is_active=False)

    answers = [
        api.post(TOKENS, credentials(known, "wrong password")),
        api.post(TOKENS, credentials(closed)),
        api.post(TOKENS, {"email": "nobody@example.com", "password": PASSWORD}),
        api.post(TOKENS, {"email": "no address at all", "password": PASSWORD}),
    ]

    changing = ("instance", "correlationId")
    bodies = [{name: value for name, value in answer.json().items() if name not in changing} for answer in answers]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert bodies[0]["code"] == "users.invalid_credentials"
    assert all(body == bodies[0] for body in bodies)
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers)
    assert not SignIn.objects.exists()


def test_a_password_is_hashed_once_whoever_asks(api: Api, hashings: list[str]) -> None:
    known, closed = a_customer(), a_customer(is_active=False)
    counts = {}

    for who, email, password in (
        ("right", known.email, PASSWORD),
        ("wrong", known.email, "wrong password"),
        ("closed", closed.email, PASSWORD),
        ("unknown", "nobody@example.com", PASSWORD),
        ("no address", "nobody", PASSWORD),
    ):
        hashings.clear()
        api.post(TOKENS, {"email": email, "password": password})
        counts[who] = len(hashings)

    assert counts == {"right": 1, "wrong": 1, "closed": 1, "unknown": 1, "no address": 1}


@pytest.mark.usefixtures("tight_limits")
@pytest.mark.parametrize("exists", [True, False])
def test_guessing_ends_alike_with_an_account_and_without(api: Api, exists: bool, hashings: list[str]) -> None:
    email = a_customer().email if exists else "nobody@example.com"
    answers = [api.post(TOKENS, {"email": email, "password": f"guess {n}"}) for n in range(3)]
    hashings.clear()

    refused = api.post(TOKENS, {"email": email, "password": PASSWORD})

    assert [answer.status_code for answer in answers] == [401] * 3
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many_requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert email not in refused.content.decode()
    assert hashings == []


@pytest.mark.usefixtures("tight_limits")
def test_a_stranger_cannot_keep_a_customer_out_alone() -> None:
    customer = a_customer()
    for number in range(4):
        _try(customer.email, f"guess {number}", "198.51.100.7")

    assert _try(customer.email, PASSWORD, "203.0.113.9") == "signed in"


@pytest.mark.usefixtures("tight_limits")
def test_guesses_from_many_places_at_one_account_end_too() -> None:
    customer = a_customer()

    outcomes = [_try(customer.email, f"guess {number}", f"198.51.100.{number}") for number in range(7)]

    assert outcomes == ["refused"] * 5 + ["too many"] * 2


@pytest.mark.usefixtures("tight_limits")
def test_guesses_from_one_place_at_many_accounts_end_too() -> None:
    outcomes = [_try(f"anna-{number}@example.com", PASSWORD, "198.51.100.7") for number in range(12)]

    assert outcomes == ["refused"] * 10 + ["too many"] * 2


@pytest.mark.usefixtures("tight_limits")
def test_signing_in_is_no_guess_however_often() -> None:
    customer = a_customer()

    outcomes = {_try(customer.email, PASSWORD, "198.51.100.7") for _ in range(12)}

    assert outcomes == {"signed in"}


@pytest.mark.usefixtures("tight_limits")
def test_of_many_guesses_at_once_no_more_are_judged_than_allowed() -> None:
    customer = a_customer()

    def guess(number: int) -> str:
        try:
            return _try(customer.email, f"guess {number}", "198.51.100.7")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        outcomes = sorted(threads.map(guess, range(20)))

    assert outcomes == ["refused"] * 3 + ["too many"] * 17


def test_a_count_runs_down_with_time() -> None:
    limit = Limit(name="test", burst=2, seconds_per_attempt=60)
    for _ in range(2):
        count_attempt(Counted(limit, "anna"))
    with pytest.raises(TooManyAttempts) as refusal:
        count_attempt(Counted(limit, "anna"))
    assert 55 <= refusal.value.retry_after_seconds <= 60

    AttemptCount.objects.update(counted_at=timezone.now() - timedelta(seconds=61))

    count_attempt(Counted(limit, "anna"))
    with pytest.raises(TooManyAttempts):
        count_attempt(Counted(limit, "anna"))


def test_a_refused_attempt_is_not_counted_against_any_limit() -> None:
    strict = Limit(name="strict", burst=1, seconds_per_attempt=60)
    loose = Limit(name="loose", burst=9, seconds_per_attempt=60)
    count_attempt(Counted(strict, "anna"), Counted(loose, "anna"))

    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            count_attempt(Counted(strict, "anna"), Counted(loose, "anna"))

    assert AttemptCount.objects.get(key=Counted(strict, "anna").key).level == 1
    assert AttemptCount.objects.get(key=Counted(loose, "anna").key).level == 1


def test_taking_back_what_was_never_counted_earns_no_credit() -> None:
    counted = Counted(Limit(name="test", burst=1, seconds_per_attempt=60), "anna")
    count_attempt(counted)
    for _ in range(3):
        take_back([counted])

    count_attempt(counted)
    with pytest.raises(TooManyAttempts):
        count_attempt(counted)


def test_the_counts_name_nobody_and_are_forgotten() -> None:
    _try("somebody@example.com", "guess", "198.51.100.7")

    stored = " ".join(AttemptCount.objects.values_list("key", flat=True))
    assert "somebody" not in stored
    assert "198.51.100.7" not in stored
    assert forget_attempts(counted_before=timezone.now() - timedelta(days=1)) == 0
    assert forget_attempts(counted_before=timezone.now() + timedelta(seconds=1)) == 3


def test_a_password_hashed_in_an_older_way_is_hashed_anew(api: Api, settings: pytest.FixtureRequest) -> None:
    customer = a_customer()
    settings.PASSWORD_HASHERS = ["infra.passwords.Argon2", "django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]

    assert api.post(TOKENS, credentials(customer)).status_code == 200

    customer.refresh_from_db()
    assert customer.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert api.post(TOKENS, credentials(customer)).status_code == 200


def _try(email: str, password: str, network_address: str) -> str:
    try:
        sign_in.sign_in(email=email, password=password, network_address=network_address, signed_in_at=timezone.now())
    except TooManyAttempts:
        return "too many"
    except sign_in.InvalidCredentials:
        return "refused"
    return "signed in"
