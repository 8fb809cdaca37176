"""`manage.py contracts` on a project of one module: written, released, changed, checked, released again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.compatibility.project import check
from tests.compatibility.versions import RELEASED, Edit, forget_of

PACKAGE = "a_nursery"
MANIFEST = Manifest(
    name="trees",
    owner="Trees <trees@example.com>",
    purpose="Trees.",
    tables=(),
    offers=("trees.v1",),
    publishes=("trees.planted.v1",),
)
MADE_OPTIONAL: Edit = ("on: date)", "on: date | None)")
MADE_REQUIRED: Edit = ("limit: int = 20", "limit: int")
LESS_TIME: Edit = ("timeout_seconds=2.0", "timeout_seconds=1.0")


class Nursery:
    """A project whose module `trees` is edited and looked at again, as by one command after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / PACKAGE / "trees"
        self.folder.mkdir(parents=True)
        for package in (self.folder, self.folder.parent):
            (package / "__init__.py").touch()
        self.edit()

    def edit(self, *edits: Edit) -> None:
        """Write the module anew, with these edits of what was first there."""
        source = RELEASED
        for before, after in edits:
            assert before in source
            source = source.replace(before, after)
        (self.folder / "contract.py").write_text(source)
        self.forget()

    def run(self, *words: str) -> str:
        out = StringIO()
        call_command("contracts", *words, stdout=out)
        return out.getvalue()

    def rules(self) -> list[str]:
        return sorted({finding.rule.id for finding in check([MANIFEST], PACKAGE)})

    def committed(self) -> list[str]:
        return sorted(str(file.relative_to(self.folder)) for file in self.folder.rglob("*.json"))

    @staticmethod
    def forget() -> None:
        forget_of(lambda module: module.startswith(f"{PACKAGE}."))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


@pytest.fixture
def nursery(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nursery]:
    settings.MANIFESTS = (MANIFEST,)
    settings.HOUSE = House(root=tmp_path, modules=PACKAGE, above=(), below=())
    settings.API_DESCRIPTIONS = None
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # sources change faster than the clock of the cache
    made = Nursery(tmp_path)
    yield made
    made.forget()


@pytest.fixture
def released(nursery: Nursery) -> Nursery:
    nursery.run("release", "--name", "1.0")
    return nursery


def test_what_has_no_description_yet_is_refused_until_it_is_written(nursery: Nursery) -> None:
    with pytest.raises(CommandError, match="2 findings"):
        nursery.run("check")

    nursery.run("write")

    assert nursery.committed() == ["compatibility/trees.planted.v1.json", "compatibility/trees.v1.json"]
    assert nursery.run("check") == "Nothing that was released breaks, and all descriptions are up to date.\n"


def test_a_description_that_lags_behind_is_refused_and_mended_by_the_command_it_names(nursery: Nursery) -> None:
    nursery.run("write")
    nursery.edit(MADE_OPTIONAL)

    (finding,) = check([MANIFEST], PACKAGE)
    assert (finding.rule.id, finding.source) == ("BND600", "trees.v1")
    assert "python manage.py contracts write" in finding.rule.recipe

    nursery.run("write")
    assert nursery.rules() == []


def test_a_description_of_what_is_declared_no_more_is_refused_and_removed(nursery: Nursery) -> None:
    nursery.run("write")
    nursery.edit(("trees.planted.v1", "trees.planted.v2"))

    assert nursery.rules() == ["BND600"]
    nursery.run("write")

    assert nursery.committed() == ["compatibility/trees.planted.v2.json", "compatibility/trees.v1.json"]


def test_writing_again_changes_nothing(nursery: Nursery) -> None:
    nursery.run("write")

    assert nursery.run("write") == "All descriptions are up to date.\n"


def test_a_release_records_what_is_there_with_payloads(released: Nursery) -> None:
    folder = released.folder / "compatibility" / "released"

    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("1.0*")) == [
        "trees.planted.v1/1.0.json",
        "trees.planted.v1/1.0.payloads",
        "trees.v1/1.0.json",
        "trees.v1/1.0.payloads",
    ]
    assert released.rules() == []


def test_a_breaking_change_is_refused_with_the_sentence_that_says_what_to_do(released: Nursery) -> None:
    released.edit(MADE_REQUIRED)
    released.run("write")

    (finding,) = check([MANIFEST], PACKAGE)

    assert (finding.rule.id, finding.module, finding.source) == ("BND602", "trees", "trees.v1 find")
    assert finding.detail == (
        "trees.v1 find, arguments: `limit` has lost its default: what was written before may lack it."
        " That breaks whoever was built for release 1.0: take it back, or add `trees.v2` beside `trees.v1`."
    )
    assert (finding.path, finding.line > 0) == (str(released.folder / "contract.py"), True)


def test_a_release_that_breaks_an_earlier_one_is_refused(released: Nursery) -> None:
    released.edit(LESS_TIME)

    with pytest.raises(CommandError, match="Nothing was released: one finding"):
        released.run("release", "--name", "1.1")

    assert not list(released.folder.rglob("1.1*"))


def test_with_a_reason_it_is_released_and_the_broken_release_given_up(released: Nursery) -> None:
    released.edit(LESS_TIME)

    said = released.run("release", "--name", "1.1", "--breaking", "nobody asks yet")

    assert "given up: trees.v1 1.0" in said
    assert released.rules() == []
    shelf = released.folder / "compatibility" / "released"
    assert (shelf / "given-up.txt").read_text() == "1.1 breaks trees.v1 1.0: nobody asks yet\n"
    assert sorted(file.name for file in (shelf / "trees.v1").glob("*.json")) == ["1.1.json"]
    assert sorted(file.name for file in (shelf / "trees.planted.v1").glob("*.json")) == ["1.0.json"]


def test_a_release_records_only_what_changed(released: Nursery) -> None:
    released.edit(MADE_OPTIONAL)
    released.run("release", "--name", "1.10")

    assert [file.name for file in released.folder.rglob("1.10.json")] == ["1.10.json"]
    assert released.run("release", "--name", "1.11").endswith("Nothing has changed since the last release.\n")


def test_every_release_that_is_kept_is_held_up_not_only_the_last(released: Nursery) -> None:
    released.edit(("timeout_seconds=2.0", "timeout_seconds=3.0"))
    released.run("release", "--name", "1.1")

    released.edit(("timeout_seconds=2.0", "timeout_seconds=2.5"))
    released.run("write")
    assert [finding.target for finding in check([MANIFEST], PACKAGE)] == ["timeout_seconds as released 1.1"]

    released.edit(LESS_TIME)
    released.run("write")
    assert [finding.target for finding in check([MANIFEST], PACKAGE)] == [
        "timeout_seconds as released 1.0",
        "timeout_seconds as released 1.1",
    ]


@pytest.mark.parametrize("name", ["1.0", "0.9", "../1.1"])
def test_a_release_needs_a_later_name(released: Nursery, name: str) -> None:
    released.edit(MADE_OPTIONAL)

    with pytest.raises(CommandError, match="name"):
        released.run("release", "--name", name)


def test_versions_are_counted_not_spelled(released: Nursery) -> None:
    for name, seconds in (("1.9", 3), ("1.10", 4)):
        released.edit(("timeout_seconds=2.0", f"timeout_seconds={seconds}.0"))
        released.run("release", "--name", name)

    assert "released 1.10\n" in released.run("show")


def test_an_order_of_deployment_is_said_and_fails_nothing(released: Nursery) -> None:
    released.edit(("    name: str\n    label", "    name: str\n    owner: str\n    label"))
    released.run("write")

    assert released.run("check").startswith("Deploy trees before those who ask it:\n")


def test_a_contract_that_is_gone_is_refused_until_its_releases_are_deleted(released: Nursery) -> None:
    released.edit(("trees.v1", "trees.v2"))
    released.run("write")
    assert released.rules() == ["BND601"]

    for file in (released.folder / "compatibility" / "released" / "trees.v1").iterdir():
        file.unlink()

    assert released.rules() == []


def test_a_payload_that_is_no_longer_read_is_refused(released: Nursery) -> None:
    notes = '    notes: str = ""\n'
    shouted = f"{notes}\n    def __post_init__(self) -> None:\n        object.__setattr__(self, 'name', 'TREE')\n"
    released.edit((notes, shouted))

    assert released.rules() == ["BND606"]


def test_arguments_that_take_more_must_still_read_all_that_was_recorded(released: Nursery) -> None:
    least = "    least: int\n    most: int | None = None\n"
    fussy = f"{least}\n    def __post_init__(self) -> None:\n        if not self.least:\n            raise ValueError('zero')\n"
    released.edit((least, fussy), ("limit: int = 20", "limit: int = 20, kind: str | None = None"))
    released.run("write")

    assert released.rules() == ["BND606"]


def test_what_is_shown_is_what_is_declared(released: Nursery) -> None:
    shown = released.run("show", "trees.v1")

    assert shown == (released.folder / "compatibility" / "trees.v1.json").read_text()
    with pytest.raises(CommandError, match=r"trees\.v9"):
        released.run("show", "trees.v9")
