"""What the orders module declares of itself."""

from infra.boundaries.manifest import Manifest

manifest = Manifest(
    name="orders",
    owner="Checkout team <orders@example.com>",
    purpose="Carts, the checkout that never leaves an order half done, orders and what happened to them.",
    tables=(
        "orders_cart",
        "orders_cartline",
        "orders_checkout",
        "orders_historyentry",
        "orders_order",
        "orders_orderline",
    ),
    offers=("orders.v1",),
    asks=("catalog.v1", "payments.v1", "shipping.v1", "users.v1"),
    publishes=(
        "orders.order_cancelled.v1",
        "orders.order_confirmed.v1",
        "orders.order_placed.v1",
    ),
    hears=(
        "payments.payment_refunded.v1",
        "shipping.shipment_delivered.v1",
        "shipping.shipment_dispatched.v1",
    ),
    tasks=("complete_stalled_checkouts", "forget_old_carts"),
)
