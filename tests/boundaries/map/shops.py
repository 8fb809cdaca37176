"""Small shops to draw, and what was seen of them."""

from __future__ import annotations

from dataclasses import dataclass

from infra.boundaries.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a running shop did, as the map needs it."""

    kind: str
    asker: str
    answerer: str
    name: str
    count: int
    seconds: float = 0.0
    errors: int = 0


def question(asker: str, contract: str, count: int = 1, seconds: float = 0.0) -> Seen:
    answerer = contract.partition(".")[0]
    return Seen(kind="question", asker=asker, answerer=answerer, name=contract, count=count, seconds=seconds)


def hearing(hearer: str, event: str, count: int = 1, errors: int = 0) -> Seen:
    return Seen(kind="event", asker=hearer, answerer=event.partition(".")[0], name=event, count=count, errors=errors)


SALES = Manifest(
    name="sales",
    owner="Sales & Co <sales@example.com>",
    purpose="Selling.",
    tables=("sales_sale",),
    asks=("stock.v1",),
    publishes=("sales.sold.v1", "sales.quoted.v1"),
)
STOCK = Manifest(
    name="stock",
    owner="Stock <stock@example.com>",
    purpose="Keeping.",
    tables=("stock_item",),
    offers=("stock.v1",),
    hears=("sales.sold.v1",),
)
POST = Manifest(
    name="post",
    owner="Post <post@example.com>",
    purpose="Sending.",
    tables=(),
    offers=("post.v1",),
    hears=("sales.sold.v1",),
)
SHOP = (SALES, STOCK, POST)
