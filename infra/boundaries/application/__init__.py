"""Rules over the loaded Django project: models, migrations, signals, tasks, addresses, templates, admin and the rest.

They look at what is registered, however it came there: relations by string, models by a computed name, signals connected
late. They see what is loaded: code that nothing imports, and what a function does when it runs, are for other layers.
"""

from __future__ import annotations

from collections.abc import Iterable

from infra.boundaries.findings import Finding
from infra.boundaries.manifest import Manifest


def check(manifests: Iterable[Manifest]) -> list[Finding]:
    """Return what the loaded project holds that crosses a border; it needs settings and apps, and no database."""
    from infra.boundaries.application.audit import audit  # needs models, which are loaded after the apps' own files

    return audit(manifests)
