"""Whatever clients send, a forwarded answer is the answer that they would have got here: compared over the real shop."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from infra.extraction.record import presence
from infra.extraction.record.values import Phase, Where
from tests.catalog import factories
from tests.infra.facade.front import Answer, Front
from tests.shop_process import ShopProcess

pytestmark = pytest.mark.usefixtures("database")

MEGABYTE = 1024 * 1024
JSON = {"Content-Type": "application/json"}
# Of each answer anew, or of the server in front.
_OWN = frozenset({"date", "server", "x-correlation-id", "connection", "set-cookie"})
_IDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSTANTS = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopProcess]:
    """A second process of the whole shop on the same tables: what a service in the shared database is."""
    (tmp_path / "token-signing-key.pem").write_text(settings.TOKEN_SIGNING_KEYS[0])
    environment = {
        "SHOP_URL": settings.SHOP_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "SERVICE_KEYS": ",".join(settings.SERVICE_KEYS),
        "SHOP_TAX_RATE_PERCENT": settings.SHOP_TAX_RATE_PERCENT,
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "EVENTS_RELAY_IN_WEB": "no",
    }
    with ShopProcess(tmp_path, workers=1, environment=environment) as running:
        yield running


def _moved(address: str) -> None:
    known = {}
    for revision, manifest in enumerate(settings.MANIFESTS, 1):
        known[manifest.name] = Where(
            module=manifest.name, phase=Phase.SWITCHED, addresses={"service": address}, revision=revision
        )
    presence.admission.change(known)


def plain(answer: Answer, *, masked: bool = False) -> dict[str, Any]:
    headers = {
        name: value for name, value in answer.lower.items() if name not in _OWN and not (masked and name == "etag")
    }
    if answer.status == 204 and headers.get("content-length") == "0":
        del headers["content-length"]  # gunicorn drops it, the test's server does not
    body = answer.body
    if masked:
        body = _INSTANTS.sub(b"<at>", _IDS.sub(b"<id>", body))
        body = re.sub(rb'"(access|refresh|currentEtag)":"(?:[^"\\]|\\.)+"', rb'"\1":"<own>"', body)
        headers["location"] = _IDS.sub(b"<id>", headers.get("location", "").encode()).decode()
    elif b'"instance"' in body:  # a problem's own number
        body = re.sub(rb'"(instance|correlationId)":"[^"]*"', rb'"\1":""', body)
    return {"status": answer.status, "headers": headers, "body": body}


def test_forwarded_answers_are_the_answers_of_here(front: Front, shop: ShopProcess) -> None:
    lamp = factories.product("Lamp")
    picture = Path(settings.MEDIA_ROOT) / "catalog" / "facade-test.svg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"<svg/>" + b" " * (2 * MEGABYTE))  # larger than what is held in memory
    etag = front.ask("GET", f"/api/v1/catalog/products/{lamp.slug}").lower["etag"]
    cart = json.loads(front.ask("POST", "/api/v1/orders/carts").body)["id"]
    products = "/api/v1/catalog/products"
    cases: list[tuple[str, str, bytes | None, dict[str, str]]] = [
        ("GET", products, None, {}),
        ("GET", f"{products}?q=l%C3%A4mp%20%2B&limit=1&sort=name", None, {}),
        ("GET", f"{products}?unknown=1", None, {}),
        ("GET", f"{products}/{lamp.slug}", None, {}),
        ("GET", f"{products}/{lamp.slug}", None, {"If-None-Match": etag}),
        ("HEAD", f"{products}/{lamp.slug}", None, {}),
        ("HEAD", f"{products}/nothing", None, {}),
        ("GET", f"{products}/no%20such%2Fthing%E2%82%AC", None, {}),
        ("OPTIONS", products, None, {}),
        ("DELETE", products, None, {}),
        ("PATCH", f"{products}/{lamp.slug}", b"{}", JSON),
        ("PROPFIND", products, None, {}),
        ("GET", products, None, {"Accept": "text/csv"}),
        ("GET", products, None, {"Accept-Encoding": "gzip, br"}),
        ("GET", products, None, {"Authorization": "Bearer nonsense"}),
        ("GET", products, None, {"Authorization": "Basic eA=="}),
        ("GET", "/media/catalog/facade-test.svg", None, {}),
        ("HEAD", "/media/catalog/facade-test.svg", None, {}),
        ("GET", "/media/catalog/none.svg", None, {}),
        ("GET", "/.well-known/jwks.json", None, {}),
        ("GET", f"/api/v1/orders/carts/{cart}", None, {}),
        ("POST", f"/api/v1/orders/carts/{cart}/lines", b'{"productId":', JSON),
        ("POST", f"/api/v1/orders/carts/{cart}/lines", b'{"productId": "x", "quantity": 0, "more": 1}', JSON),
        ("POST", f"/api/v1/orders/carts/{cart}/lines", b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}),
        ("POST", f"/api/v1/orders/carts/{cart}/lines", b"\x1f\x8b\x08\x00", {**JSON, "Content-Encoding": "gzip"}),
        ("POST", "/api/v1/orders", b'{"x": "' + b"y" * (MEGABYTE - 9) + b'"}', JSON),
        ("POST", "/api/v1/orders", b'{"x": "' + b"y" * MEGABYTE + b'"}', JSON),
        ("POST", "/api/v1/orders/none", None, {}),
        ("GET", "/api/v1/shipping/rates?country=DE&postcode=10115", None, {}),
        ("GET", "/api/v1/users/me", None, {}),
        ("GET", "/api/v1/nowhere", None, {}),
    ]
    here = [plain(front.ask(*case)) for case in cases]
    chunked_here = plain(_chunked(front))
    _moved(shop.url)
    there = [plain(front.ask(*case)) for case in cases]
    chunked_there = plain(_chunked(front))

    picture.unlink()
    for case, expected, got in zip(cases, here, there, strict=True):
        assert got == expected, case[:2]
    assert chunked_there == chunked_here
    assert chunked_there["status"] == 411
    # The comparison has compared what it is meant to.
    assert {one["status"] for one in here} >= {200, 204, 304, 400, 401, 404, 405, 406, 413, 415, 422}
    assert len(here[16]["body"]) > 2 * MEGABYTE


def test_a_customer_who_registers_and_buys_gets_the_same_answers_on_both_sides(front: Front, shop: ShopProcess) -> None:
    lamp = factories.product("Lamp")
    steps = [_journey(front, "anna@example.com", str(lamp.slug))]
    _moved(shop.url)
    steps.append(_journey(front, "bert@example.com", str(lamp.slug)))

    for here, there in zip(*steps, strict=True):
        assert there == here
    assert [step["status"] for step in steps[0]][:4] == [201, 200, 200, 201]


def _journey(front: Front, email: str, slug: str) -> list[dict[str, Any]]:
    password = {"email": email, "password": "correct horse battery"}

    def ask(method: str, path: str, body: object = None, **headers: str) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        answer = front.ask(method, f"/api/v1{path}", content, {**(JSON if content else {}), **headers})
        seen.append(plain(answer, masked=True))
        return answer

    seen: list[dict[str, Any]] = []
    ask("POST", "/users/register", {**password, "name": "Anna Berg"})
    tokens = json.loads(ask("POST", "/users/tokens", password).body)
    signed_in = {"Authorization": f"Bearer {tokens['access']}"}
    ask("GET", "/users/me", **signed_in)
    cart = json.loads(ask("POST", "/orders/carts", **signed_in).body)["id"]
    product = json.loads(ask("GET", f"/catalog/products/{slug}").body)
    line = {"productId": product["variants"][0]["sku"], "quantity": 1}
    shown = ask("POST", f"/orders/carts/{cart}/lines", line, **signed_in)
    line_id = json.loads(shown.body)["lines"][0]["id"]
    ask("PATCH", f"/orders/carts/{cart}/lines/{line_id}", {"quantity": 2}, **{**signed_in, "If-Match": '"stale"'})
    ask("DELETE", f"/orders/carts/{cart}/lines/{line_id}", **signed_in)
    ask("GET", "/orders", **signed_in)
    ask("PATCH", "/users/me", {"name": "Änna Berg"}, **signed_in)
    for step in seen:
        step["body"] = step["body"].replace(email.encode(), b"<email>")
        step["headers"].pop("content-length", None)  # of masked bodies
    return seen


def _chunked(front: Front) -> Answer:
    connection = HTTPConnection("127.0.0.1", front.port, timeout=30)
    try:
        with suppress(BrokenPipeError):  # it answers, and closes, before it has read everything
            connection.request("POST", "/api/v1/orders", iter([b'{"a":', b"1}"]), JSON, encode_chunked=True)
        response = connection.getresponse()
        return Answer(response.status, response.msg, response.read())
    finally:
        connection.close()
