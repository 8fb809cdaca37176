"""Recorded bytes are read as they were: what a comparison of types cannot see, the bytes show."""

from __future__ import annotations

from infra.compatibility.payloads import (
    as_lines,
    from_lines,
    record_contract,
    record_event,
    replay_contract,
    replay_event,
)
from tests.compatibility.versions import Edit, version

# Both look the same from outside: a text stays a text, a number a number.
ALTERED = """{field}

    def __post_init__(self) -> None:
        object.__setattr__(self, {change})
"""
NOTES, PLACE = '    notes: str = ""\n', '    place: str = ""\n'
SHORTENED: Edit = (NOTES, ALTERED.format(field=NOTES, change='"name", self.name[:3]'))
COUNTED_ANEW: Edit = (PLACE, ALTERED.format(field=PLACE, change='"visitors", self.visitors + 1'))
GREW: Edit = ("    name: str\n    label", '    name: str\n    owner: str = ""\n    label')


def test_a_recording_holds_every_part_of_a_contract() -> None:
    parts = [part for part, _ in record_contract(version().contract)]

    assert set(parts) == {
        *("find arguments", "find result", "find error"),
        *("plant arguments", "plant result"),
        *("fell arguments", "fell result"),
    }
    assert parts.count("find result") >= 5


def test_a_recording_is_the_same_each_time() -> None:
    assert record_contract(version().contract) == record_contract(version().contract)
    assert record_event(version().event) == record_event(version().event)


def test_a_recording_comes_back_from_its_file_byte_by_byte() -> None:
    recording = [*record_contract(version().contract), ("find arguments", '{"name":"\u2028 \x85 \\n"}'.encode())]

    assert from_lines(as_lines(recording)) == recording


def test_what_has_not_changed_reads_its_recording() -> None:
    recording = record_contract(version().contract)

    assert replay_contract(version().contract, recording, set()) == []


def test_a_contract_that_grew_reads_its_recording() -> None:
    recording = record_contract(version().contract)

    assert replay_contract(version(GREW).contract, recording, set()) == []


def test_a_type_that_looks_the_same_and_reads_something_else_is_caught() -> None:
    recording = record_contract(version().contract)

    changes = replay_contract(version(SHORTENED).contract, recording, set())

    assert {(change.rule.id, change.subject) for change in changes} == {("BND606", "trees.v1 find")}
    assert "`0.name` was 'name Grüße' and is read as 'nam'" in changes[0].sentence


def test_a_recording_that_cannot_be_read_is_caught_with_the_reason() -> None:
    recording = record_contract(version().contract)

    changes = replay_contract(version(('    TALL = "TALL"\n', "")).contract, recording, set())

    assert changes
    assert all("Invalid enum value 'TALL'" in change.sentence for change in changes)


def test_what_was_reported_in_words_is_not_reported_for_each_payload_again() -> None:
    recording = record_contract(version().contract)

    assert replay_contract(version(SHORTENED).contract, recording, {"trees.v1 find result"}) == []


def test_an_error_that_lost_a_member_still_reads_its_recording() -> None:
    """Members are open on the wire; that one is missing is for the description to say."""
    recording = record_contract(version().contract)

    assert replay_contract(version(("; `felled_on`, when", "")).contract, recording, set()) == []


def test_a_recorded_event_is_read_as_it_was() -> None:
    recording = record_event(version().event)

    assert replay_event(version().event, recording) == []


def test_a_recorded_event_that_is_read_as_something_else_is_caught() -> None:
    recording = record_event(version().event)

    changes = replay_event(version(COUNTED_ANEW).event, recording)

    assert {(change.rule.id, change.subject) for change in changes} == {("BND606", "trees.planted.v1")}
    assert "`visitors` was 2 and is read as 3" in changes[0].sentence
