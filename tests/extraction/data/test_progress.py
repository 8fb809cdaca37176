"""Figures of a stream are those of its rows, and a waiting caller is told the truth."""

from __future__ import annotations

import threading

import pytest

from infra.extraction.data.errors import NotYetThere
from infra.extraction.data.pace import Pace
from infra.extraction.data.progress import progress, wait_for
from tests.extraction.data.shop import Pair, fill


def test_progress_follows_the_copy_and_counts_what_waits(pair: Pair) -> None:
    with pair.application() as shop, pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        fill(shop)
        source.execute("ANALYZE")
        pair.begin()
        sides = (pair.source, pair.target)
        with pair.applier(pace=Pace(rows=30, least=30, most=30)) as applier:
            assert progress(source, target, sides, applier.tables).share == 0
            applier.step()
            assert 0 < progress(source, target, sides, applier.tables).share < 1
            applier.copy_all()
            shop.execute("INSERT INTO xshop.tag VALUES ('a'), ('b')")
            behind = progress(source, target, sides, applier.tables)
            assert (behind.share, behind.waiting, behind.lag_seconds > 0) == (1, 2, True)
            applier.step()
            level = progress(source, target, sides, applier.tables)
            assert (level.waiting, level.lag_seconds, level.consistent) == (0, 0, True)


def test_a_caller_waits_for_its_own_write_and_no_longer_than_it_said(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.owner(pair.target) as target, pair.applier() as applier:
        applier.copy_all()
        shop.execute("BEGIN; INSERT INTO xshop.tag VALUES ('mine')")
        xid = str(shop.execute("SELECT pg_current_xact_id()").fetchall()[0][0])
        shop.execute("COMMIT")
        with pytest.raises(NotYetThere):
            wait_for(target, pair.target, xid, seconds=0.05)
        stop, nudge = threading.Event(), threading.Event()
        following = threading.Thread(target=applier.follow, args=(stop, nudge))
        following.start()
        try:
            wait_for(target, pair.target, xid, seconds=10)
            assert target.execute("SELECT count(*) FROM xshop_elsewhere.tag").fetchall() == [(1,)]
        finally:
            stop.set()
            following.join()
