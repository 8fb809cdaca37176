"""Projects on disk as the static layer reads them."""

from __future__ import annotations

import runpy
from pathlib import Path

from infra.boundaries.manifest import Manifest
from infra.boundaries.static import Project, banyan_project


def project_at(root: Path) -> Project:
    """Read a project with manifests, which are run apart from the package that they are in: ours has the same name."""
    return banyan_project(root, manifests_at(root))


def manifests_at(root: Path) -> list[Manifest]:
    files = sorted(root.glob("modules/*/manifest.py"))
    return [runpy.run_path(str(file))["manifest"] for file in files]
