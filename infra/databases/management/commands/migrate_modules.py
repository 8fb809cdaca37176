"""`manage.py migrate_modules`: bring every schema up to date."""

from typing import Any

from django.core.management.base import BaseCommand

from infra.databases.migrations_run import migrate_all


class Command(BaseCommand):
    help = "Apply the migrations of every alias, each under the role that owns its schema."

    def handle(self, *args: Any, **options: Any) -> None:
        migrate_all(self.stdout.write)
