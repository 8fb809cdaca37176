"""Refusals that only our own HTTP and staff meet; those that other modules meet stand in the contract."""

from infra.errors import DomainError, Invalid, NotFound, Refused


class RefundExceedsCaptured(Refused):
    """More would be given back than was taken.

    Members: `refundable`, what can still be given back.
    """

    code = "payments.refund_exceeds_captured"


class RefundDeclined(Refused):
    """The provider refused the refund; nothing was given back."""

    code = "payments.refund_declined"


class WrongCurrency(Invalid):
    """The payment is in another currency."""

    code = "payments.wrong_currency"


class NotAuthorised(Refused):
    """The payment is not authorised and waiting, so there is nothing to capture or to void."""

    code = "payments.not_authorised"


class UnknownProvider(NotFound):
    """There is no such payment provider."""

    code = "payments.unknown_provider"


class WebhookRefused(DomainError):
    """The webhook is not signed by the provider, or too old."""

    code = "payments.webhook_refused"
    status = 401
