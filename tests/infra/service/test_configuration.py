"""The settings of services: all that the code reads, of the right place, and nothing of other modules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings, settings
from django.core.exceptions import ImproperlyConfigured

from infra.deployment.environment import Environment
from infra.extraction.record.values import Where
from infra.service.configuration import ServiceConfiguration
from infra.service.following import binding_for

NAMES = [manifest.name for manifest in settings.MANIFESTS]
KEY = next(iter(settings.TOKEN_SIGNING_KEYS))
READ = re.compile(r"\bsettings\.([A-Z][A-Z0-9_]+)")
# What only the single web app does: it judges boundaries, moves modules, forwards to them, and compares released contracts.
OF_THE_MONOLITH = ("boundaries", "compatibility", "facade", "edge")
OF_THE_MOVER = ("command", "management", "move", "planning", "retiring", "data", "switch", "freezing")


def production(module: str, **variables: str) -> dict[str, str]:
    upper = module.upper()
    return {
        f"{upper}_SERVICE_DATABASE_URL": "postgresql://own:secret@there/banyan",
        f"{upper}_DATABASE_URL": "postgresql://shared:secret@here/banyan",
        f"{upper}_READER_DATABASE_URL": "postgresql://reader:secret@here/banyan",
        "RECORD_FOLLOWER_URL": "postgresql://follower:secret@here/banyan",
        "SECRET_KEY": "secret",
        "SERVICE_KEYS": "id:0123456789abcdef0123456789abcdef",
        "ALLOWED_HOSTS": "*",
        "SHOP_URL": "https://shop.example.com",
        "TOKEN_SIGNING_KEYS": KEY,
        **variables,
    }


def configured(module: str, variables: Mapping[str, str]) -> dict[str, Any]:
    root = Path(settings.BASE_DIR)
    return ServiceConfiguration(module, package=f"extracted.{module}", root=root, env=Environment(variables)).settings()


def names_read(module: str) -> dict[str, str]:
    """Return the settings that the code of a service reads, each with a file that does."""
    root = Path(settings.BASE_DIR)
    files = [*root.glob("infra/**/*.py"), *root.glob(f"modules/{module}/**/*.py")]
    found: dict[str, str] = {}
    for file in files:
        parts = file.relative_to(root).parts
        if parts[1] in OF_THE_MONOLITH or (parts[1] == "extraction" and parts[2] in OF_THE_MOVER):
            continue
        found |= dict.fromkeys(READ.findall(file.read_text()), "/".join(parts))
    return found


@pytest.mark.parametrize("module", NAMES)
def test_a_service_has_every_setting_that_its_code_reads(module: str) -> None:
    known = configured(module, production(module))

    missing = {
        name: file
        for name, file in names_read(module).items()
        if name not in known and not hasattr(global_settings, name)
    }

    assert not missing, "infra/service/configuration.py, or the module's settings.py"


def test_a_setting_that_is_missing_would_be_seen() -> None:
    assert {"PAYMENT_PROVIDERS", "SERVICE_KEYS"} <= names_read("payments").keys()


@pytest.mark.parametrize("module", NAMES)
def test_a_service_has_no_setting_and_no_app_of_another_module(module: str) -> None:
    known = configured(module, production(module))
    own = {"payments": "PAYMENT_", "shipping": "SHIPPING_", "users": "TOKEN_SIGNING"}

    for other, prefix in own.items():
        assert (other == module) == any(name.startswith(prefix) for name in known)
    assert [app for app in known["INSTALLED_APPS"] if app.startswith("modules.")] == [f"modules.{module}"]
    assert not [
        app for app in known["INSTALLED_APPS"] if "admin" in app or "sessions" in app or app.startswith("monolith")
    ]
    assert [alias for alias, login in known["DATABASES"].items() if login] == [module]


def test_the_three_bindings_are_logins_of_their_own() -> None:
    bindings = configured("payments", production("payments"))["DATABASES"]["payments"]["BINDINGS"]

    assert {name: (login["USER"], login["HOST"]) for name, login in bindings.items()} == {
        "own": ("own", "there"),
        "shared": ("shared", "here"),
        "shared_read_only": ("reader", "here"),
    }


def test_one_that_lives_alone_for_good_needs_nothing_of_the_shops_database() -> None:
    variables = production("payments", FOLLOW_RECORD="no")
    for name in ("PAYMENTS_DATABASE_URL", "PAYMENTS_READER_DATABASE_URL", "RECORD_FOLLOWER_URL"):
        del variables[name]

    known = configured("payments", variables)

    assert known["EXTRACTION_RECORD_URL"] == ""
    assert list(known["DATABASES"]["payments"]["BINDINGS"]) == ["own"]


@pytest.mark.parametrize(
    "missing",
    ["PAYMENTS_SERVICE_DATABASE_URL", "RECORD_FOLLOWER_URL", "SECRET_KEY", "SERVICE_KEYS", "ALLOWED_HOSTS"],
)
def test_in_production_nothing_that_matters_has_a_default(missing: str) -> None:
    variables = production("payments")
    del variables[missing]

    with pytest.raises(ImproperlyConfigured, match=missing):
        configured("payments", variables)


def test_on_a_laptop_everything_is_found_in_the_shops_folder(tmp_path: Path) -> None:
    (tmp_path / "serve.lock").write_text('{"pid": 1, "port": 8123, "web_server": null}')
    known = configured("payments", {"BANYAN_PLACE": "laptop", "BANYAN_STATE_DIR": str(tmp_path)})
    again = configured("payments", {"BANYAN_PLACE": "laptop", "BANYAN_STATE_DIR": str(tmp_path)})

    assert known["MONOLITH_URL"] == known["TOKEN_ISSUER"] == "http://127.0.0.1:8123"
    assert known["SERVICE_KEYS"] == again["SERVICE_KEYS"] != []
    assert known["DATABASES"]["payments"]["BINDINGS"].keys() == {"own", "shared", "shared_read_only"}
    assert "record_follower:" in known["EXTRACTION_RECORD_URL"]
    assert known["EMBEDDED_SERVER"].folder == tmp_path / "services" / "payments" / "postgres"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where(module="payments"), "shared_read_only"),
        (Where(module="payments", phase="shared_database", shares={"reads": 50}), "shared_read_only"),
        (Where(module="payments", phase="shared_database", shares={"reads": 50, "writes": 5}), "shared"),
        (Where(module="payments", phase="dual_write"), "shared_read_only"),
        (Where(module="payments", phase="switched", database="service"), "own"),
        (Where(module="payments", phase="split", database="service"), "own"),
    ],
)
def test_the_record_decides_which_database_a_service_uses(where: Where, expected: str) -> None:
    assert binding_for(where) == expected
