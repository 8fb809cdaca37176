"""`manage.py provision_databases`: the roles and schemas that the URLs name, made by an administrator."""

from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg.conninfo import conninfo_to_dict

from infra.boundaries.database.audit import borders
from infra.boundaries.database.places import places_in
from infra.databases.aliases import served
from infra.databases.preparation import schema_roles, table_roles
from infra.databases.reachability import complaint_about
from infra.databases.roles import provision, provisioning_statements


class Command(BaseCommand):
    help = "Create or repair one schema with an owning and a serving role for each alias on the server of ADMIN_DATABASE_URL."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "aliases", nargs="*", help="only these; all on the administrator's server when none is named"
        )
        parser.add_argument(
            "--print-sql", action="store_true", help="print the statements for a DBA, and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if unknown := [alias for alias in options["aliases"] if alias not in served()]:
            raise CommandError(f"There is no alias {unknown[0]}; there are {', '.join(served())}.")
        if options["print_sql"]:
            self._print(options["aliases"] or list(served()))
        else:
            self._provision(options["aliases"])

    def _print(self, aliases: list[str]) -> None:
        """Print one script per database."""
        for database in dict.fromkeys(_place(settings.DATABASES[alias]) for alias in aliases):
            here = [alias for alias in aliases if _place(settings.DATABASES[alias]) == database]
            self.stdout.write(f"-- {', '.join(here)}: in database {database[2]} at {database[0]}:{database[1]}")
            for statement in provisioning_statements(database[2], schema_roles(here), table_roles(here)):
                self.stdout.write(f"{statement.as_string(None)};")

    def _provision(self, asked: list[str]) -> None:
        if not settings.ADMIN_DATABASE_URL:
            raise CommandError(
                "ADMIN_DATABASE_URL is not set. It names a role that may create roles, in the database that is to hold the"
                " schemas. Without such a role, give a DBA the output of: manage.py provision_databases --print-sql"
            )
        admin = _login(settings.ADMIN_DATABASE_URL)
        if complaint := complaint_about(admin, "The administrator's database", "ADMIN_DATABASE_URL"):
            raise CommandError(complaint)
        here = [alias for alias, login in served().items() if _place(login) == _place(admin)]
        if elsewhere := [alias for alias in asked if alias not in here]:
            raise CommandError(
                f"{elsewhere[0]} is in another database than ADMIN_DATABASE_URL. Name an administrator of that one."
            )
        every = schema_roles(asked or here)
        try:
            provision(settings.ADMIN_DATABASE_URL, every, table_roles(asked or here))
        except psycopg.errors.InsufficientPrivilege as error:
            raise CommandError(
                f"{admin['USER']} may not do that: {error.diag.message_primary}. Name a role with CREATEROLE that owns the"
                " database, or give a DBA the output of: manage.py provision_databases --print-sql"
            ) from error
        for roles in every:
            self.stdout.write(f"schema {roles.schema}: owned by {roles.owner_role}, served by {roles.serving_role}")
        with psycopg.connect(settings.ADMIN_DATABASE_URL) as connection:
            if found := borders(places_in(every), connection):
                holes = (f"{finding.rule.id} {finding.detail} {finding.rule.recipe}" for finding in found)
                raise CommandError("The borders have holes:\n  " + "\n  ".join(holes))
        if left := [alias for alias in served() if alias not in here]:
            self.stdout.write(f"In other databases, not touched: {', '.join(sorted(left))}")
        self.stdout.write("Next: manage.py migrate_modules")


def _place(login: dict[str, Any]) -> tuple[str, str, str]:
    return str(login["HOST"] or "localhost"), str(login["PORT"] or 5432), str(login["NAME"])


def _login(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    known = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user", "PASSWORD": "password"}
    rest = {name: value for name, value in parts.items() if name not in known.values()}
    return {key: parts.get(name, "") for key, name in known.items()} | {"OPTIONS": rest}
