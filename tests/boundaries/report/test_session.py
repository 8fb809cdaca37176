"""A run from looking to the exit status, with baselines on disk, as somebody meets them who uses them for the first time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from infra.boundaries.baseline.entries import BaselineError
from infra.boundaries.baseline.judging import Standing
from infra.boundaries.baseline.recording import Terms
from infra.boundaries.findings import Finding
from infra.boundaries.report import as_text
from infra.boundaries.report.layers import Look
from infra.boundaries.report.model import Report
from infra.boundaries.rules import Layer
from tests.boundaries.planted import FETCHED_BY_NAME, FOREIGN_KEY, finding
from tests.boundaries.report.projects import TODAY, cannot, finds, session_in

STATIC, DATABASE = Layer.STATIC, Layer.DATABASE


def report(
    root: Path,
    looks: Mapping[Layer, Look],
    *wanted: Layer,
    module: str | None = None,
    observes: bool = False,
    today: date = TODAY,
) -> Report:
    session = session_in(root, looks, today=today)
    return session.report(session.look(wanted), module=module, observes=observes)


def accept(root: Path, *findings: Finding, reason: str = "The report moves in spring.", owner: str = "") -> None:
    session = session_in(root, {STATIC: finds(*findings)})
    session.accept(session.look(()), Terms.until(None, reason=reason, owner=owner, today=TODAY))


def test_a_project_without_findings_holds(tmp_path: Path) -> None:
    assert report(tmp_path, {STATIC: finds()}).status == 0


def test_a_new_finding_fails(tmp_path: Path) -> None:
    assert report(tmp_path, {STATIC: finds(finding())}).status == 1


def test_observing_reports_and_fails_for_nothing(tmp_path: Path) -> None:
    observed = report(tmp_path, {STATIC: finds(finding())}, observes=True)

    assert (observed.status, len(observed.counting)) == (0, 1)
    assert "1 finding (1 new), observed only: nothing fails." in as_text.written(observed)


def test_a_layer_that_cannot_look_from_here_is_told_and_fails_nothing(tmp_path: Path) -> None:
    told = report(tmp_path, {STATIC: finds(), DATABASE: cannot("nothing listens there.")})

    assert told.status == 0
    assert "not looked at: nothing listens there." in as_text.written(told)


def test_a_layer_that_was_asked_for_and_cannot_look_is_a_run_that_failed(tmp_path: Path) -> None:
    looks = {STATIC: finds(finding()), DATABASE: cannot("nothing listens there.")}

    assert report(tmp_path, looks, STATIC, DATABASE).status == 2
    assert report(tmp_path, looks, STATIC, DATABASE, observes=True).status == 2


def test_when_no_layer_could_look_nothing_is_promised(tmp_path: Path) -> None:
    blind = report(tmp_path, {DATABASE: cannot("nothing listens there.")})

    assert blind.status == 2
    assert "No boundary is crossed" not in as_text.written(blind)


def test_a_layer_that_saw_only_a_part_tells_what_it_found_and_concludes_nothing_from_what_it_did_not(
    tmp_path: Path,
) -> None:
    accept(tmp_path, finding(), owner="Ada")
    looks = {STATIC: finds(finding(FOREIGN_KEY), missed="one of two databases does not answer.")}

    told = report(tmp_path, looks)

    assert [judged.finding.rule for judged in told.judged] == [FOREIGN_KEY]
    assert "but not all was looked at: one of two databases does not answer." in as_text.written(told)
    assert report(tmp_path, looks, STATIC).status == 2


def test_only_the_layers_that_were_asked_for_look(tmp_path: Path) -> None:
    looks = {STATIC: finds(finding()), DATABASE: finds(finding(FOREIGN_KEY))}

    assert [judged.finding.rule for judged in report(tmp_path, looks, DATABASE).judged] == [FOREIGN_KEY]


def test_only_the_module_that_was_asked_for_is_told_of(tmp_path: Path) -> None:
    looks = {STATIC: finds(finding(), finding(module="stock"))}

    assert {judged.finding.module for judged in report(tmp_path, looks, module="stock").judged} == {"stock"}


def test_what_is_accepted_fails_no_more_and_what_is_new_still_does(tmp_path: Path) -> None:
    accept(tmp_path, finding())

    assert report(tmp_path, {STATIC: finds(finding(line=99))}).status == 0
    grown = report(tmp_path, {STATIC: finds(finding(), finding(source="sales.queries.sold"))})
    assert grown.status == 1
    assert [judged.finding.source for judged in grown.counting] == ["sales.queries.sold"]


def test_what_is_fixed_fails_until_it_leaves_the_file_and_the_command_that_removes_it_is_named(tmp_path: Path) -> None:
    accept(tmp_path, finding())

    left = report(tmp_path, {STATIC: finds()})

    assert left.status == 1
    text = as_text.written(left)
    assert "modules/sales/boundaries.toml" in text
    assert "python manage.py boundaries --baseline" in text
    assert "--reason" not in text
    accept(tmp_path, reason="")
    assert not (tmp_path / "modules/sales/boundaries.toml").exists()
    assert report(tmp_path, {STATIC: finds()}).status == 0


def test_what_is_over_fails_and_says_who_accepted_it_and_why(tmp_path: Path) -> None:
    accept(tmp_path, finding())

    over = report(tmp_path, {STATIC: finds(finding())}, today=TODAY + timedelta(days=91))

    assert over.status == 1
    assert over.counts[Standing.EXPIRED] == 1
    text = " ".join(as_text.written(over).split())
    assert "Accepted by The sales team until 2027-04-01, which is over: The report moves in spring." in text


def test_nothing_is_accepted_without_a_reason(tmp_path: Path) -> None:
    accept(tmp_path, finding(), reason="")

    assert not list(tmp_path.rglob("*.toml"))


def test_each_module_has_a_file_of_its_own_and_a_module_that_breaks_nothing_has_none(tmp_path: Path) -> None:
    accept(tmp_path, finding(), finding(FOREIGN_KEY, module="stock", path=""), finding(module="monolith"), owner="Ada")

    files = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.toml"))
    assert files == ["modules/sales/boundaries.toml", "modules/stock/boundaries.toml", "monolith/boundaries.toml"]


def test_what_breaks_a_rule_and_has_neither_folder_nor_owner_is_accepted_only_under_a_name(tmp_path: Path) -> None:
    session = session_in(tmp_path, {STATIC: finds(finding(module="default"))})
    runs = session.look(())

    with pytest.raises(BaselineError, match="say who mends it with --owner"):
        session.accept(runs, Terms.until(None, reason="Spring.", owner="", today=TODAY))
    session.accept(runs, Terms.until(None, reason="Spring.", owner="Ada", today=TODAY))

    assert (tmp_path / "default.boundaries.toml").exists()
    assert session.report(runs).status == 0
    fixed = session_in(tmp_path, {STATIC: finds()})
    assert fixed.report(fixed.look(())).status == 1


def test_when_one_baseline_cannot_be_written_none_is(tmp_path: Path) -> None:
    session = session_in(tmp_path, {STATIC: finds(finding(), finding(module="default"))})

    with pytest.raises(BaselineError):
        session.accept(session.look(()), Terms.until(None, reason="Spring.", owner="", today=TODAY))

    assert not list(tmp_path.rglob("*.toml"))


def test_accepting_in_one_module_leaves_the_others_alone(tmp_path: Path) -> None:
    session = session_in(tmp_path, {STATIC: finds(finding(), finding(module="stock"))})

    session.accept(session.look(()), Terms.until(None, reason="Spring.", owner="", today=TODAY), module="stock")

    assert [file.parent.name for file in tmp_path.rglob("*.toml")] == ["stock"]


def test_looking_at_one_layer_says_nothing_about_what_others_found(tmp_path: Path) -> None:
    session = session_in(tmp_path, {STATIC: finds(finding()), DATABASE: finds(finding(FOREIGN_KEY))})
    session.accept(session.look(()), Terms.until(None, reason="Spring.", owner="", today=TODAY))

    without_a_database = {STATIC: finds(finding()), DATABASE: cannot("nothing listens there.")}

    assert report(tmp_path, without_a_database).status == 0
    assert report(tmp_path, without_a_database, STATIC).status == 0


def test_a_malformed_baseline_is_said_by_its_place(tmp_path: Path) -> None:
    accept(tmp_path, finding())
    file = tmp_path / "modules/sales/boundaries.toml"
    file.write_text(file.read_text().replace("reason", "raisin"))

    with pytest.raises(BaselineError, match=r"^modules/sales/boundaries.toml, entry 1 lacks reason"):
        report(tmp_path, {STATIC: finds(finding())})


def test_findings_of_one_rule_are_told_together_with_one_why_and_one_recipe(tmp_path: Path) -> None:
    text = as_text.written(report(tmp_path, {STATIC: finds(finding(), finding(source="sales.queries.sold", line=40))}))

    assert text.count(FETCHED_BY_NAME.why) == 1
    assert text.count(FETCHED_BY_NAME.recipe) == 1
    assert text.index("modules/sales/use_cases.py:12") < text.index("modules/sales/use_cases.py:40")
    assert text.startswith("sales  (The sales team)\n\n  BND198  A model fetched by name\n")


def test_places_are_never_broken_and_nothing_is_coloured_unless_asked(tmp_path: Path) -> None:
    far = finding(path="modules/sales/" + "deep/" * 30 + "use_cases.py")

    told = report(tmp_path, {STATIC: finds(far)})

    assert any(line.strip() == far.where for line in as_text.written(told, width=60).splitlines())
    assert "\x1b" not in as_text.written(told)
    assert "\x1b" in as_text.written(told, colours=True)
