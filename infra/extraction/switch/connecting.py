"""Connections whose time is limited by the server, so that a frozen or cut-off coordinator holds nothing for long."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from infra.extraction.sides import Side
from infra.extraction.switch.gate import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """In seconds. What they allow together is the longest time that writers may be held."""

    gate: float = 0.15  # to get hold of the polite gate: a writer that came before has this long to finish
    hold: float = 0.3  # from the gate to the commit that decides; the server ends the session after it
    drain: float = 0.15  # for writers that were let in before the fence
    statement: float = 0.3  # for each privileged change, locks included
    connect: float = 2.0


def connect(side: Side, deadlines: Deadlines, purpose: str) -> Connection:
    """Log in as the owner of a side, in autocommit."""
    milliseconds = {
        "lock_timeout": deadlines.gate,
        "statement_timeout": deadlines.statement,
        "idle_in_transaction_session_timeout": deadlines.hold,
    }
    return psycopg.connect(
        side.owner_url,
        autocommit=True,
        application_name=f"banyan switch {side.schema} {purpose}"[:63],
        connect_timeout=max(2, round(deadlines.connect)),  # libpq takes whole seconds, two at least
        tcp_user_timeout=round(deadlines.connect * 1000),
        options=" ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in milliseconds.items()),
    )
