"""`manage.py modules`, as a person types it: beside a shop that was watched, and where nobody watched."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from infra.boundaries.map.watched import NotWatchedError, watched
from infra.boundaries.models import Observation
from infra.boundaries.observation.histograms import SIZE


@pytest.fixture
def watched_shop(database: None) -> None:
    """Orders asked the catalog, as it declares; and the catalog asked users, which it does not."""
    for asker, contract, count in (
        ("orders", "catalog.v1", 40),
        ("catalog", "users.v1", 3),
        ("monolith", "users.v1", 5),
    ):
        Observation.objects.using("default").create(
            day=datetime.now(UTC).date(),
            kind=Observation.Kind.QUESTION,
            source=asker,
            target=contract,
            name="anything",
            outcome="result",
            count=count,
            total=0.5,
            most=1,
            in_transactions=0,
            buckets=[0] * SIZE,
            last_seen=datetime.now(UTC),
        )


def said(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("modules", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.usefixtures("watched_shop")
def test_the_map_marks_what_a_running_shop_does_and_nobody_declared() -> None:
    out, err = said("--format", "json")

    arrows = {
        (arrow["from"], arrow["name"]): arrow for arrow in json.loads(out)["arrows"] if arrow["kind"] == "question"
    }
    assert (arrows["orders", "catalog.v1"]["count"], arrows["orders", "catalog.v1"]["mark"]) == (40, None)
    assert arrows["catalog", "users.v1"]["mark"] == "used, not declared"
    assert arrows["orders", "payments.v1"]["mark"] == "declared, never used"
    assert arrows["monolith", "users.v1"]["mark"] is None
    assert err == ""


@pytest.mark.usefixtures("watched_shop")
def test_the_table_shows_it_too() -> None:
    assert "used, not declared" in said()[0]


def test_where_no_shop_has_run_only_what_is_declared_is_drawn_and_that_is_said(database: None) -> None:
    out, err = said("--format", "json")

    assert json.loads(out)["observed"] is False
    assert "Only what is declared: No shop has run with this database yet" in err


def test_without_a_server_only_what_is_declared_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {**settings.DATABASES["default"], "HOST": "127.0.0.1", "PORT": "1"}
    monkeypatch.setitem(settings.DATABASES, "default", nowhere)

    with pytest.raises(NotWatchedError, match="nothing listens there"):
        watched()


@pytest.mark.parametrize("arguments", [(), ("--narrow",)])
def test_the_picture_goes_to_standard_output(arguments: tuple[str, ...]) -> None:
    out, _ = said("--declared", "--format", "svg", *arguments)

    assert ElementTree.fromstring(out).get("role") == "img"  # noqa: S314


def test_an_unknown_form_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match="mermaid"):
        said("--format", "png")


def test_the_readiness_of_an_unknown_module_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        CommandError, match=r"No module is called 'catlog'; there are catalog, orders, payments, shipping, users"
    ):
        said("readiness", "catlog")
