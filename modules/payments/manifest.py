"""What the payments module declares of itself."""

from infra.boundaries.manifest import Manifest

manifest = Manifest(
    name="payments",
    owner="Payments team <payments@example.com>",
    purpose="Taking money and giving it back, once each, with invoices and a ledger that balances.",
    tables=(
        "payments_account",
        "payments_attempt",
        "payments_closedkey",
        "payments_invoice",
        "payments_ledgerentry",
        "payments_notification",
        "payments_numberseries",
        "payments_payment",
        "payments_posting",
        "sandbox_charge",
        "sandbox_fault",
        "sandbox_request",
    ),
    offers=("payments.v1",),
    publishes=(
        "payments.payment_captured.v1",
        "payments.payment_declined.v1",
        "payments.payment_refunded.v1",
        "payments.payment_voided.v1",
    ),
    hears=("shipping.shipment_dispatched.v1",),
    tasks=(
        "capture_due_payments",
        "forget_settled_notifications",
        "go_on_with_open_attempts",
        "go_on_with_returns",
        "settle_notifications",
    ),
)
