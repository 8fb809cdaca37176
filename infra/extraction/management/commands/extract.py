"""`manage.py extract MODULE VERB`: a module leaves, live, and comes back."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from infra.extraction.command import arguments
from infra.extraction.command.outcome import Exit, Outcome
from infra.extraction.command.telling import told
from infra.extraction.command.verbs import Call, perform

WATCH_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Move a module into a service of its own, live, and back. Ends with 0 (done), 1 (refused; the reasons are ranked) or 2"
        " (wrong usage). Each verb may be killed at any moment and typed again."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        arguments.add_to(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        module, verb = options["module"], options["verb"]
        known = [manifest.name for manifest in settings.MANIFESTS]
        if module not in known:
            raise CommandError(
                f"No module is called {module!r}; there are {', '.join(known)}.", returncode=Exit.WRONG_USAGE
            )
        try:
            if verb == "status" and options.get("watch"):
                self._watch(module, options)
            outcome = self._ended(module, verb, options)
        except KeyboardInterrupt:
            sys.exit(Exit.INTERRUPTED)
        if outcome.exit:
            sys.exit(outcome.exit)

    def _ended(self, module: str, verb: str, options: dict[str, Any]) -> Outcome:
        for_programs = bool(options["json"])
        shows = not for_programs and self.stdout.isatty()
        outcome = perform(
            Call(
                module,
                verb,
                options,
                console=Console(highlight=False) if shows else None,
                tell=(lambda line: None) if for_programs else self._tell,
            )
        )
        if for_programs:
            self.stdout.write(json.dumps(outcome.document(), ensure_ascii=False, default=str, indent=2))
        else:
            self.stdout.write(told(outcome))
        return outcome

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _watch(self, module: str, options: dict[str, Any]) -> None:
        """Show the status each second, until Ctrl-C; for programs one JSON object per line."""
        while True:
            outcome = perform(Call(module, "status", options))
            if options["json"]:
                self._tell(json.dumps(outcome.document(), ensure_ascii=False, default=str))
            else:
                clear = "\x1b[2J\x1b[H" if self.stdout.isatty() else ""
                self._tell(f"{clear}{told(outcome)}\n\nAgain each second; Ctrl-C ends it.")
            time.sleep(WATCH_SECONDS)
