"""The keys of access tokens, and tokens that nobody but the shop could have signed."""

from __future__ import annotations

import base64
import json
import stat
import threading
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django import Settings

from infra.deployment.private_keys import kept_key, keys_from
from infra.http import verification_keys
from modules.users.queries.signing_keys import public_keys, signing_keys
from modules.users.use_cases.sign_in import access_token
from monolith.wiring import verification_keys as published_keys
from tests.api import Api
from tests.users.factories import a_customer

pytestmark = pytest.mark.usefixtures("database")

JWKS = "/.well-known/jwks.json"
ME = "/api/v1/users/me"


def new_pem() -> str:
    private = Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    verification_keys.forget()


def test_the_published_keys_verify_the_shop_s_tokens(api: Api) -> None:
    token = access_token(a_customer(), timezone.now())

    answer = api.get(JWKS)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    (key,) = answer.json()["keys"]
    assert {key["kty"], key["crv"], key["alg"], key["use"]} == {"OKP", "Ed25519", "EdDSA", "sig"}
    verified = jwt.decode(token, jwt.PyJWK(key), algorithms=["EdDSA"], audience="banyan")
    assert verified["email"]


def test_no_private_part_is_published(api: Api) -> None:
    raw = signing_keys()[0].private.private_bytes_raw()

    body = api.get(JWKS).content.decode()

    assert '"d"' not in body
    assert base64.urlsafe_b64encode(raw).rstrip(b"=").decode() not in body


def test_keys_are_changed_without_a_token_failing(api: Api, settings: Settings) -> None:
    customer = a_customer()
    old_pem, new = settings.TOKEN_SIGNING_KEYS[0], new_pem()
    before, unused = (access_token(customer, timezone.now()) for _ in range(2))
    old_key = signing_keys()[0].key_id

    settings.TOKEN_SIGNING_KEYS = [new, old_pem]
    verification_keys.forget()

    after = access_token(customer, timezone.now())
    assert jwt.get_unverified_header(after)["kid"] != old_key
    assert [key["kid"] for key in api.get(JWKS).json()["keys"]] == list(public_keys())
    assert api.with_token(before).get(ME).status_code == 200
    assert api.with_token(after).get(ME).status_code == 200

    settings.TOKEN_SIGNING_KEYS = [new]
    verification_keys.forget()

    # One that was not seen lately; a verified token is remembered for a minute.
    assert api.with_token(unused).get(ME).status_code == 401
    assert api.with_token(after).get(ME).status_code == 200


def test_the_composition_root_hands_the_keys_to_whoever_verifies() -> None:
    assert published_keys() == public_keys()


@pytest.mark.parametrize("pems", [[], ["nonsense"], ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]])
def test_an_unusable_key_is_named_with_what_to_do(settings: Settings, pems: list[str]) -> None:
    settings.TOKEN_SIGNING_KEYS = pems

    with pytest.raises(ImproperlyConfigured, match="TOKEN_SIGNING_KEYS"):
        signing_keys()


def _forged(case: str, claims: dict[str, Any], kid: str) -> str:
    stranger = Ed25519PrivateKey.generate()
    own = signing_keys()[0]
    if case == "another's key":
        return jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": kid})
    if case == "no signature":
        return jwt.encode(claims, None, algorithm="none", headers={"kid": kid})  # type: ignore[arg-type]
    if case == "the public key as a secret":
        header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": kid}).encode()).rstrip(b"=").decode()
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        import hmac

        mac = hmac.digest(own.public_pem().encode(), f"{header}.{body}".encode(), "sha256")
        return f"{header}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    if case == "unknown key id":
        return jwt.encode(claims, own.private, algorithm="EdDSA", headers={"kid": "unknown"})
    good = jwt.encode(claims, own.private, algorithm="EdDSA", headers={"kid": kid})
    first, payload, signature = good.split(".")
    if case == "changed claims":
        changed = base64.urlsafe_b64encode(json.dumps({**claims, "staff": True}).encode()).rstrip(b"=").decode()
        return f"{first}.{changed}.{signature}"
    assert case == "cut off"
    return f"{first}.{payload}."


@pytest.mark.parametrize(
    "case",
    [
        "another's key",
        "no signature",
        "the public key as a secret",
        "unknown key id",
        "changed claims",
        "cut off",
    ],
)
def test_a_forged_token_opens_nothing(api: Api, case: str) -> None:
    own = signing_keys()[0]
    good = access_token(a_customer(), timezone.now())
    claims = jwt.decode(good, options={"verify_signature": False})
    assert api.with_token(good).get(ME).status_code == 200

    answer = api.with_token(_forged(case, claims, own.key_id)).get(ME)

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


# --- Where the private keys come from ---


def test_several_keys_in_one_variable_are_kept_in_order() -> None:
    first, second = new_pem(), new_pem()

    assert keys_from(first + second) == [first, second]
    assert keys_from(first.replace("\n", "\\n")) == [first]
    with pytest.raises(ImproperlyConfigured, match="openssl genpkey"):
        keys_from("nonsense")


def test_a_made_up_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "key.pem"

    first = kept_key(file)

    assert kept_key(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["key.pem"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    found: list[str] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait(timeout=60)
        found.append(kept_key(file))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1
