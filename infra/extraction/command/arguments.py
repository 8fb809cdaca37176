"""What may be typed after `manage.py extract`."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

VERBS = {
    "plan": "what will happen, sizes, times, and what to do first; ends with 1 when something blocks",
    "scaffold": "make extracted/MODULE, the service's small composition root",
    "start": "let the service answer, then carry every write to its database and copy what was there before",
    "status": "how far the move is, and what may come next",
    "verify": "compare both sides as of one moment, while writes go on",
    "shift": "give the service a share of the traffic",
    "switch": "make the service's tables the truth",
    "reverse": "make the monolith's tables the truth again",
    "complete": "retire the monolith's tables, for good; later --drop, and --amputate for a build without the module",
    "cancel": "give the move up before the switch: the monolith alone answers",
}


def add_to(parser: ArgumentParser) -> None:
    """Declare the module, the verbs and their options."""
    parser.add_argument("module", metavar="MODULE")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", title="verbs")
    for name, text in VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text.capitalize())
        verb.add_argument(
            "--dry-run", action="store_true", help="say what would be done and what must hold; change nothing"
        )
        verb.add_argument("--json", action="store_true", help="one JSON object on standard output, with stable names")
        verb.add_argument("--why", default="", metavar="TEXT", help="for the history")
        _OPTIONS.get(name, lambda verb: None)(verb)


def _start(verb: ArgumentParser) -> None:
    verb.add_argument("--service", default="", metavar="URL", help="where the service answers (MODULE_SERVICE_URL)")
    verb.add_argument(
        "--until", choices=("shared-database", "dual-write"), default="dual-write", help="the last phase to go to"
    )
    verb.add_argument("--no-watch", action="store_true", help="do not wait for the copy")
    verb.add_argument("--not-ready", action="store_true", help="although `plan` says NO-GO")


def _status(verb: ArgumentParser) -> None:
    verb.add_argument("--watch", action="store_true", help="again each second, until Ctrl-C")


def _verify(verb: ArgumentParser) -> None:
    verb.add_argument("--everything", action="store_true", help="also what was equal before and not touched since")
    verb.add_argument("--as-text", action="store_true", help="compare the text of every value; slower")


def _shift(verb: ArgumentParser) -> None:
    for kind in ("reads", "writes", "shadow"):
        verb.add_argument(f"--{kind}", type=_per_cent, metavar="N", help=f"per cent of {_KINDS[kind]}")
    verb.add_argument(
        "--database", choices=("monolith", "service"), help="whose tables the service reads before the switch"
    )


def _switch(verb: ArgumentParser) -> None:
    verb.add_argument("--when-ready", action="store_true", help="wait until all preconditions hold")
    verb.add_argument(
        "--at-most", type=_seconds, default=3600.0, metavar="SECONDS", help="how long to wait for that (3600)"
    )
    verb.add_argument("--tries", type=_count, default=10, metavar="N", help="attempts, when a writer is too slow (10)")


def _complete(verb: ArgumentParser) -> None:
    verb.add_argument("--confirm", default="", metavar="MODULE", help="the module's name, typed again")
    verb.add_argument("--drop", action="store_true", help="drop the retired tables, after the grace period")
    verb.add_argument("--grace-days", type=_days, default=14, metavar="N", help="between retiring and dropping (14)")
    verb.add_argument(
        "--amputate", type=Path, metavar="DIR", help="copy this checkout to DIR without the module's internals, and end"
    )


def _cancel(verb: ArgumentParser) -> None:
    verb.add_argument(
        "--service-lost",
        action="store_true",
        help="after a switch, when the service's database is gone for good: go on with what was carried back",
    )
    verb.add_argument("--confirm", default="", metavar="MODULE", help="the module's name, typed again")


_KINDS = {
    "reads": "the reads that the service answers",
    "writes": "the writes that the service answers",
    "shadow": "the reads that both are asked, and compared",
}
_OPTIONS: dict[str, Any] = {
    "start": _start,
    "status": _status,
    "verify": _verify,
    "shift": _shift,
    "switch": _switch,
    "reverse": _switch,
    "complete": _complete,
    "cancel": _cancel,
}


def _per_cent(text: str) -> int:
    return _number(text, 0, 100, "per cent from 0 to 100")


def _days(text: str) -> int:
    return _number(text, 0, 3650, "a number of days from 0 to 3650")


def _count(text: str) -> int:
    return _number(text, 1, 1000, "a number from 1 to 1000")


def _seconds(text: str) -> float:
    return float(_number(text, 0, 7 * 24 * 3600, "a whole number of seconds"))


def _number(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ArgumentTypeError(f"{text!r}: write {what}")
    return int(text)
