"""Every module as a service: its folder is made, and what is in it starts and answers."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from infra.service.facts import facts_of
from infra.service.scaffold.making import scaffold
from tests.checkout import copy_of, run
from tests.extracted.running import ROOT, RunningService

# A question of each contract, and an address of each API with what a guest is answered there.
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "catalog": ("browse", {"text": "", "currency": "EUR", "after": None, "limit": 1}),
    "orders": ("summaries", {"order_ids": []}),
    "payments": ("check_method", {"method": "card"}),
    "shipping": ("cancel_shipment", {"shipment_key": "nobody knows it"}),
    "users": ("verification_keys", {}),
}
ADDRESSES = {
    "catalog": ("/api/v1/catalog/products?limit=1", 200),
    "orders": ("/api/v1/orders", 401),
    "payments": ("/api/v1/payments/01900000-0000-7000-8000-000000000000", 404),
    "shipping": ("/api/v1/shipping/rates?country=DE&postcode=10115", 200),
    "users": ("/.well-known/jwks.json", 200),
}
SCAFFOLD = """
import pathlib, django
django.setup()
from django.conf import settings
from infra.service.scaffold.making import scaffold
scaffold("gift_cards", pathlib.Path("extracted/gift_cards"), manifests=settings.MANIFESTS)
"""
MANIFESTS = {manifest.name: manifest for manifest in settings.MANIFESTS}


@pytest.mark.parametrize("module", MANIFESTS)
def test_a_module_is_a_service_as_soon_as_its_folder_is_made(module: str, tmp_path: Path) -> None:
    scaffold(module, tmp_path / "extracted" / module, manifests=settings.MANIFESTS)

    with RunningService(module, tmp_path, root=tmp_path) as service:
        said = service.answers_as_every_service_does()
        asked, arguments = QUESTIONS[module]
        service.ask(f"{module}.v1", asked, **arguments)
        path, status = ADDRESSES[module]
        assert service.get(path).status_code == status

    # A service that says the same as the single web app may take its place.
    assert said == facts_of(MANIFESTS[module]) | {"database": "own"}


def test_a_module_that_somebody_has_just_made_is_a_service_too(tmp_path: Path) -> None:
    copy = copy_of(tmp_path)
    assert run(copy, "manage.py", "startmodule", "gift_cards").returncode == 0
    made = run(copy, "-c", SCAFFOLD)
    assert made.returncode == 0, made.stdout + made.stderr

    with RunningService("gift_cards", tmp_path, root=copy) as service:
        service.answers_as_every_service_does()
        assert service.ask("gift_cards.v1", "entries", entry_ids=[]) == {}
        assert service.get("/api/v1/gift_cards/entries").json() == {"data": [], "next": None}


def test_a_service_that_is_started_twice_says_where_the_first_one_is(tmp_path: Path) -> None:
    with RunningService("payments", tmp_path) as first:
        second = RunningService("payments", tmp_path)
        second.environment["PAYMENTS_SERVICE_URL"] = first.url
        said = second.refusal()

    assert "The service of payments of this checkout already runs on" in said
    assert first.url in said


def test_a_service_without_the_shops_record_does_not_start_and_says_why(tmp_path: Path) -> None:
    began = time.monotonic()

    said = RunningService("payments", tmp_path, environment={"FOLLOW_RECORD": "yes"}).refusal()

    assert "The shop's record of moves can't be read" in said
    assert "Start the shop first (make run)" in said
    assert said.count("\n") == 1
    assert time.monotonic() - began < 20


def test_a_killed_service_leaves_nothing_that_keeps_the_next_one_from_starting(tmp_path: Path) -> None:
    with RunningService("payments", tmp_path) as service:
        service.kill()
        with pytest.raises(httpx.TransportError):
            service.get("/healthz")
        service.start()
        assert service.get("/readyz").status_code == 200

    shutil.rmtree(tmp_path / "state")


def test_the_folder_of_payments_is_as_scaffold_makes_it(tmp_path: Path) -> None:
    again = scaffold("payments", ROOT / "extracted" / "payments", manifests=settings.MANIFESTS)

    assert not again.written, "type: python manage.py extract payments scaffold"
    assert not again.kept, "files were changed by hand: change infra/service/scaffold/templates instead"
