"""How hard a first copy may work: it makes way for the module's writers, for other load, for replicas, and for people.

Changes are carried in any case, as a log that nobody empties is worse than a step; only the copy rests.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field

from psycopg import sql

from infra.extraction.data.connections import Connection, one_row
from infra.extraction.sides import Side

_BEFORE = 5  # commits that are timed before a copy begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Above which the copy makes way; None judges nothing."""

    slowdown: float | None = 4.0  # a small durable commit on the source, as multiple of what it took before the copy
    slow_seconds: float = (
        0.03  # and at least this long: a fast disk may become four times slower before anybody feels it
    )
    source_sessions: int | None = 48  # others in a statement or a transaction, on the whole server
    target_sessions: int | None = 48
    replica_seconds: float | None = 10.0  # behind either server; seen where the owner role may (pg_monitor)
    look_seconds: float = 1.0  # between two measurements


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One measurement."""

    commit_seconds: float = 0.0
    source_sessions: int = 0
    target_sessions: int = 0
    replica_seconds: float = 0.0


@dataclass(slots=True)
class Governor:
    """Decides over how many streams a copy may go on: half as many under load, one more when it is over, none on request."""

    limits: Limits = field(default_factory=Limits)
    most: int = 1  # streams
    streams: int = 0  # now
    reason: str = ""  # of there being fewer than the most
    usual_commit_seconds: float = 0.0
    _looked_at: float = 0.0

    def look(self, source: Connection, target: Connection, side: Side, *, paused: str) -> int:
        """Measure, if it is time to, and return how many streams may copy.

        Args:
            source, target: outside of a transaction.
            paused: why somebody stopped the copy, empty when nobody did.
        """
        if not self.usual_commit_seconds:
            self.usual_commit_seconds = statistics.median(_commit_seconds(source, side) for _ in range(_BEFORE))
            self.streams = self.most
        if paused:
            self.streams, self.reason = 0, f"paused: {paused}"
        elif time.monotonic() - self._looked_at >= self.limits.look_seconds or self.reason.startswith("paused"):
            self._looked_at = time.monotonic()
            self.decide(measure(source, target, side))
        return self.streams

    def decide(self, load: Load) -> None:
        """Take a measurement in."""
        reasons = self._exceeded(load)
        if reasons:
            self.streams //= 2
            self.reason = "; ".join(reasons)
        else:
            self.streams = min(self.most, self.streams + 1)
            self.reason = "" if self.streams == self.most else "beginning again, one stream more at a time"

    def _exceeded(self, load: Load) -> list[str]:
        most, reasons = self.limits, []
        usual = self.usual_commit_seconds
        if most.slowdown is not None and load.commit_seconds > max(most.slowdown * usual, most.slow_seconds):
            reasons.append(
                f"a commit on the source takes {load.commit_seconds * 1000:.0f} ms instead of {usual * 1000:.0f} ms"
            )
        for name, sessions, limit in (
            ("source", load.source_sessions, most.source_sessions),
            ("target", load.target_sessions, most.target_sessions),
        ):
            if limit is not None and sessions > limit:
                reasons.append(f"{sessions} sessions are at work on the {name} (limit {limit})")
        if most.replica_seconds is not None and load.replica_seconds > most.replica_seconds:
            reasons.append(f"a replica is {load.replica_seconds:.0f} s behind (limit {most.replica_seconds:.0f} s)")
        return reasons


def measure(source: Connection, target: Connection, side: Side) -> Load:
    """Return what both servers have to do beside the copy; costs a small commit and a look at locks."""
    (ours, behind), (theirs, other_behind) = (_others_at_work(connection) for connection in (source, target))
    return Load(
        commit_seconds=_commit_seconds(source, side),
        source_sessions=ours,
        target_sessions=theirs,
        replica_seconds=max(behind, other_behind),
    )


def _commit_seconds(source: Connection, side: Side) -> float:
    began = time.monotonic()
    source.execute(
        sql.SQL("UPDATE {} SET carried_at = carried_at").format(sql.Identifier(side.control_schema, "capture"))
    )
    return time.monotonic() - began


def _others_at_work(connection: Connection) -> tuple[int, float]:
    # Everybody may see who holds the lock of a running transaction; what others' sessions do, only a monitor.
    row = one_row(
        connection.execute(
            "SELECT (SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND a.usename <> current_user),"
            " (SELECT coalesce(max(extract(epoch FROM replay_lag)), 0)::float8 FROM pg_stat_replication)"
        ).fetchone()
    )
    return int(row[0]), float(row[1])
