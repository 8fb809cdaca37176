"""The single web app's command line."""

from __future__ import annotations

import os
from collections.abc import Sequence

from infra.deployment.command_line import run


def main(arguments: Sequence[str]) -> None:
    """Run one command; a refusal that a person can mend is one sentence on standard error and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.development")
    run(arguments)
