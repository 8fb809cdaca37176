"""What each operation may be answered: its success, and what the shop's own rules may refuse. Everything else is a failure."""

from __future__ import annotations

OUTCOMES: dict[str, frozenset[str]] = {
    name: frozenset(allowed)
    for name, allowed in {
        "register": ("201",),
        "sign in": ("200",),
        "stay signed in": ("200",),
        "sign out": ("204",),
        "read oneself": ("200",),
        "add an address": ("201",),
        "change an address": ("200",),
        "read an address": ("200",),
        "browse": ("200",),
        "look at a product": ("200",),
        "look at a picture": ("200",),
        "ask for rates": ("200",),
        "open a cart": ("200", "201"),
        # A product may sell out between browsing and buying, and another order of the same customer may close the cart.
        "fill a cart": ("201", "409 catalog.out_of_stock", "409 orders.not_on_sale"),
        "change a cart": ("200", "409 catalog.out_of_stock"),
        "empty a cart": ("204",),
        "read a cart": ("200",),
        "place an order": ("201", "202", "402 payments.declined", "409 catalog.out_of_stock"),
        "read an order": ("200",),
        "list orders": ("200",),
        # Between a look and the wish the parcel may have left.
        "cancel an order": ("200", "202", "409 orders.cancellation_refused"),
        "read a payment": ("200",),
        "read an invoice": ("200",),
        "read a shipment": ("200",),
        "track a parcel": ("200",),
        "refund": ("201", "409 payments.refund_exceeds_captured", "409 payments.closed"),
        "dispatch": ("200", "409 shipping.not_confirmed", "409 shipping.closed"),
        "receive goods": ("201",),
        "read the stock": ("200",),
    }.items()
}
