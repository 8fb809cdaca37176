"""The rules as Django's system checks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.core import checks
from django.core.checks.registry import registry
from pytest_django import Settings

from infra.boundaries.application import check, rules, system_checks
from infra.boundaries.baseline import entries
from infra.boundaries.findings import Finding
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest

_FOUND = Finding(
    rule=rules.FOREIGN_KEY,
    module="sales",
    source="sales.Sale.item",
    target="stock.Item",
    detail="ForeignKey sales.Sale.item leads to stock.Item of stock.",
    path="modules/sales/models.py",
    line=9,
)


def test_this_shop_has_no_finding() -> None:
    assert check(settings.MANIFESTS) == []


def test_they_are_among_the_checks_of_the_project_and_have_a_tag() -> None:
    assert system_checks.TAG in registry.tags_available()
    assert checks.run_checks(tags=[system_checks.TAG]) == []


def test_a_message_says_where_why_and_what_to_do() -> None:
    [message] = system_checks.messages_about([_FOUND])

    assert message.id == "boundaries.BND201"
    assert message.level == checks.ERROR
    assert message.hint == rules.FOREIGN_KEY.recipe
    assert str(message).startswith(
        "modules/sales/models.py:9: (boundaries.BND201) A relation leads to another module's model"
    )
    assert _FOUND.detail in message.msg
    assert rules.FOREIGN_KEY.why in message.msg


def _sales_alone(settings: Settings, root: Path) -> None:
    settings.HOUSE = House(root=root, above=(), modules="modules", below=())
    settings.MANIFESTS = (Manifest(name="sales", owner="The sales team", purpose="What is sold.", tables=()),)


@pytest.mark.parametrize(("last_day", "messages"), [(date(2999, 1, 1), 0), (date(2001, 1, 1), 1)])
def test_what_a_baseline_accepts_is_no_error_until_its_day(
    last_day: date, messages: int, tmp_path: Path, settings: Settings
) -> None:
    _sales_alone(settings, tmp_path)
    folder = tmp_path / "modules" / "sales"
    folder.mkdir(parents=True)
    accepted = entries.Accepted(
        rule="BND201",
        source=_FOUND.source,
        target=_FOUND.target,
        reason="It leaves with the next release.",
        owner="The sales team",
        expires=last_day,
    )
    entries.write(entries.Baseline(module="sales", file=folder / entries.FILE, accepted=(accepted,)))

    assert len(system_checks.messages_about([_FOUND])) == messages


def test_a_baseline_that_cannot_be_read_is_an_error_that_says_so(tmp_path: Path, settings: Settings) -> None:
    _sales_alone(settings, tmp_path)
    folder = tmp_path / "modules" / "sales"
    folder.mkdir(parents=True)
    (folder / entries.FILE).write_text("[[accepted")

    [message] = system_checks.messages_about([_FOUND])

    assert message.id == "boundaries.baseline"
    assert "modules/sales/boundaries.toml is not TOML" in message.msg


def test_a_project_without_manifests_is_left_alone(settings: Settings) -> None:
    del settings.MANIFESTS

    assert system_checks.loaded_project(None) == []
