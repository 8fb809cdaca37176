"""The planted defects that the suite must see, each with the tests that see it: a table, and nothing else."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One way to build it wrongly."""

    sentence: str
    killed_by: tuple[str, ...]  # node ids, from the repository's root


_DATA = "tests/extraction/data/test_mutants.py::test_the_planted_defect_is_seen"
_SWITCH = "tests/extraction/switch/test_mutants.py::test_the_planted_defect_is_seen"
_CALLS = "tests/extraction/calls"
_MODEL = "tests/extraction/switch/test_model.py::test_a_mistake_in_the_switch_is_seen"

MUTANTS: dict[str, Mutant] = {
    "M1": Mutant("the cursor is the highest number seen", (f"{_DATA}[M1 the cursor is the highest number seen]",)),
    "M2": Mutant(
        "a chunk and the log are read in different snapshots",
        (
            f"{_DATA}[M2 rows and cursor are of different snapshots]",
            f"{_DATA}[chunks of a round are of snapshots of their own]",
        ),
    ),
    "M3": Mutant(
        "the cursor is committed apart from the rows", (f"{_DATA}[M3 the cursor is committed apart from the rows]",)
    ),
    "M4": Mutant(
        "the frontier is ignored",
        (
            f"{_DATA}[M4 keys beyond the frontier are carried]",
            f"{_DATA}[M4b keys behind the frontier are not]",
            f"{_DATA}[a chunk is committed before the one below it]",
        ),
    ),
    "M5": Mutant("nothing is deleted", (f"{_DATA}[M5 nothing is deleted]",)),
    "M6": Mutant("rows are applied before the lease is compared", (f"{_DATA}[M6 the lease is not compared]",)),
    "M7": Mutant(
        "a fence, and nobody waits for who was let in before it",
        (
            f"{_SWITCH}[M7 the fence stands, and nobody waits for who was let in before]",
            f"{_MODEL}[fence_without_drain]",
        ),
    ),
    "M8": Mutant(
        "it waits for writers, and there is no fence",
        (f"{_SWITCH}[M8 it waits for writers, and the right to write goes late]", f"{_MODEL}[drain_without_fence]"),
    ),
    "M9": Mutant(
        "only the gate's row changes, and no privilege",
        (f"{_SWITCH}[M9 the gate's row changes, and no privilege]", f"{_MODEL}[gate_without_privilege]"),
    ),
    "M10": Mutant(
        "a recovery leaves the epoch as it was",
        (
            f"{_SWITCH}[M10 the way back leaves the epoch as it was]",
            f"{_MODEL}[same_epoch_on_the_way_back]",
        ),
    ),
    "M11": Mutant(
        "privileges are granted and revoked without a compare-and-set",
        (
            f"{_SWITCH}[M11 rows and privileges are set without comparing]",
            f"{_SWITCH}[M11b the same, of two coordinators]",
            f"{_MODEL}[no_compare]",
        ),
    ),
    "M12": Mutant(
        "the target opens before the source gave the truth away",
        (f"{_SWITCH}[M12 the target opens before the source gave]", f"{_MODEL}[open_before_given]"),
    ),
    "M13": Mutant(
        "the way back's cursor is taken after the target opened",
        (f"{_SWITCH}[M13 the way back begins after the target opened]", f"{_MODEL}[cursor_after_opening]"),
    ),
    "M14": Mutant("sequences are not advanced", (f"{_SWITCH}[M14 sequences stay where they were]",)),
    "M15": Mutant("an update of the key logs only the new key", (f"{_DATA}[M15 an update logs only the new key]",)),
    "M16": Mutant("capture does not fire in replica sessions", (f"{_DATA}[M16 the triggers don't fire always]",)),
    "M17": Mutant(
        "the relay of the old side is not fenced",
        (
            f"{_CALLS}/test_events.py::test_a_relay_that_goes_on_at_the_old_side_is_stopped_by_the_fence_alone[False]",
            f"{_CALLS}/test_events.py::test_a_relay_that_goes_on_at_the_old_side_is_stopped_by_the_fence_alone[True]",
        ),
    ),
    "M18": Mutant(
        "the table of idempotency keys stays behind",
        (f"{_CALLS}/test_keys.py::test_without_the_table_of_keys_it_would_be_done_twice",),
    ),
    "M19": Mutant(
        "what may have been done is asked for again with a new key",
        (f"{_CALLS}/test_repeats.py::test_a_retry_with_a_new_key_would_do_it_twice",),
    ),
    "M20": Mutant(
        "a server of another timeline, or one that was set back, is continued",
        (f"{_DATA}[M20 another timeline is ignored]", f"{_DATA}[M20b a target that was set back is continued]"),
    ),
    "M21": Mutant(
        "answers of both sides are compared at different positions",
        (f"{_DATA}[M21 both sides are compared wherever they are]",),
    ),
    "M22": Mutant(
        "the checksum takes nothing for empty, or looks at one side only",
        (
            f"{_DATA}[M22 the hash takes nothing for empty]",
            f"{_DATA}[M22b only rows of the source are compared]",
        ),
    ),
}
