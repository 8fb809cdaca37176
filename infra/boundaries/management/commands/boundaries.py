"""`manage.py boundaries`: every rule that can be looked at from here, in one report."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from infra.boundaries.baseline.entries import BaselineError
from infra.boundaries.baseline.recording import DEFAULT_DAYS, Terms
from infra.boundaries.report import as_github, as_json, as_sarif, as_text, rule_table
from infra.boundaries.report.layers import Place, every_rule
from infra.boundaries.report.looks import LOOKS
from infra.boundaries.report.model import ExitStatus, Report
from infra.boundaries.report.session import Session
from infra.boundaries.rules import Layer

COMMAND = "python manage.py boundaries"
FORMATS = ("text", "json", "sarif", "github")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day; one looks like 2027-01-31.") from None


def _layer(text: str) -> Layer:
    try:
        return Layer(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no layer; there are {', '.join(LOOKS)}.") from None


class Command(BaseCommand):
    help = "Look for crossed boundaries with every layer that can look from here. Ends with 0, 1 (findings) or 2 (could not run)."
    requires_system_checks = []  # they are the application layer of the report

    def __init__(self, *args: Any, today: Callable[[], date] = timezone.localdate, **options: Any) -> None:
        super().__init__(*args, **options)
        self._today = today

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--layer", type=_layer, action="append", metavar="LAYER", help=f"only {', '.join(LOOKS)}; may be repeated"
        )
        parser.add_argument("--module", metavar="NAME", help="only what this module breaks")
        parser.add_argument("--format", choices=FORMATS, default="text", help="text")
        parser.add_argument("--observe", action="store_true", help="report, and fail for nothing")
        baseline = parser.add_argument_group("accepting findings for a time")
        baseline.add_argument(
            "--baseline",
            action="store_true",
            help="take fixed findings out of the baselines; with --reason, accept the others",
        )
        baseline.add_argument("--reason", default="", metavar="TEXT", help="why they are accepted, and until what")
        baseline.add_argument("--owner", default="", metavar="WHO", help="who will mend them (the module's owner)")
        baseline.add_argument(
            "--expires",
            type=_day,
            metavar="YYYY-MM-DD",
            help=f"the last day on which they are accepted (in {DEFAULT_DAYS} days)",
        )
        rules = parser.add_argument_group("looking rules up")
        rules.add_argument("--explain", metavar="BNDnnn", help="say why a rule is there and what to do instead")
        rules.add_argument("--rules", action="store_true", help="list all rules by layer")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rules"] or options["explain"]:
            self._look_up(options["explain"], as_json_text=options["format"] == "json")
            return
        session = Session(
            place=Place(manifests=settings.MANIFESTS, house=settings.HOUSE),
            looks=LOOKS,
            rules=every_rule(),
            today=self._today(),
            command=COMMAND,
        )
        self._refuse_contradictions(options, session)
        runs = session.look(options["layer"] or ())
        try:
            if options["baseline"]:
                terms = Terms.until(
                    options["expires"], reason=options["reason"], owner=options["owner"], today=session.today
                )
                for change in session.accept(runs, terms, module=options["module"]):
                    self.stderr.write(
                        f"{change.baseline.file.relative_to(settings.HOUSE.root)}: {change.added} accepted,"
                        f" {change.renewed} renewed, {change.removed} fixed and taken out."
                    )
            report = session.report(runs, module=options["module"], observes=options["observe"])
        except BaselineError as error:
            raise CommandError(str(error), returncode=ExitStatus.COULD_NOT_RUN) from error
        self._tell(report, options["format"])
        if options["baseline"] and report.counting and not options["reason"]:
            self.stderr.write("Nothing was accepted: say why with --reason.")
        if report.status:
            sys.exit(report.status)

    def _refuse_contradictions(self, options: dict[str, Any], session: Session) -> None:
        if options["module"] and options["module"] not in session.known_modules:
            self._refuse(f"No module is called {options['module']}; there are {', '.join(session.known_modules)}.")
        if missing := [layer for layer in options["layer"] or () if layer not in session.looks]:
            self._refuse(f"The {missing[0]} layer is looked at elsewhere; here there are {', '.join(session.looks)}.")
        if not options["baseline"] and (options["reason"] or options["owner"] or options["expires"]):
            self._refuse("--reason, --owner and --expires are for --baseline.")

    def _look_up(self, wanted: str | None, *, as_json_text: bool) -> None:
        rules = every_rule()
        if wanted is None:
            shown = list(rules.values())
            text = rule_table.listed(shown, command=COMMAND)
        else:
            rule = rules.get(wanted.upper())
            if rule is None:
                # BND30l was meant to be one of BND30x.
                close = [known for known in rules if len(wanted) > 4 and known.startswith(wanted.upper()[:5])][:3]
                hint = f"Close to it: {', '.join(close)}." if close else f"{COMMAND} --rules lists all."
                self._refuse(f"There is no rule {wanted}. {hint}")
            shown = [rule]
            text = rule_table.explained(rule, command=COMMAND)
        self.stdout.write(
            json.dumps([as_json.rule_members(rule) for rule in shown], indent=2) if as_json_text else text
        )

    def _tell(self, report: Report, form: str) -> None:
        if form == "text":
            is_terminal = self.stdout.isatty()
            width = min(max(shutil.get_terminal_size().columns, 60), 120) if is_terminal else 100
            self.stdout.write(as_text.written(report, width=width, colours=self.style.SUCCESS("x") != "x"))
        else:
            forms = {"json": as_json.written, "sarif": as_sarif.written, "github": as_github.written}
            self.stdout.write(forms[form](report))

    def _refuse(self, why: str) -> NoReturn:
        raise CommandError(why, returncode=ExitStatus.COULD_NOT_RUN)
