"""In front of a module's own service, as people start it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from infra.extraction.record import presence
from infra.extraction.record.values import Phase, Where
from tests.extracted.running import RunningService
from tests.infra.facade.front import Front
from tests.infra.facade.test_answers import JSON, MEGABYTE, plain

pytestmark = pytest.mark.usefixtures("database")

NOBODY = "/api/v1/payments/01900000-0000-7000-8000-000000000000"


@pytest.fixture
def payments(tmp_path: Path) -> Iterator[RunningService]:
    environment = {"SHOP_URL": settings.SHOP_URL, "SECRET_KEY": settings.SECRET_KEY, "EVENTS_RELAY_IN_WEB": "no"}
    with RunningService("payments", tmp_path, environment=environment) as running:
        yield running


def test_a_service_answers_as_the_module_does_here_and_believes_the_word_for_staff(
    front: Front, payments: RunningService
) -> None:
    client = Client()
    client.force_login(User.objects.create(username="staff", email="staff@example.com", is_staff=True))
    session = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    token = "a" * 32
    staff = {**JSON, "Cookie": f"{session}; csrftoken={token}", "X-CSRFToken": token, "Idempotency-Key": "k-1"}
    refund = b'{"amount": {"amount": 100, "currency": "EUR"}, "reason": "broken"}'
    cases: list[tuple[str, str, bytes | None, dict[str, str]]] = [
        ("GET", NOBODY, None, {}),
        ("HEAD", NOBODY, None, {}),
        ("OPTIONS", NOBODY, None, {}),
        ("DELETE", NOBODY, None, {}),
        ("GET", f"{NOBODY}/invoice", None, {}),
        ("GET", f"{NOBODY}?more=1", None, {}),
        ("GET", "/api/v1/payments/not-an-id", None, {}),
        ("GET", "/api/v1/payments", None, {}),
        ("POST", f"{NOBODY}/refunds", refund, JSON),
        ("POST", f"{NOBODY}/refunds", refund, {**JSON, "Cookie": session}),
        ("POST", f"{NOBODY}/refunds", refund, staff),
        ("POST", f"{NOBODY}/refunds", b"{", staff),
        ("POST", f"{NOBODY}/refunds", b" " * (MEGABYTE + 1), staff),
        ("POST", "/api/v1/payments/webhooks/sandbox", b"{}", JSON),
    ]
    here = [front.ask(*case) for case in cases]
    where = Where(module="payments", phase=Phase.SWITCHED, addresses={"service": payments.url}, revision=1)
    presence.admission.change({"payments": where})
    there = [front.ask(*case) for case in cases]

    # Pages' own middleware, which a session's requests meet here, adds these.
    of_pages = {"vary", "referrer-policy", "cross-origin-opener-policy", "content-security-policy", "content-length"}
    for case, expected, got in zip(cases, here, there, strict=True):
        plain_here, plain_there = plain(expected), plain(got)
        if "Cookie" in case[3]:
            for one in (plain_here, plain_there):
                one["headers"] = {name: value for name, value in one["headers"].items() if name not in of_pages}
        assert plain_there == plain_here, case[:2]
    codes = [json.loads(answer.body)["code"] for answer in there[8:11]]
    assert codes[0] == "not_authenticated"
    assert codes[1] == "permission_denied"  # a session without the proof
    assert codes[2] not in ("not_authenticated", "permission_denied")
