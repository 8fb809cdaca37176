"""Outcome and status as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import timezone

from infra.extraction.command.outcome import Exit, NextCommand, Outcome
from infra.extraction.move.operations import Status
from infra.extraction.move.status import Next
from infra.extraction.record.models import Change
from infra.extraction.record.values import Phase
from infra.extraction.words import PHASES, duration, line_of_phases

_BAR = 24
# What the verbs of the engine are called at a prompt.
_COMMANDS = {"share": "start --until shared-database", "begin_copy": "start", "complete": "complete --confirm {module}"}


def told(outcome: Outcome) -> str:
    """Return what a person reads when the verb has ended; the lines of progress were said before."""
    lines: list[str] = []
    if outcome.text:
        lines += [outcome.text, ""]
    if outcome.dry_run:
        lines += [f"{outcome.verb} would:", *(f"  {step}" for step in outcome.does or ("change nothing",))]
        if outcome.verdicts:
            lines += ["", "What must hold:"]
        for verdict in outcome.verdicts:
            lines.append(f"  {'yes' if verdict.holds else 'NO '}  {verdict.what}")
            if not verdict.holds:
                lines.append(f"       -> {verdict.todo}")
        lines += ["", "Nothing was changed."]
    if outcome.exit is Exit.REFUSED and not outcome.dry_run:
        lines += [f"{outcome.verb} of {outcome.module} is refused:"]
        for rank, reason in enumerate(outcome.reasons, start=1):
            first, *rest = reason.splitlines() or [""]
            lines += [f"  {rank}. {first}", *(f"     {line}" for line in rest)]
        lines.append("")
    lines += list(_next(outcome.next))
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def status_text(found: Status) -> str:
    """Return the whole status of a move."""
    where = found.where
    lines = [f"{where.module}: {PHASES.get(where.phase, where.phase)}", line_of_phases(where.phase), ""]
    tables = {"monolith": "the monolith's", "service": "the service's"}
    lines.append(
        f"  the truth      {tables[where.home]} tables, epoch {where.epoch}{', writes are HELD' if where.hold else ''}"
    )
    if where.service:
        shares = ", ".join(f"{kind} {where.share(kind)} %" for kind in ("reads", "writes", "shadow"))
        lines.append(f"  the service    {where.service}, on {tables[where.database]} tables: {shares}")
    if where.phase in (Phase.DUAL_WRITE, Phase.SWITCHED):
        lines.append(f"  the carrier    {found.carrier or 'NONE LIVES. Start one: python manage.py carry'}")
        if found.problem:
            lines.append(f"  its problem    {found.problem}")
        lines += [f"  {line}" for line in copy_lines(found)]
        if found.comparison:
            lines.append(f"  compared       {_comparison(found.comparison)}")
        if found.incidents:
            lines.append(f"  ever differed  {found.incidents} rows")
    if found.changes:
        lines += ["", "Last changes:", *(f"  {_change(change)}" for change in found.changes)]
    return "\n".join(lines)


def status_members(found: Status) -> dict[str, Any]:
    """Return the status for programs."""
    where = found.where
    return {
        "phase": where.phase,
        "home": where.home,
        "epoch": where.epoch,
        "hold": where.hold,
        "database": where.database,
        "service": where.service,
        "shares": {kind: where.share(kind) for kind in ("reads", "writes", "shadow")},
        "revision": where.revision,
        "carrier": found.carrier,
        "notedAt": found.noted_at,
        "copied": found.copied,
        "tables": [dict(table) for table in found.tables],
        "rowsPerSecond": found.rows_per_second,
        "secondsLeft": found.seconds_left,
        "waiting": found.waiting,
        "lagMs": dict(found.lag_ms) if found.lag_ms else None,
        "comparison": dict(found.comparison) if found.comparison else None,
        "incidents": found.incidents,
        "problem": found.problem,
        "changes": [
            {
                "revision": change.revision,
                "at": change.at.isoformat(),
                "who": change.who,
                "why": change.why,
                "before": change.before,
                "after": change.after,
            }
            for change in found.changes
        ],
    }


def next_commands(found: Status) -> tuple[NextCommand, ...]:
    """Return what is sensible to type now, what is possible first."""
    every = [_command(found.where.module, each) for each in found.next]
    return tuple(sorted(every, key=lambda each: bool(each.reasons)))


def copy_lines(found: Status) -> Iterator[str]:
    """Yield the copy as a whole, then the tables that are under way."""
    if not found.tables:
        yield "the copy       has not been told of yet"
        return
    copied = sum(int(table.get("copied") or 0) for table in found.tables)
    expected = sum(max(int(table.get("expected") or 0), int(table.get("copied") or 0)) for table in found.tables)
    done = sum(bool(table.get("complete")) for table in found.tables)
    parts = [f"{done} of {len(found.tables)} tables, {copied:,} of about {expected:,} rows"]
    if found.copied:
        parts = [f"complete: {len(found.tables)} tables, {copied:,} rows"]
    elif found.rows_per_second:
        parts.append(f"{found.rows_per_second:,.0f} rows/s")
    if found.seconds_left and not found.copied:
        parts.append(f"{duration(found.seconds_left)} left")
    if found.waiting is not None:
        parts.append(f"{found.waiting:,} writes wait")
    if found.lag_ms and found.lag_ms.get("p99") is not None:
        parts.append(f"lag {found.lag_ms['p99']:.0f} ms (p99)")
    yield f"the copy       {', '.join(parts)}"
    for table in found.tables:
        if not table.get("complete"):
            yield f"               {_bar(table)} {table.get('table')}"


def _bar(table: Mapping[str, Any]) -> str:
    copied, expected = int(table.get("copied") or 0), int(table.get("expected") or 0)
    filled = min(_BAR - 1, _BAR * copied // expected) if expected else 0
    return f"{'█' * filled}{'░' * (_BAR - filled)} {copied:,}/{max(copied, expected):,}"


def _comparison(comparison: Mapping[str, Any]) -> str:
    differences = comparison.get("differences") or 0
    number = len(differences) if isinstance(differences, list) else int(differences)
    verdict = "equal" if not number else f"{number} rows DIFFERED; they were carried again"
    return (
        f"{verdict} at {comparison.get('at')}: {comparison.get('rows') or 0:,} rows,"
        f" {comparison.get('skipped') or 0:,} ranges equal before"
    )


def _change(change: Change) -> str:
    before, after = change.before or {}, change.after
    told = []
    if (old := before.get("phase", Phase.IN_PROCESS)) != (new := after.get("phase")):
        told.append(f"{PHASES.get(old, old)} -> {PHASES.get(str(new), str(new))}")
    if bool(before.get("hold")) != bool(after.get("hold")):
        told.append("held" if after.get("hold") else "released")
    shares, earlier = after.get("shares") or {}, before.get("shares") or {}
    told += [
        f"{kind} {earlier.get(kind, 0)} -> {shares.get(kind, 0)} %"
        for kind in sorted(shares.keys() | earlier.keys())
        if shares.get(kind, 0) != earlier.get(kind, 0)
    ]
    if before.get("database", "monolith") != after.get("database"):
        told.append(f"service on the {after.get('database')}'s tables")
    if (before.get("addresses") or {}) != (after.get("addresses") or {}):
        told.append(f"service at {(after.get('addresses') or {}).get('service') or 'no address'}")
    at = timezone.localtime(change.at)
    why = f" ({change.why})" if change.why else ""
    return f"{at:%Y-%m-%d %H:%M:%S}  {change.who}: {', '.join(told) or 'epoch'}{why}"


def _command(module: str, each: Next) -> NextCommand:
    words = _COMMANDS.get(each.verb, each.verb).format(module=module)
    return NextCommand(command=f"python manage.py extract {module} {words}", does=each.does, reasons=each.reasons)


def _next(commands: tuple[NextCommand, ...]) -> Iterator[str]:
    possible = [each for each in commands if not each.reasons]
    later = [each for each in commands if each.reasons]
    if possible:
        yield "Next:"
    width = max((len(each.command) for each in commands), default=0)
    for each in possible:
        yield f"  {each.command:<{width}}  {each.does}"
    if later:
        yield "Later:"
    for each in later:
        yield f"  {each.command:<{width}}  {each.reasons[0]}"
