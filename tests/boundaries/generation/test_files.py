"""What follows from the manifests: complete, the same each time, and found out when it is out of date."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from infra.boundaries.generation import files
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from tests import databases
from tests.boundaries.map.shops import POST, SALES, STOCK

SHOP = (POST, SALES, STOCK)
NAME = "banyan_generated_grants"


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "shop").mkdir()
    return House(root=tmp_path, above=("site",), modules="shop", below=("kit",), plain=())


@pytest.fixture
def empty_database() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(databases.admin_url("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {NAME}")
        with psycopg.connect(databases.admin_url(NAME), autocommit=True) as connection:
            yield connection
        admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        for schema in ("generated_one", "generated_two"):
            admin.execute(f"DROP ROLE IF EXISTS {schema}, {schema}_owner")


def text_of(name: str, house: House, manifests: tuple[Manifest, ...] = SHOP) -> str:
    return files.generated(manifests, house)[house.folder / name]


def test_the_committed_files_are_up_to_date() -> None:
    call_command("modules", "generate", "--check", stdout=StringIO())


def test_every_file_says_that_it_is_generated_and_how(house: House) -> None:
    for path, text in files.generated(SHOP, house).items():
        assert "generated, do not edit: manage.py modules generate" in text[:600], path.name


def test_the_same_manifests_give_the_same_bytes(house: House) -> None:
    assert files.generated(SHOP, house) == files.generated(SHOP, house)


def test_a_file_is_written_once_and_then_current(house: House) -> None:
    texts = files.generated(SHOP, house)

    assert files.write(texts, house) == sorted(texts)
    assert files.outdated(texts, house) == []
    assert files.write(texts, house) == []


def test_a_manifest_that_changed_makes_files_stale(house: House) -> None:
    files.write(files.generated(SHOP, house), house)

    changed = files.generated((POST, replace(SALES, asks=("stock.v1", "post.v1")), STOCK), house)

    names = {path.name for path in files.outdated(changed, house)}
    assert names == {"MAP.md", "access.toml", "imports.toml", "map.svg", "map-narrow.svg"}


def test_a_file_that_was_edited_is_missing_or_belongs_to_nobody_is_found_and_mended(house: House) -> None:
    texts = files.generated(SHOP, house)
    files.write(texts, house)
    folder = house.folder / files.FOLDER
    with (folder / "celery.toml").open("a") as edited:
        edited.write("# mine\n")
    (folder / "grants.sql").unlink()
    (folder / "of_yesterday.toml").touch()

    stale = files.outdated(texts, house)

    assert [path.name for path in stale] == ["celery.toml", "grants.sql", "of_yesterday.toml"]
    assert files.write(texts, house) == stale
    assert files.outdated(texts, house) == []


def test_the_check_says_which_file_is_stale_and_which_command_mends_it(house: House) -> None:
    files.write(files.generated(SHOP, house), house)
    (house.folder / files.IMPORTS).unlink()

    with (
        override_settings(MANIFESTS=SHOP, HOUSE=house, OTHER_SCHEMAS={}),
        pytest.raises(CommandError, match=r"shop/generated/imports\.toml\. Type: python manage\.py modules generate"),
    ):
        call_command("modules", "generate", "--check")
    assert not (house.folder / files.IMPORTS).exists()


def test_each_module_may_import_what_it_asks_and_hears_and_no_more(house: House) -> None:
    contracts = tomllib.loads(text_of(files.IMPORTS, house))["tool"]["importlinter"]["contracts"]
    closed = {
        contract["source_modules"][0]: contract["forbidden_modules"]
        for contract in contracts
        if contract["name"].endswith("asks and hears")
    }

    # stock hears sales; sales asks stock; nobody asks post, and sales offers nothing.
    assert closed == {
        "shop.sales": ["shop.post.contract"],
        "shop.stock": ["shop.post.contract"],
        "shop.post": ["shop.stock.contract"],
    }


def test_every_event_goes_to_the_first_queue_of_each_module_that_hears_it(house: House) -> None:
    post = replace(POST, queues=("letters", "parcels"))

    written = tomllib.loads(text_of("generated/celery.toml", house, (post, SALES, STOCK)))

    assert written["routes"] == {"sales.sold.v1": ["letters", "banyan.stock"], "sales.quoted.v1": []}
    assert written["queues"]["post"]["names"] == ["letters", "parcels"]


def test_a_contract_is_asked_by_those_that_declare_it_and_from_above(house: House) -> None:
    written = tomllib.loads(text_of("generated/access.toml", house))

    assert written["callers"] == {"post.v1": ["site"], "stock.v1": ["sales", "site"]}
    assert written["addresses"]["stock"] == ["/api/v1/stock/"]


def test_the_running_shop_lets_in_whom_the_allow_list_names() -> None:
    written = tomllib.loads((settings.HOUSE.folder / "generated/access.toml").read_text())

    # Under tests, they themselves may ask, too.
    enforced = {name: [one for one in callers if one != "tests"] for name, callers in settings.CONTRACT_CALLERS.items()}
    assert written["callers"] == enforced


def test_a_worker_without_arguments_serves_every_queue_that_is_written() -> None:
    from monolith.celery import app

    written = tomllib.loads((settings.HOUSE.folder / "generated/celery.toml").read_text())

    declared = {name for module in written["queues"].values() for name in module["names"]}
    assert {queue.name for queue in app.conf.task_queues} == {"banyan.default", *declared}


def test_the_grants_make_schemas_without_a_way_across(
    house: House, empty_database: psycopg.Connection[tuple[object, ...]]
) -> None:
    modules = tuple(
        Manifest(name=name, owner="o", purpose="p", tables=(f"{name}_row",))
        for name in ("generated_one", "generated_two")
    )
    script = text_of("generated/grants.sql", house, modules).replace(':"DBNAME"', NAME)

    for _ in range(2):
        # As all that changes roles on this server.
        empty_database.execute("SELECT pg_advisory_lock(hashtext('banyan.provision'))")
        empty_database.execute(script)
        empty_database.execute("SELECT pg_advisory_unlock_all()")

    assert empty_database.execute(
        "SELECT has_schema_privilege('generated_one', 'generated_one', 'USAGE'),"
        " has_schema_privilege('generated_one', 'generated_two', 'USAGE')"
    ).fetchone() == (True, False)


def test_the_page_says_of_each_module_what_its_manifest_says(house: House) -> None:
    page = text_of("MAP.md", house)

    for manifest in SHOP:
        assert f"\n## {manifest.name}\n" in page
        for name in (*manifest.offers, *manifest.publishes, *manifest.tables):
            assert f"`{name}`" in page
    assert "`sales.sold.v1`, heard by post, stock" in page
    assert "`post.v1`, asked by no module" in page
