"""The workload against the shop as it is, and each invariant against a defect that breaks it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg.rows import TupleRow

from tests.databases import admin_url
from tests.faults.shop_floor import STAFF, employ, evidence_here, open_the_shop
from tests.faults.workload.homes import judge_at_rest
from tests.faults.workload.journal import Journal, read
from tests.faults.workload.oracles import Evidence, Watch, invariants, judge, take_baselines
from tests.faults.workload.statistics import Statistics
from tests.faults.workload.traffic import Workload
from tests.shop_process import ShopProcess
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("database")

SEED = int(os.environ.get("FAULTS_SEED", "4"))
ENOUGH = {"place an order": 30, "cancel an order": 2, "refund": 2, "dispatch": 2, "receive goods": 1}

ANY_CONFIRMED = "(SELECT id FROM orders.orders_order WHERE status = 'CONFIRMED' ORDER BY id LIMIT 1)"
CHARGED = (
    "(SELECT id FROM payments.payments_attempt WHERE kind = 'CHARGE' AND status = 'SUCCEEDED' ORDER BY id LIMIT 1)"
)
# What breaks each invariant, planted with triggers and foreign keys off.
DEFECTS = {
    "the ledger balances": "UPDATE payments.payments_posting SET amount = amount + 1"
    " WHERE id = (SELECT id FROM payments.payments_posting ORDER BY id LIMIT 1)",
    "the ledger holds what the payments say": "INSERT INTO payments.payments_posting (id, entry_id, account_id, payment_id,"
    " amount, currency) SELECT gen_random_uuid(), entry_id, account_id, payment_id, amount, currency"
    " FROM payments.payments_posting WHERE entry_id = (SELECT max(entry_id::text)::uuid FROM payments.payments_posting)",
    "the provider was asked for what we booked, once": "INSERT INTO payments.sandbox_request"
    " SELECT gen_random_uuid()::text, kind, charge_ref, amount, currency, declined, made_at"
    f" FROM payments.sandbox_request WHERE key = {CHARGED}::text",
    "a confirmed order is paid once, a cancelled one given back": "UPDATE payments.payments_payment"
    f" SET captured = captured * 2, amount = amount * 2 WHERE order_id = {ANY_CONFIRMED}",
    "an acknowledged refund was made once": "DELETE FROM payments.payments_attempt WHERE kind = 'REFUND'"
    " AND reason LIKE 'Scratched%'",
    "documents are numbered without gaps and agree with the payments": "DELETE FROM payments.payments_invoice"
    " WHERE id = (SELECT id FROM payments.payments_invoice WHERE kind = 'INVOICE' ORDER BY id LIMIT 1)",
    "nothing is oversold": "ALTER TABLE catalog.catalog_stock DROP CONSTRAINT stock_not_oversold;"
    "UPDATE catalog.catalog_stock SET reserved = on_hand + 1 WHERE variant_id = (SELECT min(variant_id::text)::uuid"
    " FROM catalog.catalog_stock)",
    "what is reserved is held by somebody": "UPDATE catalog.catalog_stock SET reserved = 1"
    " WHERE variant_id = (SELECT max(variant_id::text)::uuid FROM catalog.catalog_stock)",
    "stock is the sum of its movements": "UPDATE catalog.catalog_stock SET on_hand = on_hand - 1"
    " WHERE variant_id = (SELECT max(variant_id::text)::uuid FROM catalog.catalog_stock)",
    "each confirmed order took its pieces once, each cancelled one gave them back": "DELETE FROM catalog.catalog_movement"
    " WHERE id = (SELECT id FROM catalog.catalog_movement WHERE reason = 'sold' ORDER BY id LIMIT 1)",
    "a delivery of goods is counted once": "INSERT INTO catalog.catalog_movement (id, variant_id, quantity, reason,"
    " reference) SELECT gen_random_uuid(), variant_id, quantity, reason, reference FROM catalog.catalog_movement"
    " WHERE reference LIKE 'delivery %' LIMIT 1",
    "each confirmation was counted exactly once by who hears it": "UPDATE catalog.catalog_popularity"
    " SET pieces_sold = pieces_sold * 2 WHERE pieces_sold > 0",
    "a confirmed order has one parcel, a cancelled one none": "DELETE FROM shipping.shipping_shipment"
    f" WHERE order_id = {ANY_CONFIRMED}",
    "a parcel that was acknowledged as dispatched has left": "DELETE FROM shipping.shipping_shipment"
    " WHERE dispatched_at IS NOT NULL",
    "an acknowledged account exists once": "DELETE FROM users.users_customer WHERE email LIKE 'c-%'",
    "an acknowledged address exists": "DELETE FROM users.users_address WHERE id = (SELECT id FROM users.users_address"
    " ORDER BY id DESC LIMIT 1)",
    "each confirmed order is told to its customer once": "DELETE FROM users.users_notification"
    " WHERE kind = 'ORDER_CONFIRMED' AND order_id = (SELECT max(order_id::text)::uuid FROM users.users_notification"
    " WHERE kind = 'ORDER_CONFIRMED')",
    "announced facts are numbered without gaps": "UPDATE orders.outbox_stream SET last_seq = last_seq + 1"
    " WHERE key = (SELECT min(key) FROM orders.outbox_stream)",
    "every announced fact was handed over": "INSERT INTO orders.outbox_ready (stream, seq)"
    " SELECT stream, seq FROM orders.outbox_event LIMIT 1",
    "every fact that was handed over is handled, by each who hears it": "UPDATE catalog.inbox_stream SET position = 0"
    " WHERE key = (SELECT min(key) FROM catalog.inbox_stream)",
    "nobody heard of what was never announced": "UPDATE users.inbox_stream SET position = position + 5"
    " WHERE key = (SELECT min(key) FROM users.inbox_stream)",
    "a cancellation that was acknowledged stands": "UPDATE orders.orders_order SET status = 'CONFIRMED',"
    " cancellation_reason = '' WHERE cancellation_reason = 'customer_request'",
    "every checkout ends": f"UPDATE orders.orders_checkout SET state = 'RUNNING' WHERE order_id = {ANY_CONFIRMED}",
    "an order is cut from one piece": "DELETE FROM orders.orders_orderline"
    " WHERE id = (SELECT id FROM orders.orders_orderline ORDER BY id LIMIT 1)",
    "an idempotency key made one order, or none where nobody was told of any": "INSERT INTO orders.orders_order"
    " SELECT (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'number', 'TWICE',"
    " 'customer_id', gen_random_uuid(), 'cart_id', null))).* FROM orders.orders_order o"
    f" WHERE id = {ANY_CONFIRMED}",
    "an acknowledged order exists, as it was acknowledged or later": "DELETE FROM orders.orders_order"
    f" WHERE id = {ANY_CONFIRMED}",
    "who serves a module may do at its home what it might before, and no more": "REVOKE INSERT ON users.users_address FROM users",
    "no trigger and no constraint of a module is switched off at its home": "ALTER TABLE orders.orders_order"
    " DISABLE TRIGGER orders_are_kept",
}
SEEN_ELSEWHERE = {"no transaction hangs, and nobody waits for a lock"}


def test_a_day_in_the_shop_breaks_nothing_and_each_planted_defect_is_seen(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    open_the_shop()
    file = tmp_path / "journal.jsonl"
    with ShopProcess(tmp_path) as shop, Journal(file) as journal:
        employ(shop.url)
        evidence = evidence_here(journal)
        take_baselines(evidence)
        workload = Workload(shop.url, journal, seed=SEED, staff=STAFF)
        with workload, Watch(evidence, every_seconds=0.5) as watch:
            eventually(lambda: has_happened(workload), f"{ENOUGH} happened", seconds=120)
        summary = workload.summary()

        assert not summary.failures, summary.failures[:5]
        assert not watch.convictions
        assert watch.looks > 2
        assert not judge_at_rest(evidence)
    assert [operation.intent.id for operation in read(file)] == [each.intent.id for each in journal.operations()]
    assert set(ENOUGH) <= {operation.intent.operation for operation in read(file)}
    each_defect_is_seen(evidence, subtests)


def has_happened(workload: Workload) -> bool:
    summary = workload.summary()
    assert not summary.failures, (SEED, summary.failures[:5])
    counts = summary.by_operation
    return all(counts.get(name, 0) >= least for name, least in ENOUGH.items())


class WithinTransaction(Evidence):
    """Evidence as one open transaction sees it, so that planted defects are gone when it is rolled back."""

    def __init__(self, evidence: Evidence, transaction: psycopg.Connection[TupleRow]) -> None:
        super().__init__(evidence.journal, evidence.login, evidence.modules, evidence.hears, evidence.baseline)
        self._transaction = transaction

    @contextmanager
    def connection(self, module: str) -> Iterator[psycopg.Connection[TupleRow]]:
        _, schema = self.login(module)
        self._transaction.execute(f"SET LOCAL search_path TO {schema}")
        yield self._transaction


def each_defect_is_seen(evidence: Evidence, subtests: pytest.Subtests) -> None:
    assert {one.name for one in invariants()} == DEFECTS.keys() | SEEN_ELSEWHERE, "an invariant without a defect"
    with psycopg.connect(admin_url(connections["default"].settings_dict["NAME"])) as owner:
        for name, defect in DEFECTS.items():
            with subtests.test(name):
                owner.execute("SET LOCAL session_replication_role = replica")
                changed = [owner.execute(statement).rowcount for statement in defect.split(";")]
                assert any(changed), "the defect found nothing to break"

                found = judge(WithinTransaction(evidence, owner))
                owner.rollback()
                assert name in {conviction.invariant for conviction in found}


def test_a_transaction_that_hangs_is_seen(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl") as journal:
        evidence = evidence_here(journal)
        take_baselines(evidence)
        with psycopg.connect(admin_url(connections["default"].settings_dict["NAME"])) as hanging:
            hanging.execute("SELECT pg_sleep(0)")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("tests.faults.workload.invariants.leftovers._HANGING_SECONDS", 0)
                convictions = judge(evidence)

    assert settings.MODULES[0] in convictions[0].text
    assert {conviction.invariant for conviction in convictions} == SEEN_ELSEWHERE


def test_silence_counts_also_when_it_has_not_ended() -> None:
    statistics = Statistics()
    statistics.note(operation="browse", at=0.1, seconds=0.1, verdict="done", text="", changes=False)

    eventually(lambda: statistics.summary().longest_gap_seconds > 0.3, "the open interval is counted")

    assert statistics.summary().longest_write_gap_seconds >= statistics.summary().longest_gap_seconds
