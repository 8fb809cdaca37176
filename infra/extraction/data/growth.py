"""How large the log of touched keys has become, and what that asks for. Who runs the extraction decides what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from psycopg import sql

from infra.extraction.data.connections import Connection, one_row
from infra.extraction.sides import Side

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The log at one moment, as the source alone can tell: also while the target does not answer."""

    size_bytes: int
    seconds: float  # since the source was last told that something was carried; while the stream lives, a few


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthLimits:
    """From where on somebody is told, and from where on the module's own writers matter more than the extraction."""

    alarm_bytes: int = 256 * _MEGABYTE
    alarm_seconds: float = 60.0
    give_up_bytes: int = 4096 * _MEGABYTE
    give_up_seconds: float = 6 * 3600.0


class Urgency(StrEnum):
    """What a log's growth asks for."""

    NONE = "none"
    ALARM = "alarm"  # somebody looks why nothing is carried
    GIVE_UP = "give up"  # capture is taken away, and the extraction begins afresh later; nobody's writes were in danger


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An urgency with its reason, which says what to do."""

    urgency: Urgency
    reason: str = ""


def growth(source: Connection, side: Side) -> Growth | None:
    """Return how large and how old the log on `side` is, None where nothing is captured; reads no row of the log."""
    name = sql.Identifier(side.control_schema, "log").as_string(source)
    row = source.execute(
        sql.SQL(
            "SELECT pg_total_relation_size({}::regclass), extract(epoch FROM clock_timestamp() - carried_at)::float8 FROM {}"
        ).format(sql.Literal(name), sql.Identifier(side.control_schema, "capture"))
    ).fetchone()
    return Growth(size_bytes=int(row[0]), seconds=float(row[1])) if row else None


def judge(found: Growth, limits: GrowthLimits) -> Judgement:
    """Say what a log of this size and age asks for."""
    size, age = f"{found.size_bytes / _MEGABYTE:,.0f} MB", f"{found.seconds:,.0f} s"
    if found.size_bytes >= limits.give_up_bytes or found.seconds >= limits.give_up_seconds:
        return Judgement(
            urgency=Urgency.GIVE_UP,
            reason=f"The log of touched keys is {size} large, and nothing was carried for {age}. It is given up before it"
            " fills the disk that customers write to: the capture is to be removed, and the copy begun afresh once the"
            " target takes rows again.",
        )
    if found.size_bytes >= limits.alarm_bytes or found.seconds >= limits.alarm_seconds:
        return Judgement(
            urgency=Urgency.ALARM,
            reason=f"The log of touched keys is {size} large, and nothing was carried for {age}. Look whether the carrier"
            f" runs and the target answers; at {limits.give_up_bytes / _MEGABYTE:,.0f} MB or"
            f" {limits.give_up_seconds:,.0f} s the extraction is given up.",
        )
    return Judgement(urgency=Urgency.NONE)


def log_rows(source: Connection, side: Side) -> int:
    """Return how many keys are in the log, carried or not; for tests and people, as it reads all of them."""
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(side.control_schema, "log"))
    return int(one_row(source.execute(query).fetchone())[0])
