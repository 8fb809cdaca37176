"""Django's `migrate`, which knows one history, is refused: here each schema has its own, and an owner to run it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.autodetector import MigrationAutodetector


class Command(BaseCommand):
    help = "Refused; `migrate_modules` applies migrations here."
    requires_system_checks = []
    suppressed_base_arguments: set[str] = set()
    autodetector = MigrationAutodetector  # `makemigrations` compares its own with this one

    def run_from_argv(self, argv: list[str]) -> None:
        super().run_from_argv(argv[:2])  # whatever stands behind it, the answer is the same

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            "Each schema is migrated under the role that owns it, with a history of its own. Type: manage.py migrate_modules"
        )
