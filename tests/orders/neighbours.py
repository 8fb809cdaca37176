"""The modules that orders asks, as its tests prepare and look at them: the real ones, or a stand-in for one that is not here.

A build without a module's internals has its `contract.py` and no `apps.py`. The stand-ins are held to the same contract suites
as the real modules (`tests/<module>/test_contract.py`), so what holds with them holds with a service, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from infra.contracts import resolve
from infra.contracts.testing import standing_in
from infra.identifiers import new_id
from infra.money import Money
from modules.catalog.contract import CatalogContract
from modules.orders.models import Order
from modules.payments.contract import PaymentsContract
from modules.shipping.contract import ShippingContract
from modules.users.contract import UsersContract
from tests.catalog.fakes import FakeCatalog
from tests.payments.fakes import FakePayments
from tests.shipping.fakes import FakeShipping
from tests.users.fakes import BERLIN, FakeUsers

_STAND_INS = {
    "catalog": (CatalogContract, FakeCatalog),
    "payments": (PaymentsContract, FakePayments),
    "shipping": (ShippingContract, FakeShipping),
    "users": (UsersContract, FakeUsers),
}


def is_here(module: str) -> bool:
    """Return whether this build holds the module's internals."""
    return module in settings.MODULES


@dataclass
class _StandIns:
    catalog: FakeCatalog | None = None
    payments: FakePayments | None = None
    shipping: FakeShipping | None = None
    users: FakeUsers | None = None


_present = _StandIns()


@contextmanager
def neighbours() -> Iterator[None]:
    """Let stand-ins answer for the modules that are not here, until the block ends."""
    with ExitStack() as stack:
        for name, (protocol, fake) in _STAND_INS.items():
            setattr(_present, name, None if is_here(name) else stack.enter_context(standing_in(protocol, fake())))
        yield


def sells(sku: str = "LAMP", *, price: int = 1200, pieces: int = 10) -> str:
    """Put a product with one variant on sale; return its SKU."""
    if _present.catalog:
        _present.catalog.sells(sku.title(), Money(price, "EUR"), sku=sku, pieces=pieces)
    else:
        from tests.catalog import factories

        factories.product(title=sku.title(), sku=sku, price=Money(price, "EUR"), on_hand=pieces)
    return sku


def counts(sku: str, difference: int) -> None:
    """Add pieces to the stock, or take them off."""
    if _present.catalog:
        _present.catalog.counts(sku, difference)
    else:
        from modules.catalog.use_cases import Reason, adjust_stock

        adjust_stock(sku=sku, difference=difference, reason=Reason.CORRECTED)


def costs_now(sku: str, price: int) -> None:
    if _present.catalog:
        _present.catalog.costs_now(sku, Money(price, "EUR"))
    else:
        from modules.catalog.use_cases import set_price

        set_price(sku=sku, price=Money(price, "EUR"))


def withdraws(sku: str) -> None:
    """Take a product off the market."""
    if _present.catalog:
        _present.catalog.withdraws(sku)
    else:
        from modules.catalog.use_cases import withdraw_product

        product_id = resolve(CatalogContract).offers(references=(sku,), currency="EUR")[sku].product_id
        withdraw_product(product_id, at=timezone.now())


def money_kept(order: Order) -> int:
    """Return what the payments hold for an order, captured less refunded, in minor units."""
    if _present.payments:
        return _present.payments.held_for(order.id)
    from modules.payments.models import Payment

    return sum(payment.captured - payment.refunded for payment in Payment.objects.filter(order_id=order.id))


def registers() -> tuple[UUID, str]:
    """Register a customer; return id and e-mail address."""
    if _present.users:
        email = f"anna-{new_id()}@example.com"
        return _present.users.registers(email), email
    from tests.users.factories import a_customer

    customer = a_customer()
    return customer.id, customer.email


def keeps_address(customer_id: UUID) -> str:
    """Add an address to a customer's book; return its id."""
    if _present.users:
        return _present.users.keeps_address(customer_id, BERLIN)
    from modules.users.models import Customer
    from tests.users.factories import an_address

    return str(an_address(Customer.objects.get(id=customer_id)).address_id)
