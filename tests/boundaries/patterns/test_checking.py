"""All patterns together, on this repository and by their settings."""

from __future__ import annotations

import pytest
from django.conf import settings as project
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from infra.boundaries.patterns import check, gathered, measure, rules
from infra.boundaries.patterns.measures import Measure
from infra.boundaries.patterns.thresholds import thresholds
from infra.boundaries.rules import Layer, Rule
from tests.boundaries.patterns.planting import asks, watched


def test_nothing_in_this_shop_is_too_much() -> None:
    assert [finding.detail for finding in check(project.MANIFESTS, project.HOUSE)] == []


def test_every_pattern_is_measured_or_says_why_not() -> None:
    measured = {each.rule for each in measure(gathered(project.MANIFESTS, project.HOUSE))}

    assert measured == {rule for rule in vars(rules).values() if isinstance(rule, Rule)}
    assert {rule.layer for rule in measured} == {Layer.PATTERN}


def test_a_finding_names_module_figure_and_recipe() -> None:
    first, second = project.MANIFESTS[:2]
    circle = watched(asks(first.name, second.name), asks(second.name, first.name))

    (finding,) = [
        each for each in check(project.MANIFESTS, observations=circle) if each.rule is rules.ASKING_IN_CIRCLES
    ]

    assert finding.module == first.name
    assert f"{first.name} -> {second.name} -> {first.name}" in finding.detail
    assert finding.rule.recipe


def test_a_project_moves_thresholds_in_its_settings(settings: Settings) -> None:
    settings.BOUNDARY_THRESHOLDS = {"share_of_the_whole": 0.1}

    found = [each for each in measure(gathered(project.MANIFESTS, project.HOUSE)) if isinstance(each, Measure)]

    assert {each.module for each in found if each.rule is rules.MEGA_MODULE and each.too_much} == {
        manifest.name for manifest in project.MANIFESTS
    }


def test_a_threshold_that_there_is_not_is_refused_by_name(settings: Settings) -> None:
    settings.BOUNDARY_THRESHOLDS = {"chattiness": 3}

    with pytest.raises(ImproperlyConfigured, match=r"no 'chattiness'; there are .*same_question"):
        thresholds()
