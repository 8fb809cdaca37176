"""`manage.py startmodule NAME`: a new module that passes every check."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from infra.boundaries.generation.house import House
from infra.boundaries.scaffold.making import CannotMake, NewModule, make

# The lengths of names decide how lines break, and in what order imports stand.
TIDY: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "--quiet", "--select", "I", "--fix"),
    ("ruff", "format", "--quiet"),
)
# What follows from the modules' declarations and is committed: brought up to date by processes that know the new one.
FOLLOW_UPS: tuple[tuple[str, ...], ...] = (("modules", "generate"), ("contracts", "write"))


class Command(BaseCommand):
    help = (
        "Make a module with a first contract, event, table, address and tests. It runs and passes every check as it is;"
        " then put the words and rules of your own in their place."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="one lower-case word, such as reviews or gift_cards")
        parser.add_argument(
            "--owner", default="", help='who answers for it, such as "Reviews team <reviews@example.com>"'
        )
        parser.add_argument("--purpose", default="", help="what it is for, in one sentence")

    def handle(self, *args: Any, name: str, owner: str, purpose: str, **options: Any) -> None:
        house: House = settings.HOUSE
        root = house.root
        module = NewModule(
            name=name,
            owner=_one_line(owner) or f"{name.replace('_', ' ').capitalize()} team <{name}@example.com>",
            purpose=_one_line(purpose) or f"Say in one sentence what {name} is for.",
        )
        try:
            files = make(
                module,
                modules=house.folder,
                tests=root / "tests",
                taken={config.label for config in apps.get_app_configs()},
            )
        except CannotMake as problem:
            raise CommandError(str(problem)) from None
        for file in files:
            self.stdout.write(f"  {file.relative_to(root)}")
        if find_spec("ruff") is not None:  # a production environment has no formatter
            for command in TIDY:
                subprocess.run([sys.executable, "-m", *command, *map(str, files)], cwd=root, check=False)
        for command in FOLLOW_UPS:
            self._follow_up(root, command)
        self.stdout.write(
            f"\nThe module {name} is there: its contract is {name}.v1, its address /api/v1/{name}/entries.\n\n"
            f"  make test ARGS=tests/{name}        its own tests\n"
            "  make check                         every rule\n"
            "  make run                           makes its schema and tables, and serves it\n"
            "  python manage.py modules           where it stands among the others\n\n"
            f"To ask another module, name its contract in `asks` of {house.modules}/{name}/manifest.py.\n"
            "To take the module away again:\n"
            f"  rm -r {house.modules}/{name} tests/{name}; python manage.py modules generate; python manage.py contracts write"
        )

    def _follow_up(self, root: Path, command: tuple[str, ...]) -> None:
        self.stdout.write(f"  manage.py {' '.join(command)}")
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=root, env=os.environ.copy(), capture_output=True, text=True
        )
        if done.returncode:
            raise CommandError(
                f"The files are there, but `manage.py {' '.join(command)}` failed; mend what it says and run it again:\n"
                f"{done.stderr or done.stdout}"
            )


def _one_line(text: str) -> str:
    return " ".join(text.replace('"', "'").replace("\\", "/").split())
