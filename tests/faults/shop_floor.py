"""A shop with goods and staff for the workload, in the database of the running test."""

from __future__ import annotations

from uuid import UUID

import httpx
from django.db import connections
from django.utils import timezone

from infra.money import Money
from modules.users.use_cases.accounts import set_staff
from tests.catalog import factories
from tests.databases import admin_url
from tests.faults.workload.homes import SCHEMAS, evidence_from
from tests.faults.workload.journal import Journal
from tests.faults.workload.oracles import Evidence

STAFF = ("staff@example.com", "correct horse battery")
PRODUCTS = 12
RARE = 8  # pieces of each third product, so that some sell out


def open_the_shop() -> None:
    """Put goods on sale, some of them rare."""
    for number in range(PRODUCTS):
        factories.product(
            f"Lamp {number}",
            sku=f"LAMP-{number}",
            price=Money(1000 + 10 * number, "EUR"),
            on_hand=RARE if number % 3 == 0 else 100_000,
        )


def employ(address: str) -> None:
    """Have a customer account that may act for the shop at `address` (`STAFF`)."""
    # Over HTTP: the shop's processes hash passwords as shops do, and tests as quickly as they can.
    email, password = STAFF
    answer = httpx.post(
        f"{address}/api/v1/users/register", json={"email": email, "password": password, "name": "Chief"}
    )
    set_staff(customer_id=UUID(answer.raise_for_status().json()["id"]), is_staff=True, changed_at=timezone.now())


def evidence_here(journal: Journal) -> Evidence:
    """Return the evidence of a shop on the running test's database, in which every module is at home."""
    name = connections["default"].settings_dict["NAME"]
    return evidence_from(journal, lambda module: (admin_url(name), SCHEMAS[module]))
