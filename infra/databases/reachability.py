"""Which database does not answer, and why, in one sentence without a password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg

OLDEST_VERSION = 15
CONNECT_SECONDS = 4


class DatabaseRefusal(Exception):
    """The databases are not fit to work with; the text says which, why, and what to do."""


def require_reachable(logins: Mapping[str, Mapping[str, Any]], variables: Mapping[str, str]) -> None:
    """Log in once as every alias.

    Args:
        logins: Django database settings by alias.
        variables: the environment variable that each alias's login comes from.

    Raises:
        DatabaseRefusal: for the first alias whose server is out of reach, refuses the login, or is too old.
    """
    for alias, login in logins.items():
        if complaint := complaint_about(login, f"The database of {alias}", variables[alias]):
            raise DatabaseRefusal(complaint)


def complaint_about(login: Mapping[str, Any], subject: str, variable: str) -> str | None:
    """Return what is wrong with a login, None when it works."""
    place = f"{login['HOST'] or 'localhost'}:{login['PORT'] or 5432}"
    try:
        with connect(login) as connection:
            version = connection.info.server_version // 10000
    except psycopg.OperationalError as error:
        return f"{subject} ({variable}) cannot be used at {place} as {login['USER']}: {_reason(error)}"
    if version < OLDEST_VERSION:
        return (
            f"{subject} ({variable}) at {place} is PostgreSQL {version}; Banyan needs {OLDEST_VERSION} or newer."
            " Name a newer server in that variable."
        )
    return None


def connect(login: Mapping[str, Any]) -> psycopg.Connection[tuple[Any, ...]]:
    """Log in without a pool, which would wait for a server that is away.

    Args:
        login: Django database settings.
    """
    ours = {"pool", "connect_timeout", "prepare_threshold"}
    # What a URL said besides the address, such as `sslmode`.
    extra = {name: value for name, value in login.get("OPTIONS", {}).items() if name not in ours}
    return psycopg.connect(
        host=login["HOST"] or None,
        port=login["PORT"] or None,
        user=login["USER"],
        password=login["PASSWORD"],
        dbname=login["NAME"],
        connect_timeout=CONNECT_SECONDS,
        **extra,
    )


def _reason(error: psycopg.OperationalError) -> str:
    text = " ".join(str(error).split())
    known: Iterable[tuple[str, str]] = (
        ("password authentication failed", "it refuses that user's password. Correct the variable."),
        ("no password supplied", "it asks for a password. Write it into the variable."),
        ("does not exist", "the user or the database does not exist. Create them: manage.py provision_databases"),
        ("permission denied for database", "the user may not log in to it. Grant it: manage.py provision_databases"),
        ("Connection refused", "nothing listens there. Start the server, or correct the variable."),
        ("timeout expired", "it does not answer. Check the address and the firewall."),
        ("could not translate host name", "that host name is unknown. Correct the variable."),
        ("failed to resolve host", "that host name is unknown. Correct the variable."),
        ("Name or service not known", "that host name is unknown. Correct the variable."),
        ("too many connections", "it has no connection left. Raise max_connections, or lower DATABASE_POOL_SIZE."),
        (
            "remaining connection slots",
            "it has no connection left. Raise max_connections, or lower DATABASE_POOL_SIZE.",
        ),
        ("starting up", "it is starting up. Try again in a moment."),
        ("no pg_hba.conf entry", "its pg_hba.conf does not let this machine in. Add an entry for it."),
    )
    for sign, sentence in known:
        if sign in text:
            return sentence
    return text
