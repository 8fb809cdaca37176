"""The settings that modules declare themselves, in their `settings.py`: a composition root has those of the modules it runs."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from infra.deployment.environment import Environment


def declared_by(package: str, modules: Iterable[str], env: Environment, kept: Path | None) -> dict[str, object]:
    """Return what the modules of a package declare, by the setting's name; most have nothing to declare.

    Args:
        kept: where a laptop keeps what it makes up; None demands every secret from the environment.
    """
    found: dict[str, object] = {}
    for module in modules:
        name = f"{package}.{module}.settings"
        if find_spec(name) is not None:
            found |= import_module(name).declared(env, kept)
    return found
