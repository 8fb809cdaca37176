"""`UsersContract`, on every route, answered by the module and by the stand-in that other modules' tests use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from infra.contracts.testing import standing_in
from infra.postal_address import PostalAddress
from modules.users.contract import AddressNotFound, CustomerNotFound, CustomerSummary, Recipient, UsersContract
from modules.users.models import Customer
from modules.users.queries import accounts
from modules.users.queries.signing_keys import public_keys
from tests.contract_routes import EachRoute
from tests.users.factories import PARIS, a_customer, an_address
from tests.users.fakes import BERLIN, FakeUsers

pytestmark = pytest.mark.usefixtures("database")


class World(Protocol):
    """Prepares what there is to be asked for."""

    def registers(self, email: str = ..., *, name: str = ..., locale: str = ...) -> UUID: ...
    def keeps_address(self, customer_id: UUID, address: PostalAddress) -> str: ...
    def closes(self, customer_id: UUID) -> None: ...


class TheModule:
    """Prepares the real thing."""

    def registers(self, email: str = "anna@example.com", *, name: str = "Anna Schmidt", locale: str = "en") -> UUID:
        return a_customer(email, name=name, locale=locale).id

    def keeps_address(self, customer_id: UUID, address: PostalAddress) -> str:
        return str(an_address(Customer.objects.get(id=customer_id), address).address_id)

    def closes(self, customer_id: UUID) -> None:
        Customer.objects.filter(id=customer_id).update(is_active=False)


@pytest.fixture(params=["module", "fake"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "module":
        yield TheModule()
        return
    fake = FakeUsers()
    with standing_in(UsersContract, fake):
        yield fake


def test_a_customer_is_summarised(each_route: EachRoute, world: World) -> None:
    anna = world.registers("anna@example.com", name="Anna Schmidt", locale="de-DE")

    answer = each_route(UsersContract).customer(customer_id=anna)

    assert answer == CustomerSummary(customer_id=anna, email="anna@example.com", name="Anna Schmidt", locale="de-DE")


def test_a_recipient_is_a_customer_with_one_of_their_addresses(each_route: EachRoute, world: World) -> None:
    anna = world.registers()
    world.keeps_address(anna, PARIS)
    home = world.keeps_address(anna, BERLIN)
    users = each_route(UsersContract)

    answer = users.recipient(customer_id=anna, address_id=home)

    assert answer == Recipient(customer=users.customer(customer_id=anna), address=BERLIN)


def test_nobody_sends_to_another_s_address(each_route: EachRoute, world: World) -> None:
    anna, boris = world.registers("anna@example.com"), world.registers("boris@example.com")
    annas = world.keeps_address(anna, BERLIN)

    with pytest.raises(AddressNotFound):
        each_route(UsersContract).recipient(customer_id=boris, address_id=annas)


@pytest.mark.parametrize("address_id", ["", "ADDR-55", "018f0000-0000-7000-8000-00000000abcd", "x" * 1000])
def test_an_unknown_address_is_not_found(each_route: EachRoute, world: World, address_id: str) -> None:
    anna = world.registers()

    with pytest.raises(AddressNotFound):
        each_route(UsersContract).recipient(customer_id=anna, address_id=address_id)


def test_an_unknown_customer_is_not_found(each_route: EachRoute, world: World) -> None:
    users = each_route(UsersContract)

    with pytest.raises(CustomerNotFound):
        users.customer(customer_id=uuid4())
    with pytest.raises(CustomerNotFound):
        users.recipient(customer_id=uuid4(), address_id="ADDR-55")


def test_a_closed_account_is_not_found(each_route: EachRoute, world: World) -> None:
    anna = world.registers()
    home = world.keeps_address(anna, BERLIN)
    world.closes(anna)
    users = each_route(UsersContract)

    with pytest.raises(CustomerNotFound):
        users.customer(customer_id=anna)
    with pytest.raises(CustomerNotFound):
        users.recipient(customer_id=anna, address_id=home)


def test_a_recipient_costs_one_query(django_assert_num_queries: object) -> None:
    customer = a_customer()
    entry = an_address(customer)

    with django_assert_num_queries(1, using="users"):  # type: ignore[operator]
        accounts.recipient(customer.id, str(entry.address_id))


def test_the_keys_of_access_tokens_can_be_asked_for(each_route: EachRoute) -> None:
    keys = each_route(UsersContract).verification_keys()

    assert keys == public_keys()
    assert all(pem.startswith("-----BEGIN PUBLIC KEY-----") for pem in keys.values())
