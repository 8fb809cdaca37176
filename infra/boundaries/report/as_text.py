"""The report for people: by module and rule, each place as editors open it, and at the end what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from rich.style import Style

from infra.boundaries.baseline.judging import Judged, Standing
from infra.boundaries.report.model import ExitStatus, LayerRun, Report

_PLAIN, _MODULE, _RULE, _PLACE, _FAINT = "", "bold underline", "bold red", "cyan", "dim"
_GOOD, _BAD = "bold green", "bold red"


def written(report: Report, *, width: int = 100, colours: bool = False) -> str:
    """Return the whole report.

    Args:
        width: where lines are wrapped; a place is never broken.
    """
    lines: list[tuple[str, str]] = []
    for module, judged in groupby(report.counting, key=lambda each: each.finding.module):
        lines += _module(module, list(judged), report, width)
    lines += [("What was looked at", _MODULE), *_layers(report.runs, width), ("", _PLAIN)]
    sentence, *advice = verdict(report)
    lines.append((sentence, _BAD if report.status else _GOOD))
    lines += [(line, _PLAIN) for line in advice]
    return "\n".join(_coloured(text, style) if colours else text for text, style in lines)


def verdict(report: Report) -> list[str]:
    """Return the outcome in a sentence, and the next sensible commands."""
    new, over = report.counts[Standing.NEW], report.counts[Standing.EXPIRED]
    accepted = report.accepted
    if counted := new + over:
        parts = [
            f"{number} {what}" for number, what in ((new, "new"), (over, "accepted until a day that is over")) if number
        ]
        sentence = f"{_number(counted)} ({', '.join(parts)})"
        sentence += ", observed only: nothing fails." if report.observes else "."
    else:
        sentence = (
            f"{'Nothing new crosses a boundary' if accepted else 'No boundary is crossed'} in what was looked at."
        )
    if accepted:
        first = min(judged.entry.expires for judged in accepted if judged.entry)
        sentence += f" Accepted for now: {len(accepted)}; the first of them ends on {first}."
    if report.status is ExitStatus.COULD_NOT_RUN:
        sentence = f"Could not look at all that was asked for. {sentence if report.judged else ''}".rstrip()
    return [sentence, *_next_steps(report)]


def _next_steps(report: Report) -> Iterator[str]:
    if not report.counting:
        return
    rule = report.counting[0].finding.rule
    yield f"Next: mend them as said above; {report.command} --explain {rule.id} says more of a rule."
    if any(judged.finding.rule.id != "BND090" for judged in report.counting):
        yield f'Not today? {report.command} --baseline --reason "why" accepts what is there for 90 days, and refuses more.'


def _module(module: str, judged: Sequence[Judged], report: Report, width: int) -> Iterator[tuple[str, str]]:
    owner = report.owners.get(module)
    yield f"{module or 'project'}{f'  ({owner})' if owner else ''}", _MODULE
    yield "", _PLAIN
    for rule, of_rule in groupby(judged, key=lambda each: each.finding.rule):
        yield f"  {rule.id}  {rule.title}", _RULE
        yield from _wrapped(f"Why it matters: {rule.why}", "  ", width)
        yield from _wrapped(f"How to mend it: {rule.recipe}", "  ", width)
        yield "", _PLAIN
        for each in of_rule:
            yield f"    {each.finding.where}", _PLACE
            yield f"      {' -> '.join(filter(None, (each.finding.source, each.finding.target)))}", _FAINT
            yield from _wrapped(each.finding.detail, "      ", width)
            if each.entry:
                told = f"Accepted by {each.entry.owner} until {each.entry.expires}, which is over: {each.entry.reason}"
                yield from _wrapped(told, "      ", width)
        yield "", _PLAIN


def _layers(runs: Sequence[LayerRun], width: int) -> Iterator[tuple[str, str]]:
    for run in runs:
        head = f"  {run.layer.value:<14}"
        if not run.is_blind:
            yield (
                f"{head}{run.seconds:.1f} s  {_number(len(run.findings)) if run.findings else 'nothing found'}",
                _PLAIN,
            )
        if run.missed:
            told = f"{'not' if run.is_blind else 'but not all was'} looked at: {run.missed}"
            first, *more = [line for line, _ in _wrapped(told, " " * len(head), width)]
            yield (head + first.lstrip() if run.is_blind else first), _FAINT
            yield from ((line, _FAINT) for line in more)
        for note in run.notes if run.wanted else ():  # figures are for those who ask for them
            yield from ((line, _FAINT) for line, _ in _wrapped(note, " " * len(head), width))


def _number(count: int) -> str:
    return f"{count} finding{'' if count == 1 else 's'}"


def _wrapped(text: str, indent: str, width: int) -> list[tuple[str, str]]:
    lines = wrap(
        text,
        width=width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [(line, _PLAIN) for line in lines]


def _coloured(text: str, style: str) -> str:
    return Style.parse(style).render(text) if style else text
