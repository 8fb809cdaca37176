"""The rules of this layer as Django's system checks: `manage.py check --tag boundaries`, and before every command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils import timezone

from infra.boundaries.findings import Finding
from infra.boundaries.rules import Layer

TAG = "boundaries"


def register() -> None:
    """Make the rules part of what Django checks."""
    checks.register(loaded_project, TAG)


def loaded_project(app_configs: Iterable[Any] | None, **options: Any) -> list[checks.CheckMessage]:
    """Return an error for each finding in the loaded project that no baseline accepts; needs no database.

    The project describes itself in settings.MANIFESTS, and where its baselines are in settings.HOUSE.
    """
    manifests = getattr(settings, "MANIFESTS", None)
    if manifests is None or app_configs is not None:  # what crosses borders is not one app's
        return []
    from infra.boundaries.application import check

    return messages_about(check(manifests))


def messages_about(findings: Sequence[Finding]) -> list[checks.CheckMessage]:
    """Return a message for each finding that no baseline accepts today, or one about a baseline that cannot be read."""
    from infra.boundaries.baseline.entries import BaselineError

    try:
        return [_message_of(found) for found in _not_accepted(findings)]
    except BaselineError as error:
        return [checks.Error(str(error), id=f"{TAG}.baseline")]


def _message_of(found: Finding) -> checks.Error:
    return checks.Error(
        f"{found.rule.title}: {found.detail} {found.rule.why}",
        hint=found.rule.recipe,
        obj=found.where,
        id=f"{TAG}.{found.rule.id}",
    )


def _not_accepted(findings: Sequence[Finding]) -> Sequence[Finding]:
    house = getattr(settings, "HOUSE", None)
    if not findings or house is None:
        return findings
    from infra.boundaries.report.layers import Place, every_rule
    from infra.boundaries.report.model import LayerRun
    from infra.boundaries.report.session import Session

    place = Place(manifests=settings.MANIFESTS, house=house)
    session = Session(place=place, looks={}, rules=every_rule(), today=timezone.localdate(), command="manage.py check")
    report = session.report([LayerRun(layer=Layer.APPLICATION, findings=tuple(findings))])
    return [judged.finding for judged in report.counting if judged.finding.rule.layer is Layer.APPLICATION]
