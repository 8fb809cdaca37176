"""The whole report, on the shop's modules and on one that was made this morning."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from infra.boundaries.generation.house import House
from infra.boundaries.observation.recording import Recorder
from infra.boundaries.observation.storing import Store
from infra.boundaries.readiness import NoSuchModule, as_json, as_text, readiness
from infra.boundaries.readiness.stock import stock_of
from infra.boundaries.readiness.uses import uses_of
from infra.contracts import resolve
from infra.contracts.declaration import declared_contracts
from tests.boundaries.database.planting import administrator
from tests.boundaries.patterns.planting import module

pytestmark = pytest.mark.usefixtures("database")


def test_a_watched_module_has_its_figures_in_the_report() -> None:
    recorder = Recorder()
    recorder.begin()
    asked = next(manifest for manifest in settings.MANIFESTS if manifest.name == "users")
    protocol = next(contract.protocol for contract in declared_contracts() if contract.wire_name in asked.offers)
    resolve(protocol, caller="orders").verification_keys()
    recorder.stop()
    Store(recorder).store()

    ready = readiness(asked.name)
    text = as_text.written(ready)

    (arrow,) = ready.questions_in
    assert (arrow.asker, arrow.method, arrow.count) == ("orders", "verification_keys", 1)
    assert ready.not_watched == ready.stock.missing == ""
    assert {table.name for table in ready.stock.tables} >= set(asked.tables)
    assert ready.askers == ["orders"]
    for part in ("Open leaks by layer: manifest", "users.v1 verification_keys", "users_customer", "Copying: about"):
        assert part in text
    assert text.endswith(ready.verdict)
    assert json.loads(as_json.written(ready))["questionsIn"][0]["count"] == 1


def test_an_unwatched_module_says_how_to_watch_it(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("modules", "readiness", "shipping")

    text = capsys.readouterr().out
    assert "Questions to it: not known; nobody watched." in text
    assert "Start it (make run), use it" in text


def test_a_module_made_this_morning_has_a_report_before_it_has_a_table() -> None:
    new = module("wishlists", tables=("wishlists_wish",), offers=("wishlists.v1",))

    ready = readiness("wishlists", manifests=(*settings.MANIFESTS, new), looks={})

    assert "no alias wishlists" in ready.stock.missing
    assert ready.manifest is new
    assert ready.verdict in as_text.written(ready)


def test_a_module_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(NoSuchModule, match=r"No module is called 'nothing'; there are catalog, orders"):
        readiness("nothing")


def test_the_speed_of_copying_is_measured_where_there_is_enough_to_copy() -> None:
    orders = next(manifest for manifest in settings.MANIFESTS if manifest.name == "orders")
    with administrator() as connection:
        connection.execute(
            "INSERT INTO orders.outbox_event (id, stream, seq, name, payload)"
            " SELECT gen_random_uuid(), 'probe', n, 'probe', to_jsonb(repeat('x', 200)) FROM generate_series(1, 5000) AS n"
        )
        connection.commit()

    stock = stock_of(orders, "orders")

    assert stock.rate_is_measured
    assert 0 < stock.copy_seconds < 60
    assert next(table for table in stock.tables if table.name == "outbox_event").rows == 5000
    assert (
        stock_of(next(each for each in settings.MANIFESTS if each.name == "shipping"), "shipping").bytes_per_second > 0
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from modules.stock.models import Item", [("modules.stock.models.Item", True)]),
        ("import modules.stock.service", [("modules.stock.service", True)]),
        ("from modules.stock import use_cases", [("modules.stock.use_cases", True)]),
        ("CARRIER = 'modules.stock.gateways.Carrier'", [("modules.stock.gateways.Carrier", False)]),
        ("from modules.stock.contract import StockContract", []),
        ("from modules.stock import events", []),
        ("from modules.stocks.models import Item", []),
        ("import modules.sales.models", []),
        ("# modules.stock.models", []),
    ],
)
def test_uses_of_internals_by_the_composition_root_are_found(
    tmp_path: Path, text: str, found: list[tuple[str, bool]]
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "urls.py").write_text(f"\n{text}\n")

    uses = uses_of("stock", House(root=tmp_path, modules="modules", above=("shop",), below=()))

    assert [(use.what, use.is_import) for use in uses] == found
    assert all((use.path, use.line) == ("shop/urls.py", 2) for use in uses)
