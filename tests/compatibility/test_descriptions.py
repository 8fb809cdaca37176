from __future__ import annotations

import pytest

from infra.compatibility.descriptions import (
    as_text,
    contract_hash,
    describe_contract,
    describe_event,
    hash_of,
    members_of,
)
from infra.compatibility.shapes import Side, mismatches
from infra.errors import Refused
from tests.compatibility.versions import Edit, version


def described(*edits: Edit) -> str:
    return as_text(describe_contract(version(*edits).contract))


def test_the_same_code_is_described_by_the_same_text() -> None:
    assert described() == described()


def test_words_for_people_are_no_part_of_it() -> None:
    assert described(('"""Find trees."""', '"""Return trees."""')) == described()


@pytest.mark.parametrize(
    "edit",
    [
        ("name: str, height", "name: UUID, height"),
        ("Mapping[UUID, int]", "Mapping[str, int]"),
        ("since: datetime | None", "since: date | None"),
        ("length: Decimal", "length: str"),
        ("timeout_seconds=2.0", "timeout_seconds=2.5"),
        ("limit: int = 20", "limit: int = 21"),
        ("        return cls.UNKNOWN", "        return None"),
    ],
)
def test_whatever_others_can_notice_changes_the_hash(edit: Edit) -> None:
    assert hash_of(describe_contract(version(edit).contract)) != hash_of(describe_contract(version().contract))


def test_a_declared_contract_and_event_have_a_hash_by_name() -> None:
    declared = version()

    assert contract_hash("trees.v1") == hash_of(describe_contract(declared.contract))
    assert contract_hash("trees.planted.v1") == hash_of(describe_event(declared.event))


def test_an_unknown_name_has_none() -> None:
    with pytest.raises(LookupError, match=r"trees\.v9"):
        contract_hash("trees.v9")


def test_the_members_of_an_error_are_those_that_its_docstring_names() -> None:
    class TooMany(Refused):
        """There are too many `things`, sadly.

        Members: `most`, how many (`10`, usually) may be; `reason`, a word.

        Notes: `other`, which is no member.
        """

    assert members_of(TooMany) == ["most", "reason"]


def test_a_type_that_holds_itself_fits_itself() -> None:
    document = describe_contract(version().contract)
    side = Side(document, document["methods"]["find"]["result"])

    assert mismatches(side, side, old_writes=True) == mismatches(side, side, old_writes=False) == []
