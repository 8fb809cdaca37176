"""`manage.py events lag|dead-letters|replay`: what delivery has not settled, and deciding about it."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from infra.events import dead_letters
from infra.events.configuration import installed_modules
from infra.events.dead_letters import DeadLetter, Selection
from infra.events.lag import Lag, lag_of
from infra.extraction import home
from infra.extraction.record import presence


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not an event id; `events dead-letters` prints them.") from None


class Command(BaseCommand):
    help = "Show how far behind the delivery of events is, list dead letters, and replay or skip them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="lag|dead-letters|replay")
        lag = verbs.add_parser("lag", help="unsettled events of each module")
        letters = verbs.add_parser("dead-letters", help="events that could not be handled, with their errors")
        letters.add_argument("--errors", action="store_true", help="show whole errors with the chain of causes")
        letters.add_argument("--limit", type=int, default=100, metavar="N", help="at most N per module (100)")
        replay = verbs.add_parser("replay", help="try dead letters again, or with --skip leave them out for good")
        replay.add_argument("--all", action="store_true", help="every dead letter")
        replay.add_argument("--skip", action="store_true", help="leave them out: what waits behind them goes on")
        for verb in (letters, replay):
            verb.add_argument("--id", type=_event_id, metavar="ID", help="the event with this id")
            verb.add_argument("--name", metavar="NAME", help="events of this name, like orders.order_placed.v1")
            verb.add_argument("--key", metavar="KEY", help="events with this ordering key")
        for verb in (lag, letters, replay):
            verb.add_argument("--module", action="append", metavar="NAME", help="this module only; may be repeated")
            verb.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        modules = self._modules(options["module"])
        if options["verb"] == "lag":
            self._show_lag([lag_of(module) for module in modules], as_json=options["json"])
            return
        selection = Selection(id=options["id"], name=options["name"], key=options["key"])
        if options["verb"] == "dead-letters":
            found = [d for m in modules for d in dead_letters.dead_letters(m, selection, limit=options["limit"])]
            self._show_dead_letters(found, as_json=options["json"], whole_errors=options["errors"])
        else:
            self._replay(modules, selection, options)

    def _modules(self, wanted: list[str] | None) -> tuple[str, ...]:
        """Return the modules to look at here; say of the others where to ask, and refuse when none is left."""
        installed = installed_modules()
        if unknown := set(wanted or ()) - set(installed):
            raise CommandError(
                f"No module here is called {', '.join(sorted(unknown))}; there are {', '.join(installed)}."
            )
        presence.look()
        modules = tuple(wanted or installed)
        elsewhere = [self._where_to_ask(module) for module in modules if not home.is_here(module)]
        here = tuple(module for module in modules if home.is_here(module))
        if elsewhere and not here:
            raise CommandError("\n".join(elsewhere))
        for line in elsewhere:
            self.stderr.write(line)
        return here

    @staticmethod
    def _where_to_ask(module: str) -> str:
        if getattr(settings, "SERVICE_OF", ""):
            return f"{module} is not in this service's database now. Ask in the monolith: python manage.py events"
        address = home.address_of(module) or "an address that nothing here names"
        return f"{module} lives at {address}. Ask there: python extracted/{module}/manage.py events"

    def _show_lag(self, lags: list[Lag], *, as_json: bool) -> None:
        if as_json:
            rows = [asdict(lag) | {"oldest_unsettled_seconds": lag.oldest_unsettled_seconds} for lag in lags]
            self.stdout.write(json.dumps(rows, indent=2))
            return
        self._table(
            ("module", "ready", "oldest", "at broker", "waiting", "oldest", "blocked keys", "dead"),
            [
                (
                    lag.module, lag.ready, f"{lag.oldest_ready_seconds:.1f} s", lag.unconfirmed_streams,
                    lag.waiting, f"{lag.oldest_waiting_seconds:.1f} s", lag.blocked_keys, lag.dead,
                )
                for lag in lags
            ],
        )  # fmt: skip

    def _show_dead_letters(self, found: list[DeadLetter], *, as_json: bool, whole_errors: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([asdict(letter) for letter in found], indent=2, default=str))
            return
        if not found:
            self.stdout.write("No dead letters.")
            return
        self._table(
            ("module", "event", "id", "key", "attempts", "waiting behind", "error"),
            [
                (
                    letter.consumer, letter.name, letter.id, letter.key, letter.attempts, letter.waiting_behind,
                    letter.error if whole_errors else letter.error.splitlines()[0][:80],
                )
                for letter in found
            ],
        )  # fmt: skip

    def _replay(self, modules: tuple[str, ...], selection: Selection, options: dict[str, Any]) -> None:
        if options["all"] == (selection != Selection()):
            raise CommandError("Say which: --id, --name or --key, or --all for every dead letter.")
        total = sum(dead_letters.count(module, selection) for module in modules)
        if total == 0 and options["all"]:
            self.stdout.write("No dead letters: nothing to replay.")
            return
        if total == 0:
            raise CommandError("No dead letter matches; `events dead-letters` lists them.")
        decide = dead_letters.skip if options["skip"] else dead_letters.replay
        done = 0
        for module in modules:
            for decided in decide(module, selection):
                done += decided
                if not options["json"]:
                    self.stderr.write(f"{done} of {total}")
        if options["json"]:
            self.stdout.write(json.dumps({"skipped" if options["skip"] else "replayed": done}))
        elif options["skip"]:
            self.stdout.write(f"{done} left out for good; what waited behind them goes on.")
        else:
            self.stdout.write(f"{done} will be tried again now; `events dead-letters` shows those that fail again.")

    def _table(self, titles: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        cells = [titles, *(tuple(map(str, row)) for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
        for row in cells:
            self.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
