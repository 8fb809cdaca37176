"""The keys of access tokens, asked for where the shop publishes them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from infra.service import published_keys
from infra.service.published_keys import key_set_url, verification_keys
from modules.users.queries.signing_keys import key_set, public_keys


class Shop(ThreadingHTTPServer):
    """Publishes the keys at the address that a manifest declares."""

    keys: dict[str, Any]
    asked: list[str]


class _Answer(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = json.dumps(self.server.keys).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


@pytest.fixture
def shop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(published_keys, "_last", {})
    server = Shop(("127.0.0.1", 0), _Answer)
    server.keys, server.asked = key_set(), []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    settings.MONOLITH_URL = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_keys_are_those_that_the_shop_publishes(shop: Shop) -> None:
    assert verification_keys() == public_keys()
    assert shop.asked == ["/.well-known/jwks.json"]


def test_a_new_key_is_there_at_the_next_question(shop: Shop) -> None:
    first = dict(verification_keys())
    changed = {**shop.keys["keys"][0], "kid": "another"}
    shop.keys = {"keys": [changed]}

    assert set(verification_keys()) == {"another"} != set(first)


def test_while_the_shop_is_away_the_keys_that_it_published_last_stay_good(shop: Shop, settings: Settings) -> None:
    known = dict(verification_keys())
    settings.MONOLITH_URL = "http://127.0.0.1:1"

    assert verification_keys() == known


def test_one_that_never_knew_any_says_so(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_keys, "_last", {})
    settings.MONOLITH_URL = "http://127.0.0.1:1"

    with pytest.raises(jwt.PyJWKClientError):
        verification_keys()


def test_the_address_is_found_in_the_manifests() -> None:
    assert key_set_url() == f"{django_settings.MONOLITH_URL}/.well-known/jwks.json"
