"""Claiming a key before the work, finishing or releasing it after; each commits by itself.

The claims of a module move with it. Where a request has lost its module in the middle, the database refuses to let it finish or
release; the same request, sent to the other side, takes the claim over at once, as that is of an older epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec
from django.db import connections

from infra.databases.prepared import prepared_cursor
from infra.extraction.epochs import first_lease, new_lease
from infra.identifiers import new_id

# A request is answered or given up by everybody after this long; then its key may be taken over. Should it still run, both run
# the use case with the same key, and only the one that took over keeps its answer.
LEASE_SECONDS = 60
RETENTION_DAYS = 30

_CLAIM = """
INSERT INTO idempotency_key AS held (id, principal, route, key, fingerprint, owner, claimed_at, lease_until)
VALUES (%s, %s, %s, %s, %s, %s, now(), now() + make_interval(secs => %s))
ON CONFLICT (principal, route, key) DO UPDATE
   SET owner = excluded.owner, lease_until = excluded.lease_until
 WHERE held.finished_at IS NULL AND (held.lease_until < now() OR held.owner < %s) AND held.fingerprint = excluded.fingerprint
RETURNING id
"""
_READ = """
SELECT fingerprint, status, headers, body, ceil(extract(epoch FROM lease_until - now()))::int
  FROM idempotency_key WHERE principal = %s AND route = %s AND key = %s
"""
_FINISH = """
UPDATE idempotency_key SET status = %s, headers = %s, body = %s, finished_at = now() WHERE id = %s AND owner = %s
"""
_RELEASE = "DELETE FROM idempotency_key WHERE id = %s AND owner = %s AND finished_at IS NULL"
_SWEEP = """
DELETE FROM idempotency_key WHERE id IN (
    SELECT id FROM idempotency_key
     WHERE claimed_at < now() - make_interval(days => %s) AND lease_until < now()
     ORDER BY claimed_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A key and what was asked with it."""

    principal: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is this attempt's: do the work, then `finish` or `release`."""

    id: UUID
    owner: UUID


@dataclass(frozen=True, slots=True)
class Finished:
    """The work was done before; this was the answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Running:
    """Another attempt is at work, for at most so long."""

    seconds_left: int


@dataclass(frozen=True, slots=True)
class Reused:
    """The key was used before for something else."""


def claim(asked: Asked, *, using: str) -> Claimed | Finished | Running | Reused:
    """Claim a key, or say what stands in the way; a claim whose lease has run out, or of an older epoch, is taken over."""
    owner = new_lease(using)
    connection = connections[using]
    if connection.in_atomic_block:
        raise RuntimeError("An idempotency key is claimed before the work's transaction, not in it.")
    scope = (asked.principal, asked.route, asked.key)
    with prepared_cursor(using) as cursor:
        while True:
            cursor.execute(_CLAIM, [new_id(), *scope, asked.fingerprint, owner, LEASE_SECONDS, first_lease(using)])
            if row := cursor.fetchone():
                return Claimed(row[0], owner)
            cursor.execute(_READ, scope)
            if (row := cursor.fetchone()) is None:
                continue  # released in between
            fingerprint, status, headers, body, seconds_left = row
            if bytes(fingerprint) != asked.fingerprint:
                return Reused()
            if status is None:
                return Running(max(1, min(seconds_left, LEASE_SECONDS)))
            return Finished(status, msgspec.json.decode(headers), bytes(body))


def finish(held: Claimed, *, status: int, headers: Mapping[str, str], body: bytes, using: str) -> None:
    """Keep the answer for whoever sends the key again; does nothing when the claim was taken over."""
    with prepared_cursor(using) as cursor:
        cursor.execute(_FINISH, [status, msgspec.json.encode(dict(headers)).decode(), body, held.id, held.owner])


def release(held: Claimed, *, using: str) -> None:
    """Give the key back as if it had not been used; does nothing when the claim was taken over."""
    with connections[using].cursor() as cursor:
        cursor.execute(_RELEASE, [held.id, held.owner])


def sweep(*, using: str, days: int = RETENTION_DAYS, at_once: int = 1000) -> int:
    """Delete keys older than the retention, in short transactions; return how many."""
    total: int = 0
    with connections[using].cursor() as cursor:
        while True:
            cursor.execute(_SWEEP, [days, at_once])
            total += cursor.rowcount
            if cursor.rowcount < at_once:
                return total
