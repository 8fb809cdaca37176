"""Who asks is proved by a signature, or it is nobody."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import ClassVar
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from infra.http import authentication
from infra.http.verification_keys import KEEP_SECONDS, REFETCH_SECONDS, VerificationKeys
from tests.api import Api, make_token, public_pem
from tests.infra.http.test_requests import problem

ME = "/api/v1/users/me"
ANYBODY = "/api/v1/users/anybody"
DESK = "/api/v1/payments/desk"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _unsigned(header: dict[str, object], claims: dict[str, object] | None = None) -> str:
    payload = {"iss": "x", "aud": "banyan", "sub": str(uuid4()), "iat": 0, "exp": time.time() + 600, **(claims or {})}
    return f"{_part(header)}.{_part(payload)}."


def _hmac_with_the_public_key() -> str:
    signed = _unsigned({"alg": "HS256", "typ": "JWT", "kid": "tests"}).removesuffix(".")
    signature = hmac.digest(public_pem().encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _with_changed_claims() -> str:
    header, payload, signature = make_token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{_part({**claims, 'staff': True})}.{signature}"


FORGERIES: dict[str, Callable[[], str]] = {
    "signed with another key": lambda: make_token(key=Ed25519PrivateKey.generate()),
    "signed with an elliptic curve key": lambda: make_token(key=generate_private_key(SECP256R1()), algorithm="ES256"),
    "signed with an RSA key": lambda: make_token(key=generate_rsa_key(65537, 2048), algorithm="RS256"),
    "signed with a shared secret": lambda: make_token(key="s" * 64, algorithm="HS512"),
    "signed with the public key as secret": _hmac_with_the_public_key,
    "not signed": lambda: _unsigned({"alg": "none", "kid": "tests"}),
    "not signed, in capitals": lambda: _unsigned({"alg": "NONE", "kid": "tests"}),
    "without its signature": lambda: make_token().rpartition(".")[0] + ".",
    "with changed claims": _with_changed_claims,
    "expired": lambda: make_token(iat=int(time.time()) - 700, exp=int(time.time()) - 100),
    "not valid yet": lambda: make_token(nbf=int(time.time()) + 3600),
    "issued in the future": lambda: make_token(iat=int(time.time()) + 3600),
    "of another issuer": lambda: make_token(iss="https://elsewhere.example"),
    "for another audience": lambda: make_token(aud="elsewhere"),
    "without audience": lambda: make_token(aud=None),
    "without end": lambda: make_token(exp=None),
    "without subject": lambda: make_token(sub=None),
    "with a subject that is no id": lambda: make_token(sub="admin"),
    "with an end that is no instant": lambda: make_token(exp="tomorrow"),
    "with an end beyond numbers": lambda: make_token(exp=float("inf")),
    "with a staff flag that is no flag": lambda: make_token(staff="yes"),  # type: ignore[arg-type]
    "with an e-mail that is no text": lambda: make_token(email=[]),  # type: ignore[arg-type]
    "of an unknown key": lambda: make_token(headers={"kid": "unknown"}),
    "with a key id that is a path": lambda: make_token(headers={"kid": "../../etc/passwd"}),
    "with a key id that is no text": lambda: _unsigned({"alg": "EdDSA", "kid": ["tests"]}),
    "without a key id": lambda: _unsigned({"alg": "EdDSA"}),
    "with its own key": lambda: make_token(key=Ed25519PrivateKey.generate(), headers={"jwk": {"kty": "OKP"}}),
    "with an unknown critical header": lambda: make_token(headers={"crit": ["exp"], "exp": 1}),
    "no token": lambda: "x",
    "three dots": lambda: "...",
    "nested too deeply": lambda: f"{base64.urlsafe_b64encode(b'[' * 2000).decode()}.e30.e30",
    "too long": lambda: make_token(note="x" * 5000),
    "of two": lambda: f"{make_token()}, {make_token()}",
    "empty": lambda: "",
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_token_is_nobodys(api: Api, kind: str) -> None:
    forger = api.with_token(FORGERIES[kind]())

    for path in (ME, ANYBODY, DESK):
        answer = forger.get(path)
        problem(answer, 401, "not_authenticated")
        assert answer["WWW-Authenticate"] == 'Bearer realm="banyan", error="invalid_token"'


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Token x", "bearer a b", "\x01", "Digest x"])
def test_a_header_that_is_no_bearer_token_is_refused(api: Api, header: str) -> None:
    problem(api.get(ME, headers={"Authorization": header}), 401, "not_authenticated")


def test_a_token_names_its_customer(api: Api) -> None:
    anna = api.as_customer(email="anna@example.com")

    assert anna.get(ME).json() == {"key": str(anna.customer_id), "email": "anna@example.com"}
    assert anna.get(ANYBODY).json()["key"] == f"customer:{anna.customer_id}"
    assert api.get(ANYBODY).json()["key"] == "guest"


def test_a_guest_must_sign_in_and_a_customer_is_no_staff(api: Api) -> None:
    answer = api.get(ME)
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="banyan"'
    problem(api.get(DESK), 401, "not_authenticated")
    problem(api.as_customer().get(DESK), 403, "permission_denied")
    assert api.as_staff().get(DESK).status_code == 200


def test_a_view_that_signs_in_reads_no_token(api: Api) -> None:
    expired = api.with_token(make_token(exp=int(time.time()) - 100))

    assert expired.post("/api/v1/users/sign-in", {"key": "a"}).status_code == 200


def test_a_remembered_token_ends_when_it_expires(api: Api) -> None:
    expires_at = int(time.time()) - authentication.LEEWAY_SECONDS + 2
    anna = api.with_token(make_token(exp=expires_at))
    assert anna.get(ME).status_code == 200

    ended = time.time()
    while anna.get(ME).status_code == 200 and time.time() < expires_at + 20:
        ended = time.time()

    assert ended <= expires_at + authentication.LEEWAY_SECONDS + 1


# --- Keys ---


class Publisher:
    """Publishes keys, and counts how often it is asked; a clock that stands still unless told otherwise."""

    keys: ClassVar[dict[str, str]] = {}
    asked = 0
    now = 1000.0


def published_keys() -> dict[str, str]:
    Publisher.asked += 1
    return dict(Publisher.keys)


def _pem(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def cache(settings: Settings) -> VerificationKeys:
    settings.VERIFICATION_KEYS = f"{__name__}.published_keys"
    Publisher.asked = 0
    Publisher.keys = {"old": _pem(Ed25519PrivateKey.generate())}
    return VerificationKeys(clock=lambda: Publisher.now)


def test_made_up_key_ids_do_not_make_us_ask_again_and_again(cache: VerificationKeys) -> None:
    assert cache.key_for("old")

    assert not any(cache.key_for(f"made up {number}") for number in range(20))

    assert Publisher.asked == 1


def test_a_new_key_is_asked_for(cache: VerificationKeys) -> None:
    assert cache.key_for("old")
    Publisher.keys["new"] = _pem(Ed25519PrivateKey.generate())

    Publisher.now += REFETCH_SECONDS + 1

    assert cache.key_for("new")
    assert Publisher.asked == 2


def test_a_withdrawn_key_is_forgotten(cache: VerificationKeys) -> None:
    assert cache.key_for("old")
    Publisher.keys.clear()

    Publisher.now += KEEP_SECONDS + 1

    assert not cache.key_for("old")


# --- Staff who are signed in to the admin ---


@pytest.mark.usefixtures("database")
def test_the_admins_session_serves_staff_and_writes_need_its_protection() -> None:
    User.objects.create_user("sam", "sam@example.com", "secret", is_staff=True)
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="sam", password="secret")

    assert client.get(DESK).json() == {"key": "sam@example.com"}
    problem(client.post(DESK, {"key": "a"}, content_type="application/json"), 403, "permission_denied")
    client.cookies["csrftoken"] = token = "a" * 32
    answer = client.post(DESK, {"key": "a"}, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 200


@pytest.mark.usefixtures("database")
def test_a_session_of_somebody_who_is_not_staff_opens_nothing() -> None:
    User.objects.create_user("carl", "carl@example.com", "secret", is_staff=False)
    client = Client()
    assert client.login(username="carl", password="secret")

    problem(client.get(DESK), 401, "not_authenticated")
    client.cookies["sessionid"] = "forged"
    problem(client.get(DESK), 401, "not_authenticated")
