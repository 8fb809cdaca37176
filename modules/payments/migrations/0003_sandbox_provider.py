"""The sandbox provider's own book. No model: payments' code must not reach for it."""

from django.db import migrations

_BOOK = """
CREATE TABLE sandbox_charge (
    ref text PRIMARY KEY,
    currency char(3) NOT NULL,
    authorised bigint NOT NULL CHECK (authorised >= 0),
    captured bigint NOT NULL CHECK (captured BETWEEN 0 AND authorised),
    refunded bigint NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    voided boolean NOT NULL CHECK (NOT (voided AND captured > 0))
);
CREATE TABLE sandbox_request (
    key text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('charge', 'authorise', 'capture', 'void', 'refund', 'close')),
    charge_ref text NOT NULL,
    amount bigint NOT NULL,
    currency char(3) NOT NULL,
    declined text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE TABLE sandbox_fault (key text PRIMARY KEY);
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_guards")]
    operations = [migrations.RunSQL(_BOOK, reverse_sql="DROP TABLE sandbox_charge, sandbox_request, sandbox_fault")]
