"""The secrets of a service beside the shop's."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deployment import compose_env as of_the_shop
from infra.deployment.environment import Environment
from infra.service import compose_env
from infra.service.compose_env import variables_in
from infra.service.configuration import ServiceConfiguration


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    of_the_shop.main(tmp_path)
    return tmp_path


def test_what_is_written_is_enough_for_the_service_and_holds_no_owner(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "extracted"
    folder.mkdir()

    compose_env.main("users", shop=shop, folder=folder)

    variables = variables_in(folder / "service.env")
    service = ServiceConfiguration("users", package="extracted.users", root=tmp_path, env=Environment(variables))
    assert set(service.settings()["DATABASES"]["users"]["BINDINGS"]) == {"own", "shared", "shared_read_only"}
    assert not [name for name in variables if "OWNER" in name or "ADMIN" in name]
    assert not [name for name in variables if name.startswith(("ORDERS_", "CATALOG_", "DEFAULT_"))]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_both_sides_know_the_same_passwords(shop: Path, tmp_path: Path) -> None:
    made = compose_env.files("payments", variables_in(shop / "shop.env"))

    assert made["carrier.env"].items() >= made["owners.env"].items()
    for name in ("PAYMENTS_SERVICE_DATABASE_URL", "PAYMENTS_READER_DATABASE_URL", "RECORD_FOLLOWER_URL"):
        assert made["carrier.env"][name] == made["service.env"][name]
    assert made["postgres.env"]["POSTGRES_PASSWORD"] in made["owners.env"]["PAYMENTS_SERVICE_ADMIN_DATABASE_URL"]


def test_secrets_are_never_overwritten(shop: Path) -> None:
    (shop / "carrier.env").write_text("somebody's")

    with pytest.raises(SystemExit, match="exists, and the databases know"):
        compose_env.main("payments", shop=shop, folder=shop)

    assert (shop / "carrier.env").read_text() == "somebody's"


def test_without_the_shops_secrets_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Make the shop's secrets first"):
        compose_env.main("payments", shop=tmp_path, folder=tmp_path)

    assert not list(tmp_path.iterdir())
