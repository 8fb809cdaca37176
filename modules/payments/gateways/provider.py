"""What payments asks of a payment provider, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from infra.money import Money


class Declined(Exception):
    """The provider refused; no money moved, and none will under this key. `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderError(Exception):
    """The provider failed and nothing happened; the same key may be sent again."""


class ProviderTimeout(Exception):
    """The answer is lost: it may have happened or not, now or within moments. Look up by the key before anything else."""


class BadNotification(Exception):
    """A webhook is not the provider's, too old, or not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a key.

    Attributes:
        provider_ref: the provider's name of the charge or of the refund; empty when declined.
        declined: the provider's reason, or empty when it was done.
    """

    provider_ref: str = ""
    declined: str = ""


class Movement(StrEnum):
    """Which way money went, as the provider's book has it."""

    CAPTURED = "captured"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement of money in the provider's own book."""

    key: str
    provider_ref: str
    movement: Movement
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A webhook, verified, reduced to what we act on. It is a reason to look, never the truth itself."""

    event_id: str
    kind: str
    key: str = ""  # ours, where the provider names it
    provider_ref: str = ""


class Provider(Protocol):
    """An adapter to one payment provider; add a real one by writing such a class and naming it in `PAYMENT_PROVIDERS`.

    Every call that changes something carries our key, stored before. A key does its work at most once: sent again, it answers
    as before (send it as the provider's idempotency key, and keep it as the provider's merchant reference, so that it can be
    looked up). Amounts are in minor units of ISO 4217. Calls happen outside transactions, from several threads; each must
    end within 4 seconds, as the whole of `take_payment` has 15. Nothing of a card may be kept or logged.

    All calls raise `ProviderError` (nothing happened) and `ProviderTimeout` (outcome unknown); those that change something raise
    `Declined`, too. Whatever else is raised counts as `ProviderTimeout`.
    """

    @property
    def name(self) -> str:
        """Return the stable word that stands in rows, account names and the address of webhooks."""
        ...

    @property
    def methods(self) -> frozenset[str]:
        """Return the ways of paying that customers may name."""
        ...

    def charge(self, *, key: str, amount: Money, method: str, description: str) -> Answer:
        """Authorise and capture in one."""
        ...

    def authorise(self, *, key: str, amount: Money, method: str, description: str) -> Answer:
        """Reserve the money, to be captured or voided later."""
        ...

    def capture(self, *, key: str, provider_ref: str, amount: Money) -> Answer:
        """Take what the authorisation `provider_ref` reserved."""
        ...

    def void(self, *, key: str, provider_ref: str) -> Answer:
        """Give up the authorisation `provider_ref`."""
        ...

    def refund(self, *, key: str, provider_ref: str, amount: Money) -> Answer:
        """Give back from the charge `provider_ref`, never more than was captured."""
        ...

    def find(self, *, key: str) -> Answer | None:
        """Return what became of a key, None when it was never seen (it may still be on its way)."""
        ...

    def close(self, *, key: str) -> Answer | None:
        """Make sure that a key comes to nothing any more, unless it already did its work: then return what it did.

        For a provider that cannot do that: look up, and raise `ProviderTimeout` as long as a request may be on its way.
        """
        ...

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Verify a webhook over its raw bytes and read it; header names come in lower case.

        Raises:
            BadNotification: the signature, the time or the content is not right.
        """
        ...

    def statement(self) -> Iterator[StatementLine]:
        """Return every movement in the provider's book, oldest first; it is compared with the ledger."""
        ...
