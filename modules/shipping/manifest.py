"""What the shipping module declares of itself."""

from infra.boundaries.manifest import Manifest

manifest = Manifest(
    name="shipping",
    owner="Fulfilment team <shipping@example.com>",
    purpose="What sending costs, parcels and their labels, and where a parcel is.",
    tables=(
        "shipping_builtin_carrier_book",
        "shipping_method",
        "shipping_rate",
        "shipping_ratestep",
        "shipping_shipment",
        "shipping_shipmentkey",
        "shipping_shipmentline",
        "shipping_trackingevent",
        "shipping_zone",
    ),
    offers=("shipping.v1",),
    publishes=(
        "shipping.shipment_cancelled.v1",
        "shipping.shipment_delivered.v1",
        "shipping.shipment_dispatched.v1",
    ),
    hears=("orders.order_confirmed.v1",),
    tasks=("ask_the_carrier",),
)
