"""`manage.py migrate_modules`: bring every schema up to date."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from infra.databases.aliases import served
from infra.databases.migrations_run import migrate_all
from infra.databases.preparation import require_databases


class Command(BaseCommand):
    help = "Apply the migrations of every alias, each under the role that owns its schema, with a history of its own."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("aliases", nargs="*", help="only these; all when none is named")

    def handle(self, *args: Any, **options: Any) -> None:
        if unknown := [alias for alias in options["aliases"] if alias not in served()]:
            raise CommandError(f"There is no alias {unknown[0]}; there are {', '.join(served())}.")
        require_databases()
        migrate_all(self.stdout.write, options["aliases"] or None)
