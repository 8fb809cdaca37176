"""What this process keeps open, and gives back."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import connections

from infra.databases.pools import close_broken, pools_of

ALIAS = settings.MANIFESTS[0].name


@pytest.mark.usefixtures("database")
def test_after_one_broke_no_idle_connection_of_the_pool_is_a_dead_one() -> None:
    connections[ALIAS].ensure_connection()
    (pool,) = pools_of(ALIAS)
    idle = [pool.getconn() for _ in range(2)]
    for each in idle:
        pool.putconn(each)
    with connections[ALIAS].cursor() as cursor:
        for each in idle:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [each.info.backend_pid])

    close_broken(ALIAS)

    with pool.connection() as first, pool.connection() as second, pool.connection() as third:
        assert [each.execute("SELECT 1").fetchone() for each in (first, second, third)] == [(1,)] * 3
