"""The console: staff see the map and a page per module; nobody else sees anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from infra.boundaries.observation.recording import Recorder
from infra.boundaries.observation.storing import Store
from infra.contracts import resolve
from modules.catalog.contract import CatalogContract
from monolith.console.module_facts import as_time
from tests.catalog.factories import product
from tests.monolith.test_storefront import Page

pytestmark = pytest.mark.usefixtures("database")

MODULES = [manifest.name for manifest in settings.MANIFESTS]
PAGES = ["/console/", "/console/map.svg", "/console/map-narrow.svg", *(f"/console/modules/{name}" for name in MODULES)]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff", "staff@example.com", "secret"))
    return client


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_staff_only(path: str, staff: Client) -> None:
    somebody = Client()
    somebody.force_login(User.objects.create_user("anna"))

    for stranger in (Client(), somebody):
        turned_away = stranger.get(path)
        assert turned_away.status_code == 302
        assert turned_away.headers["Location"].startswith("/admin/login/")
    shown = staff.get(path)
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]


def test_the_overview_names_each_module_and_leads_to_its_page(staff: Client) -> None:
    page = Page(staff.get("/console/").content.decode())

    assert {f"/console/modules/{name}" for name in MODULES} <= set(page.links())
    for manifest in settings.MANIFESTS:
        assert manifest.purpose in page.text
        assert manifest.owner in page.text


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_page_shows_what_its_manifest_declares(name: str, staff: Client) -> None:
    page = Page(staff.get(f"/console/modules/{name}").content.decode())

    manifest = next(manifest for manifest in settings.MANIFESTS if manifest.name == name)
    for declared in (*manifest.offers, *manifest.asks, *manifest.publishes, *manifest.hears, *manifest.tables):
        assert declared in page.text
    for task in manifest.tasks:
        assert f"{name}.{task}" in page.text


def test_what_a_running_shop_did_stands_beside_what_is_declared(staff: Client) -> None:
    sold: Any = product("Lamp")
    recorder = Recorder()
    recorder.begin()
    try:
        for _ in range(3):
            resolve(CatalogContract, caller="orders").offers(references=[sold.sku], currency="EUR")
    finally:
        recorder.stop()
    Store(recorder).store()

    assert "Asked 3 times" in Page(staff.get("/console/modules/catalog").content.decode()).text
    overview = Page(staff.get("/console/").content.decode()).text
    assert "Only what is declared is shown" not in overview


def test_a_module_that_there_is_not_is_not_found(staff: Client) -> None:
    assert staff.get("/console/modules/nothing").status_code == 404


def test_nothing_can_be_changed_here(staff: Client) -> None:
    assert staff.post("/console/").status_code == 405


@pytest.mark.parametrize(
    ("milliseconds", "said"), [(0.84, "0.8 ms"), (999.4, "999.4 ms"), (3100, "3.1 s"), (3_579_046, "60 min")]
)
def test_a_time_is_told_as_people_say_it(milliseconds: float, said: str) -> None:
    assert as_time(milliseconds) == said
