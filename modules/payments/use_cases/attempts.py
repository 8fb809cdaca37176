"""Asking the provider: to carry out an attempt, or what became of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import connections
from django.db.models import F

from infra.money import Money
from modules.payments.gateways.provider import Answer, Declined, Provider, ProviderError
from modules.payments.gateways.registry import providers
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, Payment

log = structlog.get_logger(__name__)

_Question = Callable[[Provider, str], Answer | None]

# Within one call of the contract: the first time, again after an error, once more after a lost answer.
MOST_TRIES = 3
# No further try begins after this long: with 4 s for each of its two calls it ends within the contract's 15 s.
LAST_TRY_BEGINS_SECONDS = 6.0
# A call under way is left alone for this long by the periodic tasks; no call of ours lasts longer.
UNDER_WAY = timedelta(seconds=60)


class NotKnown(Exception):
    """The provider did not answer; what became of the attempt is still open."""


def carry_out(payment: Payment, attempt: Attempt, *, asked_before: bool) -> Answer:
    """Have the provider do what the attempt says, always under the attempt's own key.

    After a lost answer the provider is asked what became of the key; only when it never saw it, it is sent again.

    Args:
        asked_before: the key may have been sent already, so look it up first.

    Raises:
        NotKnown: the outcome is open; the attempt is due again later.
    """
    if attempt.amount == 0 and attempt.kind != AttemptKind.VOID:
        return Answer()  # nothing to move, nobody to ask
    provider = _provider_of(payment)
    look_up_first = asked_before
    began = time.monotonic()
    for _ in range(MOST_TRIES):
        try:
            if look_up_first and (found := provider.find(key=str(attempt.id))) is not None:
                return found
            return _send(provider, payment, attempt)
        except Declined as declined:
            return Answer(declined=declined.reason)
        except ProviderError as error:
            look_up_first = False
            log.warning("provider_failed", provider=payment.provider, attempt=str(attempt.id), error=str(error))
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises, the money may have moved
            look_up_first = True
            log.warning("provider_answer_lost", provider=payment.provider, attempt=str(attempt.id), error=repr(error))
        if time.monotonic() - began > LAST_TRY_BEGINS_SECONDS:
            break
    raise NotKnown


def look_up(payment: Payment, attempt: Attempt) -> Answer | None:
    """Return what became of an attempt, None when the provider never saw its key.

    Raises:
        NotKnown: the provider does not answer.
    """
    return _asked(payment, attempt, lambda provider, key: provider.find(key=key))


def call_off(payment: Payment, attempt: Attempt) -> Answer | None:
    """Close the attempt's key at the provider; return what it did if it came first, None when it now never will.

    Raises:
        NotKnown: the provider does not answer, or a request may still be on its way.
    """
    return _asked(payment, attempt, lambda provider, key: provider.close(key=key))


def postpone(attempt: Attempt, *, now: datetime) -> None:
    """Ask again later what became of an attempt, each time after a longer while: 5 s, doubled up to an hour."""
    wait = timedelta(seconds=min(5 * 2 ** min(attempt.tries, 10), 3600))
    Attempt.objects.filter(id=attempt.id, status=AttemptStatus.OPEN).update(tries=F("tries") + 1, due_at=now + wait)


def _asked(payment: Payment, attempt: Attempt, question: _Question) -> Answer | None:
    if attempt.amount == 0:
        return None
    provider = _provider_of(payment)
    try:
        return question(provider, str(attempt.id))
    except Exception as error:
        log.warning("provider_answer_lost", provider=payment.provider, attempt=str(attempt.id), error=repr(error))
        raise NotKnown from error


def _provider_of(payment: Payment) -> Provider:
    if connections["payments"].in_atomic_block:
        raise RuntimeError(
            "A provider is asked outside transactions: its answer may take seconds, and is not ours to undo."
        )
    provider = providers().get(payment.provider)
    if provider is None:
        log.error("provider_missing", provider=payment.provider, payment=str(payment.id))
        raise NotKnown
    return provider


def _send(provider: Provider, payment: Payment, attempt: Attempt) -> Answer:
    key, amount = str(attempt.id), Money(attempt.amount, payment.currency)
    description = str(payment.order["order_number"])
    match attempt.kind:
        case AttemptKind.CHARGE:
            return provider.charge(key=key, amount=amount, method=payment.method, description=description)
        case AttemptKind.AUTHORISE:
            return provider.authorise(key=key, amount=amount, method=payment.method, description=description)
        case AttemptKind.CAPTURE:
            return provider.capture(key=key, provider_ref=payment.provider_ref, amount=amount)
        case AttemptKind.VOID:
            return provider.void(key=key, provider_ref=payment.provider_ref)
        case AttemptKind.REFUND:
            return provider.refund(key=key, provider_ref=payment.provider_ref, amount=amount)
    raise AssertionError(attempt.kind)
