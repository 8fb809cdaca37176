"""What the README says of rules and of the zoo is so."""

from __future__ import annotations

import re

from infra.boundaries.report import rule_table
from infra.boundaries.report.layers import every_rule
from infra.boundaries.report.looks import LOOKS
from tests.boundaries.report.readme import README, as_it_should_be
from tests.boundaries.zoo.score import full_score
from tests.boundaries.zoo.specimens import REFERENCE_LEAKS, all_specimens

WRITE = "python -m tests.boundaries.report.readme"


def test_the_table_of_rules_and_the_zoos_score_are_what_there_is() -> None:
    # Whether each specimen does what it should is for test_zoo; this is about what the score promises.
    text = README.read_text()

    assert text.count("<!-- /rules -->") == text.count("leak zoo: ") == 1
    assert text == as_it_should_be(text), f"Rules or specimens have changed. Type: {WRITE}"


def test_no_other_page_tells_another_score() -> None:
    root = README.parents[2]

    for page in [*root.glob("*.md"), *root.glob("*/*.md")]:
        told = [line for line in page.read_text().splitlines() if "leak zoo: " in line]
        assert [line for line in told if full_score(all_specimens()) not in line] == [], page


def test_every_kind_of_the_reference_has_a_specimen() -> None:
    assert {kind.number for kind in all_specimens()} >= set(range(1, REFERENCE_LEAKS + 1))


def test_every_specimen_names_a_rule_that_there_is() -> None:
    assert {kind.rule for kind in all_specimens()} <= set(every_rule())


def test_every_rule_belongs_to_a_layer_of_the_report_and_says_why_and_what_to_do() -> None:
    assert {rule.layer for rule in every_rule().values()} <= set(LOOKS)
    for rule in every_rule().values():
        for text in (rule.why, rule.recipe):
            assert len(text) > 20, rule.id
            assert text.endswith((".", ":", "`", ")")), rule.id


def test_explaining_a_rule_says_all_of_it_in_lines_that_fit() -> None:
    for rule in every_rule().values():
        text = rule_table.explained(rule, command="python manage.py boundaries")

        assert {rule.id, f"--layer {rule.layer}"} <= set(re.findall(r"BND\d{3}|--layer \w+", text))
        assert rule.why in " ".join(text.split())
        assert rule.recipe in " ".join(text.split())
        assert max(len(line) for line in text.splitlines()) <= 100
