"""What the wheel of a service holds and requires: read by hatchling from each service's pyproject.toml, without Django."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

ROOT = Path(__file__).resolve().parents[2]
MODULES, PLUMBING = "modules", "infra"
ROOT_FILES = ("__init__", "settings", "urls", "wsgi", "celery", "manage")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Requirements(MetadataHookInterface):
    """Sets `project.dependencies`: what the shop needs to run, in the versions that it is locked to."""

    def update(self, metadata: dict[str, Any]) -> None:
        metadata["dependencies"] = requirements(ROOT / "requirements")


class Contents(BuildHookInterface[Any]):
    """Puts into the wheel what `contents` names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        folder = Path(self.root).resolve()
        build_data["force_include"] |= {str(ROOT / place): place for place in contents(folder.name, folder.parent.name)}


def contents(module: str, package: str) -> Iterator[str]:
    """Yield each file or folder below the root that belongs into an installed service.

    That is its module, the plumbing, and of other modules what they show to everybody: all manifests, as every process knows
    who hears and asks whom; contracts of those that the module asks, events of those that it hears.

    Args:
        package: that holds the composition roots of services.
    """
    manifests = _manifests()
    manifest = next(manifest for manifest in manifests if manifest.name == module)
    yield from (PLUMBING, f"{MODULES}/__init__.py", f"{MODULES}/{module}")
    heard = {name.partition(".")[0] for name in manifest.hears}
    for other in manifests:
        if other.name != module:
            public = ["__init__", "manifest"]
            public += ["contract"] if other.name in manifest.asked_modules else []
            public += ["events"] if other.name in heard else []
            yield from (f"{MODULES}/{other.name}/{name}.py" for name in public)
    yield f"{package}/__init__.py"
    yield from (f"{package}/{module}/{name}.py" for name in ROOT_FILES)


def requirements(folder: Path) -> list[str]:
    """Return the names of run.in, each with the version of run.lock."""
    lines = (folder / "run.lock").read_text().splitlines()
    pins = [line.split(" ")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))]
    locked = {pin.partition("==")[0].lower(): pin for pin in pins}
    wanted = (_NAME.match(line) for line in (folder / "run.in").read_text().splitlines())
    return [locked[match[0].lower()] for match in wanted if match]


def _manifests() -> Sequence[Any]:
    sys.path.insert(0, str(ROOT))  # hatchling runs in an environment of its own
    try:
        from infra.boundaries.discovery import manifests_in

        return manifests_in(MODULES)
    finally:
        sys.path.remove(str(ROOT))
