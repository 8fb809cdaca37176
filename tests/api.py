"""A client that speaks JSON, as anybody: the fixture `api`.

    def test_a_customer_sees_their_own_orders(api, database):
        anna = api.as_customer()                     # a new customer id; or api.as_customer(customer_id)
        answer = anna.post("/api/v1/orders/carts")   # also get, patch, put, delete; bodies are plain values
        assert answer.status_code == 201
        assert answer.json()["lines"] == []
        assert anna.customer_id in ...

        api.get(...)                                 # a guest
        api.as_staff().get(...)                      # the shop's staff, by token
        api.post(path, body, key="k-1")              # with an Idempotency-Key
        api.get(path, headers={"If-None-Match": etag})

Tokens are signed with a key of these tests, which the test settings accept beside the keys that the users module publishes;
`make_token` makes them, good ones and bad ones. An unexpected error (500) is raised in the test, as by Django's own client.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string

from infra.http.encoding import encode

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse  # only the stubs have it

KEY_ID = "tests"


@cache
def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public_pem() -> str:
    return signing_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def verification_keys() -> Mapping[str, str]:
    """What `settings.VERIFICATION_KEYS` names in tests: the tests' own key, and those that the shop publishes."""
    published = import_string(settings.PUBLISHED_VERIFICATION_KEYS)() if "users" in settings.MODULES else {}
    return {**published, KEY_ID: public_pem()}


def make_token(
    *,
    customer_id: UUID | None = None,
    email: str = "anna@example.com",
    staff: bool = False,
    key: Any = None,
    algorithm: str = "EdDSA",
    headers: Mapping[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Return an access token as the users module issues them; `claims` change or (as None) remove single claims."""
    now = int(time.time())
    everything = {
        "iss": settings.TOKEN_ISSUER,
        "aud": settings.TOKEN_AUDIENCE,
        "sub": str(customer_id or uuid4()),
        "email": email,
        "staff": staff,
        "iat": now,
        "exp": now + 600,
        "jti": str(uuid4()),
        **claims,
    }
    payload = {name: value for name, value in everything.items() if value is not None}
    return jwt.encode(payload, key or signing_key(), algorithm=algorithm, headers={"kid": KEY_ID, **(headers or {})})


class Api:
    """Requests of one principal; a guest where there is no token."""

    def __init__(self, token: str | None = None, customer_id: UUID | None = None) -> None:
        self.customer_id = customer_id
        self.token = token
        self._client = Client(raise_request_exception=True)

    def as_customer(self, customer_id: UUID | None = None, email: str = "anna@example.com") -> Api:
        customer_id = customer_id or uuid4()
        return Api(make_token(customer_id=customer_id, email=email), customer_id)

    def as_staff(self, email: str = "staff@example.com") -> Api:
        staff_id = uuid4()
        return Api(make_token(customer_id=staff_id, email=email, staff=True), staff_id)

    def with_token(self, token: str) -> Api:
        """Return a client that sends this token, whoever it names."""
        return Api(token)

    def get(self, path: str, **options: Any) -> _MonkeyPatchedWSGIResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> _MonkeyPatchedWSGIResponse:
        return self.request("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> _MonkeyPatchedWSGIResponse:
        return self.request("PUT", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> _MonkeyPatchedWSGIResponse:
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> _MonkeyPatchedWSGIResponse:
        return self.request("DELETE", path, **options)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> _MonkeyPatchedWSGIResponse:
        """Send a request.

        Args:
            body: plain values to be encoded, or bytes to be sent as they are; None sends no body.
            key: an idempotency key, sent as header.
        """
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if key is not None:
            sent["Idempotency-Key"] = key
        data = b"" if body is None else body if isinstance(body, bytes) else encode(body)
        return self._client.generic(method, path, data, content_type=content_type if data else "", headers=sent)


@pytest.fixture
def api() -> Api:
    return Api()
