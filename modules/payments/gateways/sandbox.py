"""The built-in provider: takes no real money, keeps its own book, and misbehaves on purpose.

The book (`sandbox_charge`, `sandbox_request`, `sandbox_fault`) stands in the payments schema for want of another place; only this
file touches it, in transactions of its own, as another company would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from infra.databases.prepared import prepared_cursor
from infra.identifiers import new_id
from infra.money import Money
from modules.payments.gateways.provider import (
    Answer,
    BadNotification,
    Declined,
    Movement,
    Notice,
    ProviderError,
    ProviderTimeout,
    StatementLine,
)
from modules.payments.gateways.standard_webhooks import BadSignature, signed_headers, verified_id

_ALIAS = "payments"

# One statement, so one commit. `ON CONFLICT` makes a key do its work once, whoever sends it at the same time.
_CHARGE = """
WITH request AS (
    INSERT INTO sandbox_request (key, kind, charge_ref, amount, currency, declined, made_at)
    VALUES (%(key)s, %(kind)s, %(ref)s, %(amount)s, %(currency)s, %(declined)s, clock_timestamp())
    ON CONFLICT (key) DO NOTHING RETURNING charge_ref
), charge AS (
    INSERT INTO sandbox_charge (ref, currency, authorised, captured, refunded, voided)
    SELECT charge_ref, %(currency)s, %(amount)s, %(captured)s, 0, FALSE FROM request WHERE %(declined)s = ''
)
SELECT count(*) FROM request
"""


class SandboxProvider:
    """Test cards: `card` works; `card_declined` is declined; `card_timeout` charges, but the answer is lost; `card_error` fails
    once for a key without charging, then works."""

    name = "sandbox"
    methods = frozenset({"card", "card_declined", "card_timeout", "card_error"})

    def charge(self, *, key: str, amount: Money, method: str, description: str) -> Answer:
        return self._take("charge", key, amount, method)

    def authorise(self, *, key: str, amount: Money, method: str, description: str) -> Answer:
        return self._take("authorise", key, amount, method)

    def capture(self, *, key: str, provider_ref: str, amount: Money) -> Answer:
        return self._change(
            "capture", key, provider_ref, amount,
            "UPDATE sandbox_charge SET captured = %(amount)s WHERE ref = %(ref)s AND currency = %(currency)s"
            " AND captured = 0 AND NOT voided AND authorised >= %(amount)s",
        )  # fmt: skip

    def void(self, *, key: str, provider_ref: str) -> Answer:
        return self._change(
            "void", key, provider_ref, None,
            "UPDATE sandbox_charge SET voided = TRUE WHERE ref = %(ref)s AND captured = 0 AND NOT voided",
        )  # fmt: skip

    def refund(self, *, key: str, provider_ref: str, amount: Money) -> Answer:
        return self._change(
            "refund", key, provider_ref, amount,
            "UPDATE sandbox_charge SET refunded = refunded + %(amount)s WHERE ref = %(ref)s"
            " AND currency = %(currency)s AND refunded + %(amount)s <= captured",
        )  # fmt: skip

    def find(self, *, key: str) -> Answer | None:
        known = self._rows("SELECT charge_ref, declined FROM sandbox_request WHERE key = %(key)s", {"key": key})
        if not known:
            return None
        ref, declined = known[0]
        return Answer(declined=declined) if declined else Answer(provider_ref=ref)

    def close(self, *, key: str) -> Answer | None:
        with transaction.atomic(using=_ALIAS, durable=True):
            closed = self._rows(
                "INSERT INTO sandbox_request (key, kind, charge_ref, amount, currency, declined, made_at)"
                " VALUES (%(key)s, 'close', '', 0, 'XXX', 'key_closed', clock_timestamp())"
                " ON CONFLICT (key) DO NOTHING RETURNING key",
                {"key": key},
            )
        return None if closed or self._kind_of(key) == "close" else self.find(key=key)

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        try:
            event_id = verified_id(secrets=self._secrets(), headers=headers, body=body, now=now)
            content = json.loads(body)
            data = content["data"]
            return Notice(
                event_id=event_id, kind=str(content["type"]), key=str(data["key"]), provider_ref=str(data["ref"])
            )
        except (BadSignature, ValueError, KeyError, TypeError) as error:
            raise BadNotification(str(error)) from error

    def webhook_for(
        self, *, key: str, kind: str, at: datetime, event_id: str | None = None
    ) -> tuple[dict[str, str], bytes]:
        """Return the signed headers and the body of the webhook that tells of a key (`payment.captured`).

        The sandbox has nowhere to send from: tests and demonstrations post it, as often and in any order they like.
        """
        answer = self.find(key=key) or Answer()
        content = {"type": kind, "timestamp": at.isoformat(), "data": {"key": key, "ref": answer.provider_ref}}
        body = json.dumps(content).encode()
        headers = signed_headers(
            secret=self._secrets()[0], event_id=event_id or f"msg_{new_id().hex}", at=at, body=body
        )
        return headers, body

    def statement(self) -> Iterator[StatementLine]:
        lines = self._rows(
            "SELECT key, charge_ref, kind, amount, currency, made_at FROM sandbox_request"
            " WHERE declined = '' AND kind IN ('charge', 'capture', 'refund') AND amount > 0 ORDER BY made_at, key",
            {},
        )
        for key, ref, kind, amount, currency, made_at in lines:
            movement = Movement.REFUNDED if kind == "refund" else Movement.CAPTURED
            yield StatementLine(
                key=key, provider_ref=ref, movement=movement, amount=Money(amount, currency), at=made_at
            )

    def _take(self, kind: str, key: str, amount: Money, method: str) -> Answer:
        if method == "card_error" and self._fails_first(key):
            raise ProviderError("The sandbox fails once for this card.")
        values = {
            "key": key,
            "kind": kind,
            "ref": f"ch_{new_id().hex}",
            "amount": amount.amount,
            "captured": amount.amount if kind == "charge" else 0,
            "currency": amount.currency,
            "declined": "card_declined" if method == "card_declined" else "",
        }
        is_new = self._rows(_CHARGE, values)[0][0]
        if is_new and method == "card_timeout":
            raise ProviderTimeout("The sandbox loses its answer for this card.")
        if is_new and not values["declined"]:
            return Answer(provider_ref=str(values["ref"]))
        return self._as_before(key)

    def _change(self, kind: str, key: str, ref: str, amount: Money | None, update: str) -> Answer:
        values = {
            "key": key,
            "kind": kind,
            "ref": ref,
            "amount": amount.amount if amount else 0,
            "currency": amount.currency if amount else "XXX",
        }
        with transaction.atomic(using=_ALIAS, durable=True):
            is_new = self._rows(
                "INSERT INTO sandbox_request (key, kind, charge_ref, amount, currency, declined, made_at)"
                " VALUES (%(key)s, %(kind)s, %(ref)s, %(amount)s, %(currency)s, '', clock_timestamp())"
                " ON CONFLICT (key) DO NOTHING RETURNING key",
                values,
            )
            if is_new and not self._rows(update + " RETURNING ref", values):
                self._rows(
                    "UPDATE sandbox_request SET declined = 'not_possible' WHERE key = %(key)s RETURNING key", values
                )
        return self._as_before(key)

    def _as_before(self, key: str) -> Answer:
        answer = self.find(key=key)
        if answer is None:
            raise ProviderError("The sandbox does not know the key.")
        if answer.declined:
            raise Declined(answer.declined)
        return answer

    def _fails_first(self, key: str) -> bool:
        return bool(
            self._rows(
                "INSERT INTO sandbox_fault (key) VALUES (%(key)s) ON CONFLICT DO NOTHING RETURNING key", {"key": key}
            )
        )

    def _kind_of(self, key: str) -> str:
        return str(self._rows("SELECT kind FROM sandbox_request WHERE key = %(key)s", {"key": key})[0][0])

    def _secrets(self) -> Sequence[str]:
        return list(settings.PAYMENT_WEBHOOK_SECRETS.get(self.name, ()))

    @staticmethod
    def _rows(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with prepared_cursor(_ALIAS) as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
