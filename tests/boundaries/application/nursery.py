"""Loading planted projects quickly: one process that has loaded Django forks a child for each, which loads it and looks.

Registries (models, signals, tasks, contracts) belong to a process. A fresh interpreter for each project takes a second or
more; a fork of a warm one takes a tenth.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from infra.boundaries.application import rules
from infra.boundaries.findings import Finding
from infra.boundaries.rules import rule_named
from tests.boundaries.application.tiny_settings import settings_with
from tests.boundaries.zoo.specimens import Habitat
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

_NOTHING_ELSE = rules  # importing them declares what findings are read back with


class PlantingFailed(Exception):
    """A planted project cannot be loaded; the text is what Python says about it."""


def planted(habitat: Habitat, files: dict[str, str], *, added_settings: str = "") -> list[Finding]:
    """Return what the application layer finds in a tiny project with these files.

    A text that begins with "+" is added to the tiny project's file.
    """
    written = {
        name: TINY_PROJECT.get(name, "") + text[1:] if text.startswith("+") else text for name, text in files.items()
    }
    root = habitat.project({"monolith/settings.py": settings_with(added_settings), **written})
    return found_in(root)


def found_in(root: Path) -> list[Finding]:
    """Return what the application layer finds in a project on disk.

    Raises:
        PlantingFailed: it does not load.
    """
    answer = _ask(root)
    if "error" in answer:
        raise PlantingFailed(answer["error"])
    return [Finding(**{**found, "rule": rule_named(found["rule"])}) for found in answer["found"]]


def identities(found: Iterable[Finding]) -> set[tuple[str, str, str, str]]:
    """Return what tests compare: rule, whose, from, to."""
    return {(finding.rule.id, finding.module, finding.source, finding.target) for finding in found}


def _ask(root: Path) -> dict[str, Any]:
    process = _nursery()
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{root}\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


@cache
def _nursery() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.boundaries.application.warm_process"],
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR), "DJANGO_SETTINGS_MODULE": "monolith.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def end() -> None:
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.wait()
        process.stdout.close()

    atexit.register(end)
    return process
