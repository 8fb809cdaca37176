"""What a running shop was seen doing, as the report tells it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import settings

from infra.boundaries.models import Observation
from infra.boundaries.observation.histograms import SIZE
from infra.boundaries.report.layers import Place
from infra.boundaries.report.observed import look_at_patterns, look_at_run_time

pytestmark = pytest.mark.usefixtures("database")


def place() -> Place:
    return Place(manifests=settings.MANIFESTS, house=settings.HOUSE)


def asked(*, count: int, in_transactions: int) -> None:
    now = datetime.now(tz=UTC)
    Observation.objects.using("default").create(
        day=now.date(), kind=Observation.Kind.QUESTION, source="orders", target="catalog.v1", name="offers", outcome="result",
        count=count, total=0.1, most=1, in_transactions=in_transactions, buckets=[count] + [0] * (SIZE - 1), last_seen=now,
    )  # fmt: skip


def test_a_shop_that_nobody_watched_says_nothing_about_run_time() -> None:
    looked = look_at_run_time(place())

    assert looked.is_blind
    assert "no running shop was watched" in looked.missed


def test_a_question_inside_an_open_transaction_is_told_with_how_often() -> None:
    asked(count=12, in_transactions=3)

    [found] = look_at_run_time(place()).findings

    assert (found.rule.id, found.module, found.target) == ("BND401", "orders", "catalog.v1 offers")
    assert "3 times of 12" in found.detail


def test_questions_outside_transactions_are_no_finding() -> None:
    asked(count=12, in_transactions=0)

    looked = look_at_run_time(place())

    assert (list(looked.findings), looked.is_blind) == ([], False)


def test_each_measured_pattern_shows_the_figure_that_comes_closest_to_its_threshold() -> None:
    looked = look_at_patterns(place())

    measured = {note.split()[0] for note in looked.notes if "not measured" not in note}
    assert {"BND501", "BND508", "BND509"} <= measured
    # Of modules that may be too small, the smallest is shown, not the largest.
    [smallest] = [note for note in looked.notes if note.startswith("BND509  ")]
    assert not smallest.endswith(("catalog", "orders"))


def test_what_was_not_measured_is_said_once_per_reason() -> None:
    reasons = [
        note.partition("not measured: ")[2] for note in look_at_patterns(place()).notes if "not measured" in note
    ]

    assert reasons
    assert len(set(reasons)) == len(reasons)
