"""The databases that the settings name are asked once each, by whoever may, and those that cannot be are named."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from infra.boundaries.database.live import inspect
from tests import databases

pytestmark = pytest.mark.usefixtures("database")


def test_all_aliases_of_one_database_are_asked_about_at_once() -> None:
    inspection = inspect(django_settings.MANIFESTS)

    assert inspection.findings == []
    assert inspection.silent == ()
    (asked,) = inspection.asked
    assert all(alias in asked for alias in django_settings.ALIASES)


def test_without_an_owner_or_administrator_the_serving_role_asks(settings: Settings) -> None:
    settings.DATABASE_OWNERS = {}
    settings.ADMIN_DATABASE_URL = ""

    inspection = inspect(django_settings.MANIFESTS)

    assert inspection.findings == []
    assert inspection.asked[0].endswith(" as platform")


def test_an_administrator_of_the_same_database_is_asked_first(settings: Settings) -> None:
    settings.ADMIN_DATABASE_URL = databases.admin_url(django_settings.DATABASES["orders"]["NAME"])
    administrator = psycopg.conninfo.conninfo_to_dict(settings.ADMIN_DATABASE_URL)["user"]

    assert inspect(django_settings.MANIFESTS).asked[0].endswith(f" as {administrator}")


def test_a_database_out_of_reach_is_named_and_the_others_are_still_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOST": "127.0.0.1", "PORT": "1"}.items():
        monkeypatch.setitem(django_settings.DATABASES["users"], name, value)
    settings.DATABASE_OWNERS = {
        alias: login for alias, login in django_settings.DATABASE_OWNERS.items() if alias != "users"
    }

    inspection = inspect(django_settings.MANIFESTS)

    assert len(inspection.asked) == 1
    (silent,) = inspection.silent
    assert "127.0.0.1:1 (users)" in silent
    assert inspection.findings == []
