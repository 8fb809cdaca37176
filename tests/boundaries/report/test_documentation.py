"""What the README says of rules and of the zoo is so."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from infra.boundaries.report import rule_table
from infra.boundaries.report.layers import every_rule
from infra.boundaries.report.looks import LOOKS
from tests.boundaries.zoo.score import full_score
from tests.boundaries.zoo.specimens import REFERENCE_LEAKS, all_specimens

README = Path(settings.BASE_DIR) / "infra" / "boundaries" / "README.md"


def test_the_table_of_rules_is_the_rules() -> None:
    told = re.search(r"<!-- rules: .*? -->\n(.*?)<!-- /rules -->", README.read_text(), re.DOTALL)
    table = rule_table.markdown(every_rule().values())

    assert told
    assert told[1].strip() == table.strip(), f"Put this between the marks in {README.name}:\n\n{table}"


def test_the_score_is_the_zoos_wherever_it_is_told() -> None:
    # Whether each specimen does what it should is for test_zoo; this is about what the sentence promises.
    score = full_score(all_specimens())

    assert score in README.read_text()
    for page in (README.parents[2] / "README.md", *README.parents[1].glob("*.md")):
        assert [line for line in page.read_text().splitlines() if "leak zoo: " in line and score not in line] == []


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
