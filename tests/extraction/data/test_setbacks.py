"""A server that was replaced or set back is never continued blindly, and there is a way out without a new copy."""

from __future__ import annotations

import pytest

from infra.extraction.data import log, stream
from infra.extraction.data.comparison import compare, repair
from infra.extraction.data.errors import NotYetThere, SourceChanged, TargetChanged
from infra.extraction.data.progress import progress, wait_for
from tests.extraction.data.shop import Pair, fill


def set_target_back(pair: Pair) -> None:
    """Carry something, then have the target as it was before, as a restored backup would; the log no longer knows."""
    with pair.application() as shop, pair.owner(pair.target) as target, pair.owner(pair.source) as source:
        with pair.applier() as applier:
            applier.copy_all()
            before = applier.position
            shop.execute("INSERT INTO xshop.tag VALUES ('lost'); DELETE FROM xshop.tag WHERE name = 't7'")
            applier.step()
            log.purge(source, pair.source, applier.position.cursor)
        target.execute(
            f"UPDATE {pair.target.control_schema}.stream SET cursor = %s, steps = %s", [before.cursor, before.steps]
        )
        target.execute("DELETE FROM xshop_elsewhere.tag WHERE name = 'lost'")
        target.execute("INSERT INTO xshop_elsewhere.tag VALUES ('t7')")


def come_back(pair: Pair) -> None:
    """Readmit the stream, compare everything, repair; it is suspect until a comparison of everything finds nothing."""
    with pair.owner(pair.source) as source, pair.owner(pair.target) as target:
        sides = (pair.source, pair.target)
        stream.readmit(source, target, sides)
        with pair.applier() as applier:
            applier.step()
            assert not progress(source, target, sides, applier.tables).consistent
            with pytest.raises(NotYetThere):
                wait_for(target, pair.target, "5", seconds=0.02)
            found = compare(applier, everything=True).differences
            assert len(found) == 2
            assert not progress(source, target, sides, applier.tables).consistent
            repair(applier, found)
            assert compare(applier, everything=True).differences == ()
            assert progress(source, target, sides, applier.tables).consistent
            wait_for(target, pair.target, "5", seconds=5)
    assert pair.differences() == {}


def test_a_target_that_was_set_back_is_refused_and_readmitted_through_a_full_comparison(pair: Pair) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    set_target_back(pair)
    with pytest.raises(TargetChanged, match="Readmit"), pair.applier():
        pass
    come_back(pair)


def test_a_target_that_is_another_server_now_is_refused(pair: Pair) -> None:
    pair.begin()
    with pair.applier() as applier, pair.owner(pair.target) as target:
        applier.copy_all()
        target.execute(
            f"UPDATE {pair.target.control_schema}.stream SET target = regexp_replace(target, '/0*1/', '/00000002/')"
        )
    with pytest.raises(TargetChanged, match="is not the server"), pair.applier():
        pass


def test_a_source_that_was_set_back_is_refused_though_it_bears_the_same_name(pair: Pair) -> None:
    with pair.application() as shop, pair.owner(pair.target) as target, pair.owner(pair.source) as source:
        fill(shop)
        pair.begin()
        with pair.applier() as applier:
            applier.copy_all()
        target.execute(
            f"UPDATE {pair.target.control_schema}.stream SET cursor = pg_snapshot_in(%s)", ["99999999:99999999:"]
        )
        with pytest.raises(SourceChanged, match="set back"), pair.applier():
            pass
        stream.readmit(source, target, (pair.source, pair.target))
        with pair.applier() as applier:
            assert compare(applier, everything=True).differences == ()
        assert not stream.read(target, pair.target).suspect
