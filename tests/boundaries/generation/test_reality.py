"""A manifest that does not say what is there is found out, both ways; one that does is left in peace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from infra.boundaries.findings import Finding
from infra.boundaries.generation import inventory, rules
from infra.boundaries.generation.house import House
from infra.boundaries.generation.reality import check
from infra.boundaries.manifest import Manifest
from infra.boundaries.rules import Rule

HOUSE: House = settings.HOUSE


def with_manifest(name: str, **changes: Any) -> list[Manifest]:
    """The shop's manifests, of which one says something else."""
    return [replace(manifest, **changes) if manifest.name == name else manifest for manifest in settings.MANIFESTS]


def manifest_of(name: str) -> Manifest:
    return next(manifest for manifest in settings.MANIFESTS if manifest.name == name)


def found_by(rule: Rule, manifests: list[Manifest]) -> list[Finding]:
    return [finding for finding in check(manifests, HOUSE) if finding.rule is rule]


def test_the_shops_manifests_say_what_is_there() -> None:
    assert check(settings.MANIFESTS, HOUSE) == []


@pytest.mark.parametrize(
    ("rule", "field", "name"),
    [
        (rules.MISSING_CONTRACT, "offers", "catalog.v9"),
        (rules.MISSING_EVENT, "publishes", "catalog.price_raised.v1"),
        (rules.MISSING_SUBSCRIPTION, "hears", "orders.order_placed.v1"),
        (rules.MISSING_TASK, "tasks", "count_to_ten"),
        (rules.MISSING_TABLE, "tables", "catalog_wish"),
        (rules.MISSING_ADDRESS, "url_prefixes", "/api/v2/catalog/"),
        (rules.UNUSED_QUESTION, "asks", "users.v1"),
    ],
)
def test_what_is_declared_and_not_there_is_found(rule: Rule, field: str, name: str) -> None:
    catalog = manifest_of("catalog")

    found = check(with_manifest("catalog", **{field: (*getattr(catalog, field), name)}), HOUSE)

    assert [(finding.rule, finding.module, finding.target) for finding in found] == [(rule, "catalog", name)]
    assert found[0].path == "modules/catalog/manifest.py"
    assert name in found[0].detail


@pytest.mark.parametrize(
    ("rule", "field", "name", "place"),
    [
        (rules.UNDECLARED_CONTRACT, "offers", "catalog.v1", "modules/catalog/contract.py"),
        (rules.UNDECLARED_EVENT, "publishes", "catalog.stock_depleted.v1", "modules/catalog/events.py"),
        (rules.UNDECLARED_SUBSCRIPTION, "hears", "orders.order_confirmed.v1", "modules/catalog/handlers.py"),
        (rules.UNDECLARED_TASK, "tasks", "expire_holds", "modules/catalog/tasks.py"),
        (rules.UNDECLARED_TABLE, "tables", "catalog_stock", "modules/catalog/models"),
        (rules.UNDECLARED_ADDRESS, "url_prefixes", "/media/catalog/", "modules/catalog/http/media.py"),
    ],
)
def test_what_is_there_and_not_declared_is_found_where_it_stands(rule: Rule, field: str, name: str, place: str) -> None:
    kept = tuple(value for value in getattr(manifest_of("catalog"), field) if value != name)

    found = check(with_manifest("catalog", **{field: kept}), HOUSE)

    assert {(finding.rule, finding.module) for finding in found} == {(rule, "catalog")}
    assert all(finding.path.startswith(place) and finding.line for finding in found)
    assert all(finding.source.startswith("modules.catalog.") for finding in found)


def test_a_table_that_only_a_migrations_sql_makes_is_found() -> None:
    kept = tuple(table for table in manifest_of("payments").tables if table != "sandbox_charge")

    [found] = found_by(rules.UNDECLARED_TABLE, with_manifest("payments", tables=kept))

    assert (found.target, found.path) == ("sandbox_charge", "modules/payments/migrations/0003_sandbox_provider.py")


def test_a_circle_of_questions_is_found_with_everybody_in_it() -> None:
    [found] = found_by(rules.CIRCLE, with_manifest("catalog", asks=("orders.v1",)))

    assert "catalog -> orders -> catalog" in found.detail
    assert found.module == "orders"


def test_modules_that_ask_in_one_direction_are_no_circle() -> None:
    assert found_by(rules.CIRCLE, with_manifest("payments", asks=("users.v1",))) == []


def test_a_module_that_answers_at_its_prefix_without_a_slash_serves_below_it() -> None:
    assert "/api/v1/orders" in {thing.name for thing in inventory.addresses("modules.orders", HOUSE)}
    assert found_by(rules.UNDECLARED_ADDRESS, list(settings.MANIFESTS)) == []


def test_of_a_module_that_lives_elsewhere_only_what_is_public_is_looked_at() -> None:
    elsewhere = Manifest(
        name="wishlists", owner="Wishes", purpose="Wishes.", tables=("wishlists_wish",), tasks=("tidy",)
    )

    assert check([*settings.MANIFESTS, elsewhere], HOUSE) == []


def test_the_finding_names_the_manifests_line() -> None:
    text = (HOUSE.folder / "orders/manifest.py").read_text().splitlines()

    [found] = found_by(rules.CIRCLE, with_manifest("catalog", asks=("orders.v1",)))

    assert '"catalog.v1"' in text[found.line - 1]
