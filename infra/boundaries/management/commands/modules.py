"""`manage.py modules`: what the modules declare, and the files that follow from it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from infra.boundaries.generation import files


class Command(BaseCommand):
    help = "Draw the modules and who asks and hears whom; write what follows from their manifests."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", title="verbs")
        generate = verbs.add_parser("generate", help="write the files that follow from the manifests")
        generate.add_argument("--check", action="store_true", help="write nothing; fail when one is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "generate":
            self._generate(only_check=options["check"])

    def _generate(self, *, only_check: bool) -> None:
        house = settings.HOUSE
        texts = files.generated(settings.MANIFESTS, house, settings.OTHER_SCHEMAS)
        if not only_check:
            for path in files.write(texts, house):
                self.stdout.write(f"{'written' if path in texts else 'removed'}: {path.relative_to(house.root)}")
        elif stale := files.outdated(texts, house):
            names = ", ".join(str(path.relative_to(house.root)) for path in stale)
            raise CommandError(
                f"A manifest has changed, and what follows from it has not, or somebody edited it by hand: {names}."
                f" Type: python {files.COMMAND}"
            )
