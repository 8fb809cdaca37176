"""Each change that breaks who was built for the release, planted as an edit; and beside it one like it that does not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from infra.compatibility.changes import Change, Effect, contract_changes
from infra.compatibility.descriptions import describe_contract
from infra.compatibility.examples import invented, sparse, typical
from infra.contracts.errors import ContractViolation
from tests.compatibility.versions import Edit, version


def changes(*edits: Edit) -> list[Change]:
    return contract_changes(describe_contract(version().contract), describe_contract(version(*edits).contract))


def breaking(*edits: Edit) -> list[tuple[str, str, str]]:
    return [(c.rule.id, c.subject, c.place) for c in changes(*edits) if c.effect is Effect.BREAKING]


FIND = "name: str, height: Height, bounds: Bounds, since: datetime | None, limit: int = 20"
ERRORS = "errors=(NoSuchTree, TreeFelled)"
FELL = "@command(timeout_seconds=5.0, errors=())\n    def fell(self, *, tree_id: UUID)"
PLANT_KEY = '@command(timeout_seconds=5.0, errors=(), key="plant_key")'
TOLERANCE = """
    @classmethod
    def _missing_(cls, value: object) -> Colour:
        return cls.RED
"""


def find(parameters: str) -> Edit:
    return FIND, parameters


def line(before: str, after: str) -> Edit:
    """An edit of a line of the released tree alone."""
    return f"    {before}\n", f"    {after}\n" if after else ""


def planted(rule: str, place: str, *edits: Edit) -> tuple[tuple[Edit, ...], tuple[str, str]]:
    return edits, (rule, place)


PLANTED: dict[str, tuple[tuple[Edit, ...], tuple[str, str]]] = {
    "a method renamed": planted("BND601", "", ("def fell(", "def cut(")),
    "a parameter removed": planted(
        "BND602", "arguments.limit", find("name: str, height: Height, bounds: Bounds, since: datetime | None")
    ),
    "a parameter renamed": planted(
        "BND602", "arguments.planted_by", ("plant_key: str, planted_by: UUID", "plant_key: str, gardener: UUID")
    ),
    "a new parameter that is required": planted("BND602", "arguments.kind", find(f"kind: str, {FIND}")),
    "an optional parameter that becomes required": planted(
        "BND602", "arguments.limit", find(FIND.replace("limit: int = 20", "limit: int"))
    ),
    "another default": planted("BND602", "arguments.limit", ("limit: int = 20", "limit: int = 10")),
    "a parameter that may no longer be None": planted(
        "BND602", "arguments.since", ("since: datetime | None", "since: datetime")
    ),
    "a narrower type of a parameter": planted("BND602", "arguments.name", ("*, name: str,", "*, name: UUID,")),
    "a day that becomes an instant": planted("BND602", "arguments.on", ("on: date)", "on: datetime)")),
    "fewer members of an enumeration in arguments": planted("BND602", "arguments.height", line('TALL = "TALL"', "")),
    "a field of an argument renamed": planted(
        "BND602", "arguments.bounds.least", ("    least: int\n", "    lowest: int\n")
    ),
    "a new field of an argument without a default": planted(
        "BND602", "arguments.bounds.unit", ("    least: int\n", "    least: int\n    unit: str\n")
    ),
    "a field of the answer removed": planted("BND603", "result.[].name", line("name: str", "")),
    "an optional field of the answer removed": planted("BND603", "result.[].notes", line('notes: str = ""', "")),
    "a field of the answer renamed": planted("BND603", "result.[].price", line("price: Money", "cost: Money")),
    "another type in the answer": planted("BND603", "result.[].leaves[].length", ("length: Decimal", "length: str")),
    "a wider type in the answer": planted("BND603", "result.[].id", line("id: UUID", "id: str")),
    "a field of the answer that may be None now": planted(
        "BND603", "result.[].price", line("price: Money", "price: Money | None")
    ),
    "other keys of a mapping in the answer": planted(
        "BND603", "result.[].counts{key}", ("Mapping[UUID, int]", "Mapping[str, int]")
    ),
    "other values of a mapping in the answer": planted(
        "BND603", "result.[].counts{}", ("Mapping[UUID, int]", "Mapping[UUID, str]")
    ),
    "more members of an enumeration in the answer": planted(
        "BND603", "result.[].leaves[].colour", line('RED = "RED"', 'RED = "RED"\n    BLUE = "BLUE"')
    ),
    "more members, and readers made tolerant only now": planted(
        "BND603", "result.[].leaves[].colour", line('RED = "RED"', f'RED = "RED"\n    BLUE = "BLUE"\n{TOLERANCE}')
    ),
    "an answer where there was none": planted("BND603", "result.", (f"{FELL} -> None", f"{FELL} -> UUID")),
    "one instead of many": planted("BND603", "result.", ("-> tuple[Tree, ...]", "-> Tree")),
    "an error more": planted("BND604", "errors.trees.rotten", (ERRORS, "errors=(NoSuchTree, TreeFelled, TreeRotten)")),
    "another code of an error": planted("BND604", "errors.trees.unknown", ("trees.no_such_tree", "trees.unknown")),
    "another status of an error": planted(
        "BND604", "errors.trees.felled.status", line('code = "trees.felled"', 'code = "trees.felled"\n    status = 410')
    ),
    "a member of an error removed": planted("BND604", "errors.trees.felled.felled_on", ("; `felled_on`, when", "")),
    "a query that becomes a command": planted(
        "BND604", "kind", (f"@query(timeout_seconds=2.0, {ERRORS})", f"@command(timeout_seconds=2.0, {ERRORS})")
    ),
    "a key removed": planted("BND604", "key", (PLANT_KEY, "@command(timeout_seconds=5.0, errors=())")),
    "another key": planted("BND604", "key", (PLANT_KEY, '@command(timeout_seconds=5.0, errors=(), key="planted_by")')),
    "less time": planted("BND604", "timeout_seconds", ("timeout_seconds=2.0", "timeout_seconds=1.0")),
}


@pytest.mark.parametrize(("edits", "expected"), PLANTED.values(), ids=PLANTED)
def test_a_breaking_change_is_caught(edits: tuple[Edit, ...], expected: tuple[str, str]) -> None:
    found = breaking(*edits)

    assert expected in [(rule, place) for rule, _, place in found]


INNOCENT: dict[str, tuple[Edit, ...]] = {
    "nothing": (),
    "a new method": (
        (FELL, f"@query(timeout_seconds=1.0, errors=())\n    def count(self) -> int:\n        ...\n\n    {FELL}"),
    ),
    "a new parameter with a default": (find(f"{FIND}, kind: str | None = None"),),
    "parameters in another order": (("planted_by: UUID, on: date", "on: date, planted_by: UUID"),),
    "a parameter that becomes optional": (find(FIND.replace("bounds: Bounds", "bounds: Bounds = Bounds(least=0)")),),
    "a parameter that may be None now": (("on: date)", "on: date | None)"),),
    "a wider type of a parameter": (("def fell(self, *, tree_id: UUID)", "def fell(self, *, tree_id: str)"),),
    "more members of an enumeration in arguments": (line('TALL = "TALL"', 'TALL = "TALL"\n    MIDDLE = "MIDDLE"'),),
    "a new field of an argument with a default": (("    least: int\n", '    least: int\n    unit: str = "m"\n'),),
    "a new field of the answer with a default": (line("name: str", 'name: str\n    owner: str = ""'),),
    "a new field of the answer, the answerer being deployed first": (line("name: str", "name: str\n    owner: str"),),
    "a field of the answer that gets a default": (line("name: str", 'name: str = ""'),),
    "a field of the answer that is always there now": (
        ("    label: str | None\n    price", "    label: str\n    price"),
    ),
    "a narrower type in the answer": (line("name: str", "name: UUID"),),
    "fewer members of an enumeration in the answer": (line('RED = "RED"', ""),),
    "more members where readers are tolerant": (line('SPRING = "SPRING"', 'SPRING = "SPRING"\n    AUTUMN = "AUTUMN"'),),
    "an error less": ((ERRORS, "errors=(NoSuchTree,)"),),
    "a member of an error more": (("; `felled_on`, when", "; `felled_on`, when; `felled_by`, whom"),),
    "a command that becomes a query": (
        (f"{FELL} -> None", "@query(timeout_seconds=5.0, errors=())\n    def fell(self, *, tree_id: UUID) -> None"),
    ),
    "a key where there was none": ((FELL, FELL.replace("errors=()", 'errors=(), key="tree_id"')),),
    "more time": (("timeout_seconds=2.0", "timeout_seconds=3.0"),),
    "other words in docstrings": (('"""Find trees."""', '"""Return trees, the oldest first."""'),),
    "classes with other names": (
        ("class NoSuchTree(", "class UnknownTree("),
        (ERRORS, "errors=(UnknownTree, TreeFelled)"),
    ),
}


@pytest.mark.parametrize("edits", INNOCENT.values(), ids=INNOCENT)
def test_its_innocent_twin_is_not_reported(edits: tuple[Edit, ...]) -> None:
    assert breaking(*edits) == []


@pytest.mark.parametrize("edits", INNOCENT.values(), ids=INNOCENT)
def test_what_is_called_innocent_is_understood_by_both_versions(edits: tuple[Edit, ...]) -> None:
    """The verdict is held to what the codecs do with real bytes: released askers, today's answerer."""
    released, present = version().contract, version(*edits).contract

    for name, method in released.methods.items():
        for value in values(method.parameters):
            present.methods[name].arguments.decode(method.arguments.encode(value))
        for value in values(present.methods[name].signature.return_annotation):
            method.result.decode(present.methods[name].result.encode(value))


UNREADABLE = sorted(
    set(PLANTED)
    - {
        # These are read, and mean something else or promise less.
        "another default",
        "an optional field of the answer removed",
        "an error more",
        "another code of an error",
        "another status of an error",
        "a member of an error removed",
        "a query that becomes a command",
        "a key removed",
        "another key",
        "less time",
        "a method renamed",
    }
)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_called_breaking_breaks_for_some_value(name: str) -> None:
    edits, _ = PLANTED[name]
    released, present = version().contract, version(*edits).contract
    broken = 0

    for name_, method in released.methods.items():
        for value in values(method.parameters):
            broken += fails(present.methods[name_].arguments, method.arguments.encode(value))
        for value in values(present.methods[name_].signature.return_annotation):
            broken += fails(method.result, present.methods[name_].result.encode(value))

    assert broken


def test_a_change_says_in_one_sentence_what_was_and_what_is() -> None:
    (change,) = [c for c in changes(line("price: Money", "price: Money | None")) if c.effect is Effect.BREAKING]

    assert change.sentence == "trees.v1 find, its answer: `[].price` may be null now, and never was."


def test_what_asks_for_an_order_of_deployment_is_said_and_breaks_nothing() -> None:
    (change,) = changes(line("name: str", "name: str\n    owner: str"))

    assert (change.effect, change.place) == (Effect.ANSWERER_FIRST, "result.[].owner")


def test_a_contract_that_is_gone_breaks_who_asks_it() -> None:
    (change,) = contract_changes(describe_contract(version().contract), None)

    assert (change.rule.id, change.subject) == ("BND601", "trees.v1")


def test_a_new_asker_leaves_out_what_an_old_answerer_does_not_know() -> None:
    """So that an optional parameter can be added without an order of deployment, as long as nobody gives it."""
    released, present = version().contract, version(find(f"{FIND}, kind: str | None = None")).contract
    asked = typical(present.methods["find"].parameters)

    body = present.methods["find"].arguments.encode(msgspec.structs.replace(asked, kind=None))

    assert released.methods["find"].arguments.decode(body).name == asked.name


def values(type_: Any) -> list[Any]:
    return [typical(type_), sparse(type_), *invented(type_, 8)]


def fails(codec: Any, body: bytes) -> bool:
    try:
        codec.decode(body)
    except ContractViolation:
        return True
    return False
