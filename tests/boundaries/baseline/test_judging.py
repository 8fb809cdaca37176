from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from infra.boundaries.baseline.entries import Accepted, Baseline
from infra.boundaries.baseline.judging import Standing, judge, outdated
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Layer
from tests.boundaries.planted import CHATTY, FETCHED_BY_NAME, FOREIGN_KEY, RULES, finding

TODAY = date(2027, 1, 1)
ALL = frozenset(Layer)
SHOWN = {"sales": "modules/sales/boundaries.toml"}


def accepting(found: Finding, *, until: date = TODAY) -> Baseline:
    entry = Accepted(**found.identity._asdict(), reason="Spring.", owner="Sales", expires=until)
    return Baseline(module=found.module, file=Path("boundaries.toml"), accepted=(entry,))


def standing(found: Finding, baseline: Baseline, *, today: date = TODAY) -> Standing:
    [judged] = judge([found], {baseline.module: baseline}, today=today)
    return judged.standing


def test_what_nobody_accepted_is_new_and_counts() -> None:
    [judged] = judge([finding()], {}, today=TODAY)

    assert (judged.standing, judged.counts) == (Standing.NEW, True)


def test_what_is_accepted_does_not_count_up_to_and_on_its_last_day() -> None:
    [judged] = judge([finding()], {"sales": accepting(finding())}, today=TODAY)

    assert (judged.standing, judged.counts) == (Standing.ACCEPTED, False)


def test_what_has_outlived_its_day_counts_again() -> None:
    [judged] = judge([finding()], {"sales": accepting(finding())}, today=TODAY + timedelta(days=1))

    assert (judged.standing, judged.counts) == (Standing.EXPIRED, True)


def test_a_finding_that_moves_to_another_line_or_file_or_happens_twice_is_the_same() -> None:
    baseline = accepting(finding())

    assert standing(finding(line=90), baseline) is Standing.ACCEPTED
    assert standing(finding(path="modules/sales/queries.py", detail="moved"), baseline) is Standing.ACCEPTED


def test_another_rule_source_target_or_module_is_another_finding() -> None:
    baseline = accepting(finding())

    for other in (finding(FOREIGN_KEY), finding(source="sales.queries.sold"), finding(target="stock.models.Shelf")):
        assert standing(other, baseline) is Standing.NEW
    assert standing(finding(module="stock"), baseline) is Standing.NEW


def stale(
    findings: Sequence[Finding], baseline: Baseline, *, looked: frozenset[Layer] = ALL
) -> list[tuple[str, str, str]]:
    found = outdated(findings, [baseline], rules=RULES, looked=looked, shown=SHOWN)
    return [(each.rule.id, each.where, each.detail) for each in found]


def test_an_entry_whose_finding_is_fixed_must_leave() -> None:
    assert stale([], accepting(finding())) == [
        (
            "BND090",
            "modules/sales/boundaries.toml",
            "BND198 from sales.use_cases.sell to stock.models.Item is not found any more.",
        )
    ]


def test_an_entry_whose_finding_is_there_stays() -> None:
    assert stale([finding()], accepting(finding())) == []


def test_nothing_is_concluded_about_a_layer_that_did_not_run() -> None:
    assert stale([], accepting(finding(FOREIGN_KEY)), looked=frozenset({Layer.STATIC})) == []


def test_what_a_shop_did_not_happen_to_do_today_is_not_fixed() -> None:
    assert stale([], accepting(finding(CHATTY))) == []


def test_an_entry_for_a_rule_that_does_not_exist_is_found() -> None:
    baseline = accepting(finding(replace(FETCHED_BY_NAME, id="BND777")))

    [(rule, _, detail)] = stale([], baseline)

    assert rule == "BND091"
    assert detail.startswith("There is no rule BND777")
