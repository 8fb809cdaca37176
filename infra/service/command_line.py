"""What a service's `manage.py` does around Django's commands: its embedded server where one is needed, sentences for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from infra.deployment.command_line import run
from infra.service.configuration import LAPTOP, PLACE_VARIABLE


def main(settings_module: str, arguments: Sequence[str] | None = None) -> None:
    """Run one command of the service whose settings these are; a refusal is one sentence and exit code 1."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    os.environ.setdefault(PLACE_VARIABLE, LAPTOP)
    run(sys.argv if arguments is None else arguments)
