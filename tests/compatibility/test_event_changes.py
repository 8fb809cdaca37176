"""Events are read in both directions: today's by hearers built before, and those that wait in outboxes by today's."""

from __future__ import annotations

import msgspec
import pytest

from infra.compatibility.changes import event_changes
from infra.compatibility.descriptions import describe_event
from infra.compatibility.examples import invented, sparse, typical
from infra.events.declaration import Format
from tests.compatibility.versions import Edit, version


def places(*edits: Edit) -> list[tuple[str, str]]:
    found = event_changes(describe_event(version().event), describe_event(version(*edits).event))
    return [(change.rule.id, change.place) for change in found]


PLANTED: dict[str, tuple[Edit, str]] = {
    "a field removed": (("    visitors: int\n", ""), "visitors"),
    "an optional field removed": (('    place: str = ""\n', ""), "place"),
    "a field renamed": (("    visitors: int\n", "    guests: int\n"), "visitors"),
    "another type": (("    visitors: int\n", "    visitors: str\n"), "visitors"),
    "a wider type": (("    tree_id: UUID\n    label", "    tree_id: str\n    label"), "tree_id"),
    "a field that may be None now": (("    visitors: int\n", "    visitors: int | None\n"), "visitors"),
    "a field that may no longer be None": (("    label: str | None\n    planted_at", "    label: str\n    planted_at"), "label"),
    "a new field without a default": (("    visitors: int\n", "    visitors: int\n    owner: str\n"), "owner"),
    "a default taken away": (('    place: str = ""\n', "    place: str\n"), "place"),
    "more members of an enumeration": (('    TALL = "TALL"\n', '    TALL = "TALL"\n    MIDDLE = "MIDDLE"\n'), "height"),
    "fewer members of an enumeration": (('    TALL = "TALL"\n', ""), "height"),
    "a new field inside a field without a default": (("    least: int\n", "    least: int\n    unit: str\n"), "bounds.unit"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "place"), PLANTED.values(), ids=PLANTED)
def test_a_breaking_change_is_caught(edit: Edit, place: str) -> None:
    assert ("BND605", place) in places(edit)


def test_another_ordering_key_is_caught() -> None:
    edits = (('    stream: ClassVar[str] = "tree_id"\n', '    stream: ClassVar[str] = "visitors"\n'),)

    assert places(*edits) == [("BND605", "stream")]


def test_an_event_that_is_gone_is_caught() -> None:
    (change,) = event_changes(describe_event(version().event), None)

    assert (change.rule.id, change.subject) == ("BND601", "trees.planted.v1")


INNOCENT: dict[str, tuple[Edit, ...]] = {
    "nothing": (),
    "a new field with a default": (("    visitors: int\n", '    visitors: int\n    owner: str = ""\n'),),
    "a new field that may be None": (("    visitors: int\n", "    visitors: int\n    owner: str | None = None\n"),),
    "a field that gets a default": (("    visitors: int\n", "    visitors: int = 0\n"),),
    "a new field with a default inside a field": (("    least: int\n", '    least: int\n    unit: str = "m"\n'),),
    "more members where readers are tolerant": (('    SPRING = "SPRING"\n', '    SPRING = "SPRING"\n    AUTUMN = "AUTUMN"\n'),),
    "a class of a field with another name": (
        ("class Bounds:", "class Limits:"),
        ("    bounds: Bounds\n", "    bounds: Limits\n"),
        ("bounds: Bounds, since", "bounds: Limits, since"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("edits", INNOCENT.values(), ids=INNOCENT)
def test_its_innocent_twin_is_not_reported_and_read_by_both_versions(edits: tuple[Edit, ...]) -> None:
    released, present = version(), version(*edits)

    assert event_changes(describe_event(released.event), describe_event(present.event)) == []
    for writer, reader in ((released, present), (present, released)):
        for value in (typical(writer.event), sparse(writer.event), *invented(writer.event, 8)):
            Format(reader.event).decode(Format(writer.event).encode(value))


@pytest.mark.parametrize(
    "name", sorted(set(PLANTED) - {"an optional field removed"})  # it is read, without what it said
)  # fmt: skip
def test_what_is_called_breaking_is_not_read_by_one_of_the_versions(name: str) -> None:
    released, present = version(), version(PLANTED[name][0])
    broken = 0

    for writer, reader in ((released, present), (present, released)):
        for value in (typical(writer.event), sparse(writer.event), *invented(writer.event, 8)):
            try:
                Format(reader.event).decode(msgspec.json.encode(value))
            except msgspec.ValidationError:
                broken += 1

    # A default that was taken away shows only with events from before the field was there.
    assert broken or name == "a default taken away"
