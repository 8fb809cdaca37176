"""`manage.py modules`: what the modules declare, who asks and hears whom, and the files that follow from it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from io import StringIO
from shutil import get_terminal_size
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from infra.boundaries.generation import files
from infra.boundaries.map import as_json, mermaid, svg, table
from infra.boundaries.map.model import Map, drawn
from infra.boundaries.map.watched import NotWatchedError, watched

FORMATS = ("table", "json", "mermaid", "svg")


class Command(BaseCommand):
    help = "Draw the modules and who asks and hears whom, declared beside observed; write what follows from their manifests."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=FORMATS, default="table", help="how the map is drawn (table)")
        parser.add_argument(
            "--declared", action="store_true", help="only what is declared, without looking at a database"
        )
        parser.add_argument("--narrow", action="store_true", help="of svg: one column, for a telephone")
        verbs = parser.add_subparsers(dest="verb", title="verbs", metavar="VERB")
        generate = verbs.add_parser("generate", help="write the files that follow from the manifests")
        generate.add_argument("--check", action="store_true", help="write nothing; fail when one is out of date")
        ready = verbs.add_parser(
            "readiness", help="whether a module is ready to leave, and what to do before; ends with 1 when it is not"
        )
        ready.add_argument("name", metavar="NAME")
        ready.add_argument("--format", choices=("text", "json"), default="text", dest="readiness_format", help="text")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "generate":
            self._generate(only_check=options["check"])
        elif options["verb"] == "readiness":
            self._readiness(options["name"], options["readiness_format"])
        else:
            self._draw(self._map(only_declared=options["declared"]), options["format"], narrow=options["narrow"])

    def _map(self, *, only_declared: bool) -> Map:
        everywhere = settings.HOUSE.above
        if not only_declared:
            try:
                return drawn(settings.MANIFESTS, watched(), everywhere=everywhere)
            except NotWatchedError as reason:
                self.stderr.write(f"Only what is declared: {reason}")
        return drawn(settings.MANIFESTS, everywhere=everywhere)

    def _draw(self, shop: Map, form: str, *, narrow: bool) -> None:
        if form == "json":
            self.stdout.write(as_json.written(shop))
        elif form == "mermaid":
            self.stdout.write("\n".join(mermaid.written(shop)))
        elif form == "svg":
            self.stdout.write(svg.written(shop, narrow=narrow))
        else:
            is_terminal = self.stdout.isatty()
            # What goes into a pipe is not folded, as there is no width to fold it to.
            width = get_terminal_size().columns if is_terminal else 200
            console = Console(file=StringIO(), width=width, highlight=False, force_terminal=is_terminal)
            with console.capture() as captured:
                for part in table.drawn(shop):
                    console.print(part)
            self.stdout.write(captured.get())

    def _readiness(self, name: str, form: str) -> None:
        # It looks with every layer, which the other verbs need not wait for.
        from infra.boundaries.readiness import NoSuchModule, as_json, as_text, readiness

        written = as_json.written if form == "json" else as_text.written
        try:
            ready = readiness(name)
        except NoSuchModule as unknown:
            raise CommandError(str(unknown), returncode=2) from unknown
        self.stdout.write(written(ready))
        if not ready.go:
            sys.exit(1)

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
