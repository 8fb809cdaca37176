"""Readiness for people: the figures first, then what to do, the verdict last, where a terminal shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from infra.boundaries.observation.figures import Arrow
from infra.boundaries.readiness.model import HeardEvent, Readiness, Stock, Weight

_HEADINGS = {
    Weight.BLOCKS: "Before it can leave",
    Weight.HINDERS: "Better before than after",
    Weight.KNOW: "To think of on the day",
}
_MEGABYTE = 1024 * 1024
SHOWN = 10  # of tables and ways; all of them are in the JSON


def written(ready: Readiness) -> str:
    """Return the whole report."""
    manifest = ready.manifest
    lines = [f"Is {manifest.name} ready to leave?", f"  {manifest.purpose} ({manifest.owner})", ""]
    lines += [*_leaks(ready), ""]
    lines += [*_questions("Questions to it", ready.questions_in, ready), ""]
    lines += [*_questions("Questions of its own", ready.questions_out, ready), ""]
    lines += [*_ways(ready), *_stock(ready.stock), ""]
    lines += [
        *_events("Events that others hear of it", ready.published),
        *_events("Events that it hears", ready.heard),
        "",
    ]
    tasks = ", ".join(f"{name} every {period:g} s" for name, period in ready.tasks)
    lines += [f"Work by the clock: {tasks or 'none'}.", f"Uses from outside the modules: {len(ready.uses)}.", ""]
    lines += [*_todo(ready), ready.verdict]
    return "\n".join(lines)


def _leaks(ready: Readiness) -> Iterator[str]:
    by_layer = Counter(finding.rule.layer for finding in ready.leaks)
    looked = ", ".join(
        f"{run.layer.value} {'?' if run.missed and not by_layer[run.layer] else by_layer[run.layer]}"
        for run in ready.runs
    )
    yield f"Open leaks by layer: {looked or 'no layer has looked'}."


def _questions(heading: str, arrows: Sequence[Arrow], ready: Readiness) -> Iterator[str]:
    if not arrows:
        yield f"{heading}: {'not known; nobody watched' if ready.not_watched else 'none was observed'}."
        return
    yield f"{heading}, as observed until {max(arrow.last_seen for arrow in arrows):%Y-%m-%d %H:%M} UTC:"
    yield from _table(
        [("who", "what", "times", "p50 ms", "p99 ms", "errors", "in a transaction")]
        + [
            (
                arrow.asker,
                arrow.what,
                f"{arrow.count:,}",
                f"{arrow.p50_ms:.2f}",
                f"{arrow.p99_ms:.2f}",
                str(arrow.errors),
                str(arrow.in_transactions),
            )
            for arrow in arrows
        ],
        texts=2,
    )


def _ways(ready: Readiness) -> Iterator[str]:
    if ready.ways:
        yield "On which ways it is asked:"
        yield from _table(
            [("entry", "what", "on average", "at most", "of so many")]
            + [
                (way.entry, way.what, f"{way.per_journey:.1f}", str(way.most), f"{way.journeys:,}")
                for way in ready.ways[:SHOWN]
            ],
            texts=2,
        )
        if len(ready.ways) > SHOWN:
            yield f"  and {len(ready.ways) - SHOWN} more (--format json)"
        yield ""


def _stock(stock: Stock) -> Iterator[str]:
    if stock.missing:
        yield f"What it keeps: not known. {stock.missing}"
        return
    yield f"What it keeps: {len(stock.tables)} tables, {_size(stock.size_bytes)}, {len(stock.sequences)} sequences."
    rows = [
        (table.name, f"{'about ' if table.is_estimate else ''}{table.rows:,} rows", _size(table.size_bytes))
        for table in stock.tables[:SHOWN]
    ]
    yield from _table(rows, texts=1)
    if len(stock.tables) > SHOWN:
        yield f"  and {len(stock.tables) - SHOWN} smaller ones"
    how = "measured by reading" if stock.rate_is_measured else "taken for usual: there is too little to measure with"
    yield f"  Copying: about {_duration(stock.copy_seconds)}, at {_size(stock.bytes_per_second)}/s ({how})."


def _events(heading: str, events: Sequence[HeardEvent]) -> Iterator[str]:
    yield f"{heading}: {'none' if not events else ''}".rstrip()
    yield from _table([_event(event) for event in events], texts=3)


def _event(event: HeardEvent) -> tuple[str, ...]:
    seen, told = event.observed, []
    if seen:
        told.append(
            f"{seen.count:,} times, {seen.errors} failed, in effect after {seen.p50_ms:.0f} ms (p99 {seen.p99_ms:.0f})"
        )
    else:
        told.append("not observed")
    told += [f"{event.dead} given up"] if event.dead else []
    told += [] if event.has_handler else ["NO HANDLER here"]
    return event.name, f"{event.publisher} -> {event.consumer}", ", ".join(told)


def _todo(ready: Readiness) -> Iterator[str]:
    number = 0
    for weight, heading in _HEADINGS.items():
        items = [todo for todo in ready.todo if todo.weight is weight]
        if items:
            yield f"{heading}:"
        for todo in items:
            number += 1
            yield f"  {number:>2}. {todo.what}"
            yield f"      -> {todo.where}"
        if items:
            yield ""


def _table(rows: Sequence[tuple[str, ...]], *, texts: int) -> Iterator[str]:
    """Yield rows in columns, the first few to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if place < texts else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()


def _size(amount: float) -> str:
    return f"{amount / _MEGABYTE:,.1f} MB" if amount >= _MEGABYTE / 10 else f"{amount / 1024:,.0f} KB"


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "a second"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
