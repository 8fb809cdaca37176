"""Compatibility of the project that is loaded: all its modules, and its public API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from infra.boundaries.findings import Finding, in_order
from infra.boundaries.manifest import Manifest
from infra.compatibility.api import check_api, describe_api
from infra.compatibility.checking import Verdict, judge
from infra.compatibility.modules import offerings


def check(manifests: Iterable[Manifest], package: str) -> list[Finding]:
    """Return what breaks those who were built for a release, and what is not described as it is. Needs no database.

    Args:
        package: holds the modules.
    """
    return all_findings(verdicts(manifests, package).values())


def verdicts(manifests: Iterable[Manifest], package: str) -> dict[str, Verdict]:
    """Return the verdict on each module's contracts and events, by module."""
    return {offering.module: judge(offering) for offering in offerings(manifests, package)}


def all_findings(on_modules: Iterable[Verdict]) -> list[Finding]:
    """Return what verdicts found, and what there is to say of the API."""
    findings = [finding for verdict in on_modules for finding in verdict.findings]
    if folder := api_folder():
        findings += check_api(folder, describe_api(settings.ROOT_URLCONF), today=datetime.now(tz=UTC).date())
    return in_order(findings)


def api_folder() -> Path | None:
    """Return where the public API is described; None where this process has none of its own."""
    folder: Path | None = getattr(settings, "API_DESCRIPTIONS", None)
    return folder
