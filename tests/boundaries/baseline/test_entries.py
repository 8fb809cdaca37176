from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.boundaries.baseline import entries
from infra.boundaries.baseline.entries import Accepted, Baseline, BaselineError

ENTRY = Accepted(
    rule="BND198",
    source="sales.use_cases.sell",
    target="stock.models.Item",
    reason="The report moves in spring.",
    owner="The sales team",
    expires=date(2027, 1, 31),
)
WRITTEN = """
[[accepted]]
rule = "BND198"
source = "sales.use_cases.sell"
target = "stock.models.Item"
reason = "The report moves in spring."
owner = "The sales team"
expires = 2027-01-31
"""


def read(text: str, tmp_path: Path) -> Baseline:
    file = tmp_path / entries.FILE
    file.write_text(text)
    return entries.read("sales", file, shown="modules/sales/boundaries.toml")


def test_a_module_without_a_file_accepts_nothing(tmp_path: Path) -> None:
    assert entries.read("sales", tmp_path / entries.FILE, shown="-").accepted == ()


def test_a_file_is_read(tmp_path: Path) -> None:
    assert read(WRITTEN, tmp_path).accepted == (ENTRY,)


def test_what_is_written_names_identities_and_neither_line_nor_count(tmp_path: Path) -> None:
    file = tmp_path / entries.FILE

    entries.write(Baseline(module="sales", file=file, accepted=(ENTRY,)))

    assert file.read_text().startswith("# What `python manage.py boundaries` finds in sales")
    assert file.read_text().endswith(WRITTEN)
    assert set(tomllib.loads(file.read_text())["accepted"][0]) == {
        "rule", "source", "target", "reason", "owner", "expires",
    }  # fmt: skip


def test_entries_are_written_in_one_order_whoever_adds_them() -> None:
    other = Accepted(rule="BND101", source="a", target="b", reason="r", owner="o", expires=date(2027, 1, 1))

    assert entries.written("sales", [ENTRY, other]) == entries.written("sales", [other, ENTRY])


def test_a_baseline_that_accepts_nothing_any_more_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / entries.FILE).write_text(WRITTEN)

    entries.write(Baseline(module="sales", file=tmp_path / entries.FILE, accepted=()))

    assert not (tmp_path / entries.FILE).exists()


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


def test_a_finding_that_reaches_nothing_has_no_target_and_is_read_all_the_same(tmp_path: Path) -> None:
    [entry] = read(WRITTEN.replace("stock.models.Item", ""), tmp_path).accepted

    assert entry.target == ""


@given(st.builds(Accepted, rule=texts, source=texts, target=texts, reason=texts, owner=texts, expires=st.dates()))
def test_whatever_people_write_as_a_reason_is_read_again(entry: Accepted) -> None:
    document = tomllib.loads(entries.written("sales", [entry]))

    assert Accepted(**document["accepted"][0]) == entry


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[accepted]\n", "modules/sales/boundaries.toml is not TOML"),
        ("", "accepts nothing: a module without findings has no such file. Delete it."),
        ("strict = true\n" + WRITTEN, "holds strict; it may hold [[accepted]] entries only"),
        (
            WRITTEN.replace("[[accepted]]", "[accepted]"),
            "write each entry below a line [[accepted]], with two brackets",
        ),
        (WRITTEN.replace('owner = "The sales team"\n', ""), "entry 1 lacks owner"),
        (WRITTEN.replace("The sales team", " "), "entry 1: owner is a text that says something"),
        (WRITTEN.replace("2027-01-31", '"soon"'), "entry 1: expires is a day without quotes, like 2027-01-31"),
        (WRITTEN.replace("2027-01-31", "2027-01-31T10:00:00"), "entry 1: expires is a day"),
        (WRITTEN.replace("rule = ", "line = 3\nrule = "), "entry 1 has line, which means nothing here"),
        (WRITTEN + WRITTEN, "accepts BND198 from sales.use_cases.sell to stock.models.Item twice"),
    ],
)
def test_a_malformed_file_is_refused_by_name_and_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BaselineError) as refused:
        read(text, tmp_path)

    assert said in str(refused.value)
    assert str(refused.value).startswith("modules/sales/boundaries.toml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / entries.FILE).write_bytes(b"\xff\xfe")

    with pytest.raises(BaselineError, match="is not TOML"):
        entries.read("sales", tmp_path / entries.FILE, shown="boundaries.toml")
