from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from infra.boundaries.baseline.entries import Accepted, Baseline, BaselineError
from infra.boundaries.baseline.recording import Change, Terms, record
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Layer
from tests.boundaries.planted import CHATTY, FOREIGN_KEY, RULES, finding

TODAY = date(2027, 1, 1)
NOTHING = Baseline(module="sales", file=Path("boundaries.toml"), accepted=())


def terms(*, reason: str = "Spring.", owner: str = "", expires: date | None = None) -> Terms:
    return Terms.until(expires, reason=reason, owner=owner, today=TODAY)


def recorded(
    findings: Sequence[Finding],
    baseline: Baseline = NOTHING,
    on: Terms | None = None,
    *,
    owner: str = "Sales team",
    today: date = TODAY,
    looked: frozenset[Layer] = frozenset(Layer),
) -> Change:
    return record(findings, baseline, terms=on or terms(), owner=owner, today=today, rules=RULES, looked=looked)


def test_a_finding_is_accepted_with_reason_and_the_modules_owner_for_a_quarter() -> None:
    change = recorded([finding(), finding(line=40)])

    assert change.baseline.accepted == (
        Accepted(
            **finding().identity._asdict(), reason="Spring.", owner="Sales team", expires=TODAY + timedelta(days=90)
        ),
    )
    assert (change.added, change.renewed, change.removed) == (1, 0, 0)


def test_owner_and_day_may_be_named() -> None:
    change = recorded([finding()], on=terms(owner="Ada", expires=date(2027, 3, 1)))

    assert [(entry.owner, entry.expires) for entry in change.baseline.accepted] == [("Ada", date(2027, 3, 1))]


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1)])
def test_a_day_that_is_no_future_is_refused(day: date) -> None:
    with pytest.raises(BaselineError, match="an entry needs a day on which it will end"):
        terms(expires=day)


def test_without_a_reason_nothing_comes_in() -> None:
    assert not recorded([finding()], on=terms(reason="  ")).is_one


def test_without_a_reason_what_is_fixed_leaves() -> None:
    before = recorded([finding(), finding(FOREIGN_KEY)]).baseline

    change = recorded([finding()], before, terms(reason=""))

    assert [entry.rule for entry in change.baseline.accepted] == ["BND198"]
    assert (change.added, change.removed) == (0, 1)


def test_what_was_accepted_before_keeps_its_terms() -> None:
    before = recorded([finding()], on=terms(owner="Ada")).baseline

    after = recorded([finding(), finding(FOREIGN_KEY)], before, terms(reason="Another.")).baseline

    assert {entry.rule: (entry.reason, entry.owner) for entry in after.accepted} == {
        "BND198": ("Spring.", "Ada"),
        "BND398": ("Another.", "Sales team"),
    }


def test_what_is_over_is_renewed_only_with_a_reason() -> None:
    before = recorded([finding()]).baseline
    later = TODAY + timedelta(days=91)

    assert not recorded([finding()], before, terms(reason=""), today=later).is_one
    change = recorded([finding()], before, Terms.until(None, reason="Summer.", owner="", today=later), today=later)

    assert change.renewed == 1
    assert [(entry.reason, entry.expires) for entry in change.baseline.accepted] == [
        ("Summer.", later + timedelta(days=90))
    ]


def test_nothing_leaves_on_behalf_of_a_layer_that_did_not_run_or_only_measures() -> None:
    before = recorded([finding(FOREIGN_KEY), finding(CHATTY)]).baseline

    change = recorded([], before, looked=frozenset({Layer.STATIC, Layer.PATTERN}))

    assert not change.is_one


def test_what_nobody_owns_is_not_accepted() -> None:
    with pytest.raises(BaselineError, match="say who mends it with --owner"):
        recorded([finding()], owner="")
