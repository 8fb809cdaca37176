"""Every static rule can be acted on, and is seen to catch something."""

from __future__ import annotations

import re

import pytest

from infra.boundaries.rules import Layer, Rule, all_rules
from infra.boundaries.static import rules as _declared  # noqa: F401 importing it is what declares them
from tests.boundaries.zoo.static_leaks import SPECIMENS

STATIC = [rule for rule in all_rules() if rule.layer is Layer.STATIC]


def test_every_static_rule_has_a_specimen_in_the_zoo() -> None:
    assert {rule.id for rule in STATIC} - {specimen.rule for specimen in SPECIMENS} == set()


@pytest.mark.parametrize("rule", STATIC, ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_to_do(rule: Rule) -> None:
    assert rule.why.endswith(".")
    assert rule.recipe.rstrip(")`").endswith(".")


# Those that see all there is: an import statement, a file, a manifest.
COMPLETE = {"BND131"}


@pytest.mark.parametrize("rule", [rule for rule in STATIC if rule.id not in COMPLETE], ids=lambda rule: rule.id)
def test_a_rule_says_what_source_text_cannot_show_it(rule: Rule) -> None:
    assert re.search(r"BND\d|not seen|not reported|not followed|are seen|see what|shows? ", rule.why), rule.why
