"""Compatibility of the project that is loaded: all its modules, and its public API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from infra.boundaries.findings import Finding, in_order
from infra.boundaries.manifest import Manifest
from infra.compatibility.api import check_api, describe_api
from infra.compatibility.checking import judge
from infra.compatibility.modules import offerings


def check(manifests: Iterable[Manifest], package: str) -> list[Finding]:
    """Return what breaks those who were built for a release, and what is not described as it is. Needs no database.

    Args:
        package: holds the modules.
    """
    findings = [finding for offering in offerings(manifests, package) for finding in judge(offering).findings]
    if folder := api_folder():
        findings += check_api(folder, describe_api(settings.ROOT_URLCONF), today=datetime.now(tz=UTC).date())
    return in_order(findings)


def api_folder() -> Path | None:
    """Return where the public API is described; None where this process has none of its own."""
    folder: Path | None = getattr(settings, "API_DESCRIPTIONS", None)
    return folder
