"""A first copy makes way for others, says for what, and comes back; a log that grows raises an alarm, then is given up."""

from __future__ import annotations

import pytest

from infra.extraction.data import log
from infra.extraction.data.governor import Governor, Limits, Load, measure
from infra.extraction.data.growth import Growth, GrowthLimits, Urgency, growth, judge, log_rows
from tests.extraction.data.shop import Pair

TOO_MUCH = {
    "commit": (Load(commit_seconds=0.5), "a commit on the source takes 500 ms instead of 1 ms"),
    "source": (Load(source_sessions=99), "99 sessions are at work on the source (limit 48)"),
    "target": (Load(target_sessions=99), "99 sessions are at work on the target (limit 48)"),
    "replica": (Load(replica_seconds=31), "a replica is 31 s behind (limit 10 s)"),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_under_load_streams_are_halved_until_none_is_left_and_come_back_one_by_one(what: str) -> None:
    load, reason = TOO_MUCH[what]
    governor = Governor(most=4, streams=4, usual_commit_seconds=0.001)
    seen = []
    for _ in range(4):
        governor.decide(load)
        seen.append(governor.streams)
        assert governor.reason == reason
    assert seen == [2, 1, 0, 0]
    for streams in (1, 2, 3, 4):
        governor.decide(Load(commit_seconds=0.002))
        assert governor.streams == streams
    assert governor.reason == ""


def test_a_limit_that_is_none_judges_nothing() -> None:
    limits = Limits(slowdown=None, source_sessions=None, target_sessions=None, replica_seconds=None)
    governor = Governor(limits, most=2, streams=2, usual_commit_seconds=0.001)
    governor.decide(Load(commit_seconds=9, source_sessions=999, target_sessions=999, replica_seconds=999))
    assert (governor.streams, governor.reason) == (2, "")


def test_a_fast_disk_may_become_slower_before_anybody_feels_it() -> None:
    governor = Governor(most=1, streams=1, usual_commit_seconds=0.0002)
    governor.decide(Load(commit_seconds=0.01))
    assert governor.streams == 1


def test_others_at_work_are_counted_and_our_own_sessions_are_not(pair: Pair) -> None:
    pair.begin()
    with pair.application() as shop, pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        limits = Limits(source_sessions=0, look_seconds=0, slowdown=None, target_sessions=None)
        governor = Governor(limits, most=2)
        shop.execute("BEGIN")
        shop.execute("INSERT INTO xshop.tag VALUES ('a')")
        load = measure(source, target, pair.source)
        assert load.source_sessions >= 1
        assert load.commit_seconds > 0
        assert governor.look(source, target, pair.source, paused="") == 1
        assert "at work on the source" in governor.reason
        shop.execute("COMMIT")


def test_a_log_that_nobody_empties_is_seen_from_the_source_alone(pair: Pair) -> None:
    with pair.owner(pair.source) as source, pair.application() as shop:
        pair.begin()
        empty = growth(source, pair.source)
        shop.execute("INSERT INTO xshop.tag SELECT 't' || i FROM generate_series(1, 5000) i")
        full = growth(source, pair.source)
        assert empty is not None
        assert full is not None
        assert full.size_bytes > empty.size_bytes
        assert log_rows(source, pair.source) == 5000
        source.execute("UPDATE xshop_xtr.capture SET carried_at = carried_at - interval '2 minutes'")
        late = growth(source, pair.source)
        assert late is not None
        assert late.seconds > 120
        with pair.applier() as applier:
            applier.copy_all()
            log.purge(source, pair.source, applier.position.cursor)
        fresh = growth(source, pair.source)
        assert fresh is not None
        assert fresh.seconds < 60
        assert log_rows(source, pair.source) == 0
        assert fresh.size_bytes < full.size_bytes, "a purged log is vacuumed"


def test_a_log_asks_for_an_alarm_first_and_to_be_given_up_later() -> None:
    limits = GrowthLimits(alarm_bytes=10, alarm_seconds=60, give_up_bytes=100, give_up_seconds=600)
    asked = {
        (9, 59.0): Urgency.NONE,
        (10, 0.0): Urgency.ALARM,
        (0, 60.0): Urgency.ALARM,
        (100, 0.0): Urgency.GIVE_UP,
        (0, 600.0): Urgency.GIVE_UP,
    }
    for (size, seconds), urgency in asked.items():
        judged = judge(Growth(size_bytes=size, seconds=seconds), limits)
        assert judged.urgency is urgency
        assert bool(judged.reason) is (urgency is not Urgency.NONE)


def test_a_transaction_that_is_open_for_hours_keeps_no_others_keys_in_the_log(pair: Pair) -> None:
    pair.begin()
    with (
        pair.application() as long,
        pair.application() as shop,
        pair.owner(pair.source) as source,
        pair.applier() as applier,
    ):
        applier.copy_all()
        long.execute("BEGIN")
        long.execute("INSERT INTO xshop.tag VALUES ('long')")
        for number in range(20):
            shop.execute("INSERT INTO xshop.tag VALUES (%s)", [f"short {number}"])
        applier.step()
        assert log.purge(source, pair.source, applier.position.cursor) == 20
        long.execute("COMMIT")
        applier.step()
    assert pair.differences() == {}
