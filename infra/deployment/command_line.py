"""What `manage.py` does around Django's commands: an embedded server where one is needed, sentences instead of tracebacks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError, ProgrammingError
from psycopg import OperationalError as DriverOperationalError
from psycopg.errors import InsufficientPrivilege

from infra.databases.embedded import EmbeddedServerError
from infra.databases.reachability import DatabaseRefusal
from infra.databases.standstill import MigrationsRefused
from infra.deployment.serving.web_server import CannotServe

# These never ask a database, or start what they need by themselves.
WITHOUT_DATABASE = frozenset(
    [
        *("boundaries", "contracts", "modules", "serve", "startmodule", "spectacular"),
        *("check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "makemessages", "makemigrations"),
        *("migrate", "startapp", "startproject", "test", "help", "--help", "-h", "version", "--version"),
    ]
)

# These work while a module is on the move and a new version waits with its migrations: they can end or undo the move.
WITHOUT_NEW_MIGRATIONS = frozenset({"carry", "extract"})

# These bring the databases into the state that the others expect.
MAKES_DATABASES = frozenset({"provision_databases", "migrate_modules"})


def run(arguments: Sequence[str]) -> None:
    """Run one command; a refusal that a person can mend is one sentence on standard error and exit code 1.

    Args:
        arguments: as in `sys.argv`; `DJANGO_SETTINGS_MODULE` stands in the environment.
    """
    try:
        with ExitStack() as stack:
            if len(arguments) > 1 and arguments[1] not in WITHOUT_DATABASE:
                _have_databases(arguments[1], stack)
            execute_from_command_line(list(arguments))
    except (ImproperlyConfigured, EmbeddedServerError, DatabaseRefusal, CannotServe) as refusal:
        _refuse(str(refusal))
    except (OperationalError, ProgrammingError, DriverOperationalError, InsufficientPrivilege) as error:
        _refuse(_explain(error))
    except KeyboardInterrupt:
        _refuse("Stopped.", code=130)


def _have_databases(command: str, stack: ExitStack) -> None:
    """Have the checkout's own PostgreSQL running, up to date, for as long as the command takes; look at any other."""
    from infra.databases.preparation import embedded_server, prepare, provision_embedded, require_databases

    server = embedded_server()
    started = server is not None and stack.enter_context(server.in_use())
    if command in MAKES_DATABASES:
        if started:
            provision_embedded()
    elif started:
        django.setup()
        try:
            prepare()
        except MigrationsRefused as refusal:
            if command not in WITHOUT_NEW_MIGRATIONS:
                raise
            sys.stderr.write(f"{refusal}\n")
    else:
        require_databases()  # at once and by name, not after a wait for a pool


def _explain(error: Exception) -> str:
    """Return a sentence for an error of which a database's state is the cause; any other goes on as it is."""
    from infra.databases.preparation import require_databases, require_migrated

    try:
        require_databases()
        require_migrated()
    except DatabaseRefusal as refusal:
        return str(refusal)
    raise error


def _refuse(text: str, *, code: int = 1) -> None:
    sys.stderr.write(f"{text}\n")
    raise SystemExit(code)
