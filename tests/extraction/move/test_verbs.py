"""The verbs of a move one after the other: what each leaves, what it refuses, what a repeat does."""

from __future__ import annotations

from infra.extraction.move import operations
from infra.extraction.move.verifying import applier_of
from infra.extraction.record.changing import history, read
from tests.extraction.move.place import MODULE, Place

ADA, WHY = "ada", "to try it"


def carry(place: Place) -> None:
    where = read(MODULE)
    source, target = place.sides if where.home == "monolith" else place.sides[::-1]
    with applier_of(source, target) as applier:
        applier.copy_all()
        applier.step()


def test_the_whole_way_there_and_back_and_there_again(place: Place) -> None:
    monolith, service = place.sides
    place.write(monolith)

    shared = operations.share(MODULE, who=ADA, why=WHY)
    copying = operations.begin_copy(MODULE, carrier=False, who=ADA, why=WHY)
    carry(place)
    place.write(monolith)
    there = operations.switch(MODULE, who=ADA, why=WHY)

    assert (shared.phase, shared.service, copying.phase) == ("shared_database", place.address, "dual_write")
    assert (there.where.phase, there.where.database, there.where.share("writes"), there.where.hold) == (
        "switched",
        "service",
        100,
        False,
    )
    assert [place.may_write(side) for side in place.sides] == [False, True]
    assert place.rows(monolith) == place.rows(service)

    place.write(service)
    carry(place)
    back = operations.reverse(MODULE, who=ADA, why=WHY)

    assert (back.where.phase, back.where.database, back.where.home) == ("dual_write", "monolith", "monolith")
    assert [place.may_write(side) for side in place.sides] == [True, False]
    place.write(monolith)
    again = operations.switch(MODULE, who=ADA, why=WHY)
    place.write(service)
    assert again.where.phase == "switched"
    assert (len(place.keys(service)), place.wrong(service)) == (5, [])
    assert [change.who for change in history(MODULE)] == ["ada"] * len(history(MODULE))
