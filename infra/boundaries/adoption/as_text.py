"""The survey for people, in the order in which they ask: what is there, what leaks, what is in a circle, what to cut first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.boundaries.adoption.cuts import Cut
from infra.boundaries.adoption.mapping import OUTSIDE
from infra.boundaries.adoption.survey import Survey
from infra.boundaries.baseline.judging import Standing
from infra.boundaries.report.model import Report
from infra.boundaries.static import Crossing

_EXAMPLES = 2
_INDENT = 2


def written(
    survey: Survey, report: Report, *, top: int, next_steps: Sequence[str], width: int = 100, colours: bool = False
) -> str:
    """Return the whole report.

    Args:
        top: how many of the longest lists are shown.
        next_steps: commands to type now.
    """
    stream = StringIO()
    console = Console(
        file=stream, width=width, force_terminal=colours, color_system="standard" if colours else None, highlight=False
    )
    for part in _parts(survey, report, top, next_steps):
        console.print(part, soft_wrap=isinstance(part, Text) and part.no_wrap)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


Part = Text | Table | Padding


def _parts(survey: Survey, report: Report, top: int, next_steps: Sequence[str]) -> Iterator[Part]:
    yield from _head(survey)
    yield from _modules(survey)
    yield from _who_uses_whom(survey, top)
    yield from _leaks(survey)
    yield from _circles(survey, top)
    yield from _tangles(survey, top)
    yield from _wanted(survey, top)
    yield from _cuts(survey, top)
    yield from _verdict(report, survey)
    yield from _headed("Next")
    yield from (_line(f"  {step}") for step in next_steps)


def _head(survey: Survey) -> Iterator[Part]:
    inventory = survey.look.inventory
    looked = inventory.facts.keys() - inventory.tests
    yield Text(f"{survey.look.project.root.name}", style="bold")
    yield _plain(
        f"{len(inventory.facts):,} Python files, {sum(inventory.lines.values()):,} lines ({len(looked):,} files and"
        f" {sum(inventory.lines[name] for name in looked):,} lines without tests), {len(inventory.apps)} Django apps,"
        f" {len(survey.modules.modules)} modules. Nothing of it was imported or run."
    )
    if survey.proposal:
        yield _plain("The modules are a proposal made from folders and from who uses whom. Correct them: see the end.")
        yield from (_plain(note) for note in survey.proposal.notes)
    for unread in survey.look.project.unread:
        yield _plain(
            f"Not looked into: {unread.path}{f':{unread.line}' if unread.line else ''}, {unread.reason}.", "yellow"
        )
    outside = [name for name in looked if survey.modules.home_of(name) == OUTSIDE]
    if outside:
        yield _plain(
            f"{len(outside):,} files belong to nothing in the mapping and are not looked at, like"
            f" {', '.join(sorted(outside)[:3])}.",
            "yellow",
        )


def _modules(survey: Survey) -> Iterator[Part]:
    yield from _headed("Modules", "the largest first; used by, uses: how many modules; leaks: to be mended in it")
    table = _table("module", "lines", "files", "models", "used by", "uses", "leaks")
    for figure in survey.figures:
        # What it consists of is said where its name does not say it.
        apps = [prefix.rpartition(".")[2] for prefix in figure.prefixes]
        name = figure.name if apps == [figure.name] else f"{figure.name} ({', '.join(apps)})"
        table.add_row(
            name,
            *(
                f"{number:,}"
                for number in (figure.lines, figure.files, figure.models, figure.used_by, figure.uses, figure.leaks)
            ),
        )
    yield Padding(table, (0, 0, 0, _INDENT))
    for what, prefixes in (("shared", survey.modules.shared), ("above", survey.modules.above)):
        if prefixes:
            yield _plain(f"{what}: {', '.join(prefixes)}", "dim")


def _who_uses_whom(survey: Survey, top: int) -> Iterator[Part]:
    yield from _headed("Who uses whom", "at how many lines: imports, names, addresses, relations")
    by_source: dict[str, list[str]] = {}
    for arrow in survey.arrows:
        by_source.setdefault(arrow.source, []).append(f"{arrow.target} {arrow.places}")
    for source in sorted(by_source, key=lambda name: (name.startswith("("), -len(by_source[name]), name)):
        yield _hanging(f"{source} -> ", ", ".join(by_source[source]))


def _leaks(survey: Survey) -> Iterator[Part]:
    yield from _headed(f"{_count(len(survey.leaks), 'leak')} by rule")
    for rule, leaks in survey.by_rule.items():
        files = len({leak.finding.path for leak in leaks})
        yield _line(f"  {rule.id}  {len(leaks):>5}  {rule.title}  ({_count(files, 'file')})", "bold")
        yield from _examples([_told(leak) for leak in _apart(leaks)])


def _circles(survey: Survey, top: int) -> Iterator[Part]:
    yield from _headed("Circles")
    if not survey.knots:
        yield _plain("None: modules can be taken out one after the other.")
        return
    for knot in survey.knots:
        yield _plain(f"{len(knot)} modules reach each other: {', '.join(knot)}.")
    short = survey.short_circles
    arrows = {arrow.pair: arrow for arrow in survey.between_modules}
    work = sum(arrows[pair].work for pair in survey.backwards)
    yield _plain(
        f"{_count(len(short), 'circle')} of two or three modules. Cutting {_count(len(survey.backwards), 'arrow')} of"
        f" {len(survey.between_modules)} leaves none; about"
        f" {_count(work, 'file')} to touch or migrations to write:"
    )
    for pair in survey.backwards[: top * 2]:
        arrow = arrows[pair]
        example = arrow.examples[0].finding.where if arrow.examples else ""
        told = f"{_count(len(arrow.files), 'file'):>9}, {_count(arrow.places, 'place'):>10}"
        yield _line(f"    {' -> '.join(pair):<34} {told}  {example}")
    if len(survey.backwards) > top * 2:
        yield _plain(
            f"  and {len(survey.backwards) - top * 2} more (--top {len(survey.backwards)}, or --format json)", "dim"
        )


def _tangles(survey: Survey, top: int) -> Iterator[Part]:
    if not survey.tangles:
        return
    yield from _headed("Most tangled pairs")
    for tangle in survey.tangles[:top]:
        yield _line(
            f"  {tangle.one} <-> {tangle.other}: {tangle.places} places"
            f" ({tangle.there.places} from {tangle.one}, {tangle.back.places} from {tangle.other})"
        )


def _wanted(survey: Survey, top: int) -> Iterator[Part]:
    if not survey.wanted:
        return
    yield from _headed("What others reach for most", "a public file that offers this settles most")
    for thing, users, places in survey.wanted[:top]:
        yield _line(f"  {thing}  by {_count(users, 'module')}, {_count(places, 'place')}")


def _cuts(survey: Survey, top: int) -> Iterator[Part]:
    if not survey.cuts:
        return
    yield from _headed("What to cut first", "by leaks and circles that go for each file and migration that it takes")
    for number, cut in enumerate(survey.cuts[:top], start=1):
        yield _line(f"  {number:>2}. {cut.title}", "bold")
        yield _plain(f"{_brings(cut)}. {cut.advice}", indent=6)
        yield from _examples(list(cut.examples), indent=6)
    if len(survey.cuts) > top:
        yield _plain(f"and {len(survey.cuts) - top} more (--top {len(survey.cuts)}, or --format json)", "dim")


def _verdict(report: Report, survey: Survey) -> Iterator[Part]:
    counts = report.counts
    yield from _headed("Verdict")
    accepted = counts[Standing.ACCEPTED]
    if accepted or len(report.counting) != len(report.judged):
        bad = [
            f"{counts[standing]} {what}"
            for standing, what in ((Standing.NEW, "new"), (Standing.EXPIRED, "past their day"))
            if counts[standing]
        ]
        yield _plain(
            f"Against the baseline: {accepted} accepted, {' and '.join(bad) or 'nothing new'}.",
            "bold red" if bad else "bold green",
        )
        for judged in report.counting[:50]:
            yield _line(f"    {judged.finding.where}  {judged.finding.rule.id}  {judged.standing.value}")
            yield _plain(judged.finding.detail, indent=6)
    else:
        yield _plain(f"{_count(len(report.judged), 'leak')}. Looked at in {survey.seconds:.1f} s.", "bold")


def _brings(cut: Cut) -> str:
    gone = [_count(number, what) for number, what in ((cut.leaks, "leak"), (cut.circles, "circle")) if number]
    work = [f"{_count(len(cut.files), 'file')} to touch"]
    work += [
        f"{_count(number, what)} to write"
        for number, what in ((cut.new_files, "public file"), (cut.migrations, "migration"))
        if number
    ]
    return f"{' and '.join(gone)} gone, {', '.join(work)}"


def _apart(leaks: Sequence[Crossing]) -> list[Crossing]:
    """Return leaks of different modules first: three of one file teach less."""
    first: dict[tuple[str, str], Crossing] = {}
    for leak in leaks:
        first.setdefault((leak.finding.module, leak.other), leak)
    return list(first.values())


def _told(leak: Crossing) -> str:
    return f"{leak.finding.where}  {leak.finding.detail}"


def _examples(told: Sequence[str], indent: int = 4) -> Iterator[Part]:
    for each in told[:_EXAMPLES]:
        yield _line(f"{' ' * indent}{each}", "cyan")


def _headed(title: str, subtitle: str = "") -> Iterator[Part]:
    yield Text("")
    text = Text(title, style="bold underline")
    if subtitle:
        text.append(f"  {subtitle}", style="not bold not underline dim")
    yield text


def _table(first: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first, overflow="fold")
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    return table


def _line(text: str, style: str = "") -> Text:
    """Return a line that is never broken: it may hold a place."""
    return Text(text, style=style, no_wrap=True)


def _plain(text: str, style: str = "", indent: int = _INDENT) -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, indent))


def _hanging(head: str, text: str) -> Table:
    table = Table.grid(padding=0)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row(f"{' ' * _INDENT}{head}", text)
    return table


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
