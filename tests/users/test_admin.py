"""Customers in the admin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from modules.users.models import Customer
from modules.users.use_cases.sign_in import sign_in
from tests.users.factories import PASSWORD, a_customer, an_address, post_office

pytestmark = pytest.mark.usefixtures("database")

CUSTOMERS = "/admin/users/customer/"


@pytest.fixture(autouse=True)
def _content_types() -> Iterator[None]:
    """Django's own rows about models, which the sweep after each test takes away, and its memory of them."""
    ContentType.objects.clear_cache()
    create_permissions(apps.get_app_config("users"), verbosity=0, using="default")
    yield
    ContentType.objects.clear_cache()


def admin(*permissions: str, superuser: bool = False) -> Client:
    user = User.objects.create(username="staff", is_staff=True, is_superuser=superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def act(client: Client, action: str, customer: Customer) -> int:
    form = {"action": action, "_selected_action": str(customer.id)}
    return client.post(CUSTOMERS, form).status_code


def test_customers_are_found_and_looked_at() -> None:
    customer = a_customer("anna@example.com")
    an_address(customer)
    post_office()
    client = admin("view_customer", "view_address", "view_notification")

    assert "anna@example.com" in client.get(f"{CUSTOMERS}?q=anna").content.decode()
    page = client.get(f"{CUSTOMERS}{customer.id}/change/").content.decode()
    assert "Unter den Linden 1" in page
    assert customer.password not in page
    assert "anna@example.com" in client.get("/admin/users/notification/").content.decode()


def test_an_account_is_closed_and_opened_again() -> None:
    customer = a_customer()
    sign_in(email=customer.email, password=PASSWORD, network_address="192.0.2.1", signed_in_at=timezone.now())
    client = admin(superuser=True)

    assert act(client, "close_accounts", customer) == 302
    customer.refresh_from_db()
    assert not customer.is_active
    assert customer.sign_ins.get().revoked_because == "deactivated"

    act(client, "open_accounts", customer)
    customer.refresh_from_db()
    assert customer.is_active


def test_customers_are_let_act_for_the_shop_and_no_longer() -> None:
    customer = a_customer()
    client = admin(superuser=True)

    act(client, "make_staff", customer)
    customer.refresh_from_db()
    assert customer.is_staff

    act(client, "make_no_staff", customer)
    customer.refresh_from_db()
    assert not customer.is_staff


@pytest.mark.parametrize("action", ["close_accounts", "make_staff"])
def test_who_may_only_look_may_not_act(action: str) -> None:
    customer = a_customer()

    act(admin("view_customer"), action, customer)

    customer.refresh_from_db()
    assert customer.is_active
    assert not customer.is_staff


def test_nobody_edits_deletes_or_adds_a_customer_by_hand() -> None:
    customer = a_customer()
    client = admin(superuser=True)

    assert client.post(f"{CUSTOMERS}{customer.id}/change/", {"email": "x@example.com"}).status_code == 403
    assert client.post(f"{CUSTOMERS}{customer.id}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{CUSTOMERS}add/").status_code == 403
    assert Customer.objects.get().email == customer.email
