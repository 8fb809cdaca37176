"""What the users module declares of itself."""

from infra.boundaries.manifest import Manifest

manifest = Manifest(
    name="users",
    owner="Accounts team <users@example.com>",
    purpose="Customers: who they are, how they sign in, where they live, and the e-mails that they get.",
    tables=(
        "users_address",
        "users_attemptcount",
        "users_customer",
        "users_mailtoken",
        "users_notification",
        "users_refreshtoken",
        "users_signin",
    ),
    offers=("users.v1",),
    publishes=(
        "users.customer_erased.v1",
        "users.customer_registered.v1",
        "users.email_verified.v1",
    ),
    hears=(
        "orders.order_cancelled.v1",
        "orders.order_confirmed.v1",
        "payments.payment_refunded.v1",
        "shipping.shipment_delivered.v1",
        "shipping.shipment_dispatched.v1",
        "users.customer_registered.v1",
    ),
    tasks=("forget_what_is_over", "send_notifications"),
    url_prefixes=("/api/v1/users/", "/.well-known/jwks.json"),
)
