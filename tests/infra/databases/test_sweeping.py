"""What one test writes, the next does not see."""

from __future__ import annotations

import psycopg
from django.conf import settings

from tests import databases


def test_changed_rows_go_and_seeded_rows_come_back_as_they_were(sweeper: databases.Sweeper) -> None:
    with psycopg.connect(databases.admin_url(settings.DATABASES["shipping"]["NAME"]), autocommit=True) as connection:
        rates = "SELECT to_jsonb(t) FROM shipping.shipping_rate t ORDER BY 1"
        seeded = connection.execute(rates).fetchall()
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "DELETE FROM shipping.shipping_rate WHERE ctid = (SELECT max(ctid) FROM shipping.shipping_rate)"
        )
        connection.execute("INSERT INTO platform.django_session VALUES ('key', 'data', now())")

        sweeper.sweep()

        assert seeded
        assert connection.execute(rates).fetchall() == seeded
        assert connection.execute("SELECT count(*) FROM platform.django_session").fetchone() == (0,)


def test_the_tables_of_migrations_are_left_alone(sweeper: databases.Sweeper) -> None:
    with psycopg.connect(databases.admin_url(settings.DATABASES["shipping"]["NAME"]), autocommit=True) as connection:
        before = connection.execute("SELECT count(*) FROM shipping.django_migrations").fetchone()

        sweeper.sweep()

        assert connection.execute("SELECT count(*) FROM shipping.django_migrations").fetchone() == before != (0,)
