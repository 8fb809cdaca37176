"""Gives the role with which services follow the record its rights, where provisioning made it before these tables stood."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from infra.databases.roles import FOLLOWER_RIGHTS, FOLLOWER_ROLE, TableRole, table_grants


def grant(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone()
        role = TableRole(schema=schema, owner_role="", role=FOLLOWER_ROLE, password="", rights=FOLLOWER_RIGHTS)
        for statement in table_grants(role):
            cursor.execute(statement.as_string(None))


class Migration(migrations.Migration):
    dependencies = [("extraction_record", "0002_progress_requests_and_differences")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
