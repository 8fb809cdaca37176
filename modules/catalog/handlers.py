"""What the catalog does about the facts of other modules."""

from uuid import UUID

from infra.events.subscriptions import subscribe
from modules.catalog import use_cases
from modules.orders.events import OrderConfirmed


@subscribe(OrderConfirmed, after_dead_letter="skip")
def count_what_is_popular(event: OrderConfirmed) -> None:
    """Add the pieces sold to their products; each order counts once."""
    pieces: dict[UUID, int] = {}
    for line in event.lines:
        pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
    use_cases.count_pieces_sold(pieces)
