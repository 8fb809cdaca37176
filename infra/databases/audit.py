"""What the database itself says about the borders between schemas: every way in which a role could cross one."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from infra.databases.roles import SchemaRoles

_QUESTIONS = {
    "role {0} may do what no module's role may (superuser, makes roles or databases, replicates, bypasses row security)": """
        SELECT rolname FROM pg_roles WHERE rolname = ANY(%(roles)s)
        AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)""",
    "role {0} is a member of role {1}": """
        SELECT member.rolname, granted.rolname FROM pg_auth_members
        JOIN pg_roles member ON member.oid = pg_auth_members.member
        JOIN pg_roles granted ON granted.oid = pg_auth_members.roleid
        WHERE member.rolname = ANY(%(roles)s)""",
    "role {0} may use schema {1}": """
        SELECT rolname, nspname FROM pg_roles, pg_namespace
        WHERE rolname = ANY(%(roles)s) AND (nspname = ANY(%(schemas)s) OR nspname = 'public')
        AND (has_schema_privilege(rolname, nspname, 'USAGE') OR has_schema_privilege(rolname, nspname, 'CREATE'))
        AND NOT (rolname, nspname::text) IN (SELECT * FROM unnest(%(roles)s::text[], %(homes)s::text[]))""",
    "serving role {0} may create objects in schema {1}": """
        SELECT rolname, nspname FROM pg_roles, pg_namespace
        WHERE rolname = ANY(%(serving)s) AND nspname = ANY(%(schemas)s)
        AND has_schema_privilege(rolname, nspname, 'CREATE')""",
    "{0}.{1} does not belong to the schema's owner role, but to {2}": """
        SELECT nspname, relname, pg_get_userbyid(relowner) FROM pg_class
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = ANY(%(schemas)s) AND relkind IN ('r', 'p', 'v', 'm', 'S') AND relowner <> nspowner""",
    "{0} refers to a table of another schema, {1}": """
        SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
        JOIN pg_class here ON here.oid = conrelid JOIN pg_class there ON there.oid = confrelid
        JOIN pg_namespace home ON home.oid = here.relnamespace
        WHERE contype = 'f' AND home.nspname = ANY(%(schemas)s) AND here.relnamespace <> there.relnamespace""",
    "function {0} runs with its owner's rights (SECURITY DEFINER)": """
        SELECT pg_proc.oid::regprocedure::text FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
        WHERE nspname = ANY(%(schemas)s) AND prosecdef""",
}


def crossings(connection: psycopg.Connection[tuple[object, ...]], every: Sequence[SchemaRoles]) -> list[str]:
    """Return a sentence for each hole in the borders; an empty list is what a sound database gives."""
    parameters = {
        "schemas": [roles.schema for roles in every],
        "serving": [roles.serving_role for roles in every],
        "roles": [role for roles in every for role in (roles.serving_role, roles.owner_role)],
        "homes": [roles.schema for roles in every for _ in range(2)],
    }
    return [
        sentence.format(*row)
        for sentence, question in _QUESTIONS.items()
        for row in connection.execute(question, parameters).fetchall()
    ]
