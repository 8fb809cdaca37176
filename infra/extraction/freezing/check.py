"""What `migrate_modules` and every start ask before they migrate: does the record say that the module stands still?"""

from __future__ import annotations

import psycopg
from django.conf import settings

from infra.databases.standstill import Standstill
from infra.extraction.record.values import Phase

FROZEN = (Phase.DUAL_WRITE, Phase.SWITCHED)
_CONNECT_SECONDS = 4


def standstill(alias: str) -> Standstill | None:
    """Return why the schema of a module must not change now; asks the record, which nothing follows before migrations."""
    if alias == "default" or not settings.EXTRACTION_RECORD_URL:
        return None
    try:
        phase = _phase_of(alias)
    except psycopg.errors.UndefinedTable:
        return None  # a shop that is being made: nothing has moved yet
    except psycopg.OperationalError as error:
        return Standstill(
            reason=f"The record of moves does not answer ({str(error).strip().splitlines()[0]}), so nobody can tell whether"
            f" {alias} is on the move. Start that database, then repeat."
        )
    if phase in FROZEN:
        return Standstill(
            reason=f"{alias} is on the move ({phase.replace('_', ' ')}): its tables must stay alike on both sides. Finish the"
            f" move first (python manage.py extract {alias} complete) or give it up (python manage.py extract {alias}"
            f" {'cancel' if phase == Phase.DUAL_WRITE else 'reverse, then cancel'}), then migrate."
        )
    if phase == Phase.SPLIT and alias != settings.SERVICE_OF:
        return Standstill(
            reason=f"lives in its service; write {alias.upper()}_MODULE=<its URL> into the environment", elsewhere=True
        )
    return None


def _phase_of(module: str) -> str:
    with psycopg.connect(
        settings.EXTRACTION_RECORD_URL,
        autocommit=True,
        connect_timeout=_CONNECT_SECONDS,
        application_name="banyan migrations",
    ) as connection:
        row = connection.execute("SELECT phase FROM extraction_module WHERE module = %s", [module]).fetchone()
    return str(row[0]) if row else Phase.IN_PROCESS
