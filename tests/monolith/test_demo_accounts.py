"""`manage.py demo_accounts`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings

from modules.users.management.commands.demo_customers import CUSTOMER, STAFF
from modules.users.models import Address, Customer
from tests.api import Api
from tests.users.factories import post_office

pytestmark = pytest.mark.usefixtures("database")


def test_the_accounts_that_are_printed_work(api: Api) -> None:
    said = StringIO()

    call_command("demo_accounts", stdout=said)

    for email, password, _ in (CUSTOMER, STAFF):
        assert email in said.getvalue()
        assert password in said.getvalue()
        answer = api.post("/api/v1/users/tokens", {"email": email, "password": password})
        assert answer.status_code == 200
        me = api.with_token(answer.json()["access"]).get("/api/v1/users/me").json()
        assert me["isStaff"] is (email == STAFF[0])
        assert me["emailVerified"] is True
    assert User.objects.get(username="staff", is_superuser=True).check_password(STAFF[1])
    assert Address.objects.get().customer.email == CUSTOMER[0]
    assert post_office() == []


def test_a_repeat_changes_nothing() -> None:
    call_command("demo_accounts", stdout=StringIO())
    before = [*Customer.objects.order_by("id").values(), *Address.objects.values(), *User.objects.values()]

    call_command("demo_accounts", stdout=StringIO())

    assert [*Customer.objects.order_by("id").values(), *Address.objects.values(), *User.objects.values()] == before


def test_settings_that_forbid_well_known_passwords_get_none(settings: Settings) -> None:
    settings.DEMO_ACCOUNTS = False

    with pytest.raises(CommandError, match="DEMO_ACCOUNTS"):
        call_command("demo_accounts", stdout=StringIO())

    assert not Customer.objects.exists()
    assert not User.objects.exists()
