"""`banyan-boundaries PATH`: what stands between an existing Django project and modules."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from infra.boundaries.adoption import accepting, as_json, as_mermaid, as_text, mapping
from infra.boundaries.adoption.accepting import COMMAND
from infra.boundaries.adoption.proposal import proposed
from infra.boundaries.adoption.proposal import written as starter
from infra.boundaries.adoption.sources import NoProjectError
from infra.boundaries.adoption.survey import Survey, read, surveyed
from infra.boundaries.baseline.entries import BaselineError
from infra.boundaries.report import as_sarif
from infra.boundaries.report.model import ExitStatus, LayerRun, Report
from infra.boundaries.rules import Layer

_EPILOG = f"""\
examples:
  {COMMAND} .                                      the whole report, with modules that are proposed
  {COMMAND} . --propose --output {mapping.FILE}    write that proposal down, and correct it
  {COMMAND} . --baseline leaks.toml --record --reason "before the borders" --owner "platform team"
  {COMMAND} . --baseline leaks.toml                for CI: fails for leaks that are new

exit status: 0 nothing to fail for, 1 leaks that the baseline does not accept, 2 it could not look.
"""


class _Problem(Exception):
    """What was asked for makes no sense; the message says what to type."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except (NoProjectError, mapping.MappingError, BaselineError, _Problem) as error:
        sys.stderr.write(f"{COMMAND}: {error}\n")
        return ExitStatus.COULD_NOT_RUN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description=(
            "Say what stands between an existing Django project and modules: the map, the leaks by rule, the circles, and what"
            " to cut first. It reads source text only: no settings, no database, no import of the project."
        ),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="a checkout, the folder of its packages, or an installed package"
    )
    parser.add_argument(
        "--map",
        type=Path,
        metavar="FILE",
        help=f"apps by module; without it PATH/{mapping.FILE}, and without that a proposal",
    )
    parser.add_argument("--propose", action="store_true", help="only write a proposal for that file")
    parser.add_argument("--format", choices=("text", "json", "sarif", "mermaid"), default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of to the screen")
    parser.add_argument(
        "--top", type=_positive, default=10, metavar="N", help="how many of the longest lists are shown (10)"
    )
    baseline = parser.add_argument_group("baseline: leaks known by rule and ends, not by line or number")
    baseline.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="fail for leaks that are not in it, and for entries that are fixed",
    )
    baseline.add_argument(
        "--record", action="store_true", help="take out of it what is fixed; with --reason, put in what is new"
    )
    baseline.add_argument("--reason", default="", help="why the leaks are accepted for now")
    baseline.add_argument("--owner", default="", help="who mends them")
    baseline.add_argument(
        "--until", type=_day, metavar="YYYY-MM-DD", help="the last day on which they are accepted (90 days)"
    )
    baseline.add_argument("--observe", action="store_true", help="report, and fail for nothing")
    return parser


def _run(given: argparse.Namespace) -> int:
    _refuse_nonsense(given)
    console = Console(stderr=True)
    with console.status("", spinner="dots") as status:

        def tell(what: str) -> None:
            status.update(f"{what} ...")

        tell("looking for packages")
        modules = _mapping(given)
        if given.baseline and modules is None:
            raise _Problem(
                f"A baseline needs modules that stay as they are; a proposal moves with the code. Write it down first: {COMMAND}"
                f" {given.path} --propose --output {given.path / mapping.FILE}"
            )
        look = read(given.path, tell)
        if given.propose:
            return _put(starter(proposed(look.inventory, look.uses)), given.output)
        survey = surveyed(look, modules, tell)
    today = datetime.now(UTC).date()
    if given.record:
        return _record(survey, given, today)
    report = Report(
        runs=(LayerRun(layer=Layer.STATIC, findings=survey.findings, seconds=survey.seconds),),
        judged=tuple(accepting.judged_against(survey.findings, given.baseline, today=today)),
        command=COMMAND,
        # Looking is free; failing is what a baseline asks for.
        observes=given.observe or given.baseline is None,
    )
    _put(_formed(survey, report, given), given.output)
    return report.status


def _refuse_nonsense(given: argparse.Namespace) -> None:
    if given.record and not given.baseline:
        raise _Problem("--record needs a file: --baseline FILE --record.")
    if (given.reason or given.owner or given.until) and not given.record:
        raise _Problem(
            "--reason, --owner and --until say how leaks are accepted; that is done with --baseline FILE --record."
        )


def _mapping(given: argparse.Namespace) -> mapping.ModuleMap | None:
    if given.map:
        return mapping.read(given.map)
    usual = given.path / mapping.FILE
    return mapping.read(usual) if usual.is_file() and not given.propose else None


def _formed(survey: Survey, report: Report, given: argparse.Namespace) -> str:
    match given.format:
        case "json":
            return as_json.written(survey, report)
        case "sarif":
            return as_sarif.written(report)
        case "mermaid":
            return as_mermaid.written(survey)
    colours = given.output is None and sys.stdout.isatty()
    return as_text.written(
        survey, report, top=given.top, next_steps=_next_steps(survey, report, given), colours=colours
    )


def _next_steps(survey: Survey, report: Report, given: argparse.Namespace) -> list[str]:
    path = shlex.quote(str(given.path))
    usual = shlex.quote(str(given.path / mapping.FILE))
    map_ = f" --map {shlex.quote(str(given.map))}" if given.map else ""
    if survey.proposal:
        return [
            f"{COMMAND} {path} --propose --output {usual}",
            "  ... correct the file: which apps are one module, what is plumbing, what may be used",
            f"{COMMAND} {path}",
        ]
    if not given.baseline:
        return [
            f'{COMMAND} {path}{map_} --baseline leaks.toml --record --reason "before the borders" --owner "who mends them"',
            f"{COMMAND} {path}{map_} --baseline leaks.toml     in CI: fails for leaks that are new",
        ]
    baseline = shlex.quote(str(given.baseline))
    if report.counting:
        return [
            "Mend what is new. What was fixed leaves the file with:",
            f"{COMMAND} {path}{map_} --baseline {baseline} --record",
        ]
    return [
        "Take the first cut above, then let what is fixed leave the file:",
        f"{COMMAND} {path}{map_} --baseline {baseline} --record",
    ]


def _record(survey: Survey, given: argparse.Namespace, today: date) -> int:
    done = accepting.record(
        survey.findings, given.baseline, reason=given.reason, owner=given.owner, expires=given.until, today=today
    )
    sys.stdout.write(
        f"{given.baseline}: {done.added} added, {done.renewed} renewed, {done.removed} removed because they are fixed;"
        f" {done.accepted} accepted.\n"
    )
    if not given.reason and len(set(survey.findings)) and not done.accepted:
        sys.stdout.write('Nothing new comes in without --reason "why".\n')
    return ExitStatus.HOLDS


def _put(text: str, file: Path | None) -> int:
    if file is None:
        sys.stdout.write(text.rstrip("\n") + "\n")
        return ExitStatus.HOLDS
    try:
        file.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    except OSError as error:
        raise _Problem(f"{file} cannot be written: {error.strerror}.") from error
    sys.stderr.write(f"{COMMAND}: written to {file}\n")
    return ExitStatus.HOLDS


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day; one looks like 2027-01-31") from None
