"""What the catalog's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from infra.events.testing import subscribed
from modules.catalog.events import ProductPublished, ProductWithdrawn, StockDepleted


@pytest.fixture
def count_statements() -> Callable[[Callable[[], object]], int]:
    """Return a function that runs another and tells how many statements it sent to the catalog's database."""

    def count(work: Callable[[], object]) -> int:
        with CaptureQueriesContext(connections["catalog"]) as captured:
            work()
        return sum(not (query["sql"] or "").startswith(("BEGIN", "COMMIT")) for query in captured.captured_queries)

    return count


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """Return a list that fills with what the catalog announces: a SKU that ran out, `+title` or `-id` of products."""
    facts: list[str] = []

    def on_depleted(event: StockDepleted) -> None:
        facts.append(event.sku)

    def on_published(event: ProductPublished) -> None:
        facts.append(f"+{event.title}")

    def on_withdrawn(event: ProductWithdrawn) -> None:
        facts.append(f"-{event.product_id}")

    with (
        subscribed(StockDepleted, on_depleted, consumer="catalog"),
        subscribed(ProductPublished, on_published, consumer="catalog"),
        subscribed(ProductWithdrawn, on_withdrawn, consumer="catalog"),
    ):
        yield facts
