"""`make check`: format, types, boundaries. All of them run, whatever fails; the last lines say which did."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MANAGE = [sys.executable, "manage.py"]
# What each says, in the order of what takes least.
CHECKS: dict[str, list[str]] = {
    "format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "style": [sys.executable, "-m", "ruff", "check", "."],
    "generated": [*MANAGE, "modules", "generate", "--check"],
    # Without a database; with one, in tests/boundaries/report. GitHub shows what is wrong beside the line.
    "boundaries": [*MANAGE, "boundaries", "--format", "github" if os.environ.get("GITHUB_ACTIONS") else "text"],
    "django": [*MANAGE, "check", "--fail-level", "WARNING"],
    "migrations": [sys.executable, "-W", "ignore::RuntimeWarning", __file__, "missing-migrations"],
    "contracts": [*MANAGE, "contracts", "check"],
    "types": [sys.executable, "-m", "mypy", "."],
}


def main() -> None:
    os.chdir(REPOSITORY)
    # The settings of the tests need no database to be there.
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "monolith.settings.test"}
    failed = []
    for name, command in CHECKS.items():
        began = time.perf_counter()
        completed = subprocess.run(command, env=variables, capture_output=True, text=True)
        verdict = "failed" if completed.returncode else "ok"
        sys.stdout.write(f"{name:<12}{verdict:<8}{time.perf_counter() - began:5.1f} s\n")
        if completed.returncode:
            failed.append(name)
            sys.stdout.write(completed.stdout + completed.stderr)
        sys.stdout.flush()
    if failed:
        raise SystemExit(f"make check: {', '.join(failed)} failed")


def check_migrations() -> None:
    """Exit with 1 when a model has changed and no migration says so."""
    sys.path.insert(0, str(REPOSITORY))
    import django
    from django.conf import settings
    from django.core.management import call_command

    # Django looks for each history in vain, as there are no databases here; through a pool it would wait for each.
    for database in settings.DATABASES.values():
        database["OPTIONS"].pop("pool")
    django.setup()
    call_command("makemigrations", check_changes=True, dry_run=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["missing-migrations"]:
        check_migrations()
    else:
        main()
