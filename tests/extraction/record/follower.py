"""A process that follows the record and tells each revision that it acts on."""

from __future__ import annotations

import sys
from typing import Any

import psycopg

from infra.extraction.record.following import Follower, OutOfTouch
from infra.extraction.record.values import Where


def main(url: str, name: str, lease_seconds: str) -> None:
    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(url, autocommit=True, connect_timeout=2, application_name=name)

    def tell(known: dict[str, Where]) -> None:
        line = ",".join(f"{where.module}={where.phase}@{where.revision}" for where in known.values())
        sys.stdout.write(f"acts on {line}\n")
        sys.stdout.flush()

    follower = Follower(connect, on_change=tell, process=name, lease_seconds=float(lease_seconds), poll_seconds=0.2)
    follower.start()
    for question in sys.stdin:
        try:
            answer = follower.where(question.strip()).phase
        except OutOfTouch:
            answer = "out of touch"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    follower.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
