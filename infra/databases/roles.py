"""One role and one schema per alias: who may log in, who owns, who serves.

For the alias `orders` there are the schema `orders`, the role `orders_owner`, which owns and migrates, and the role `orders`,
which serves: it reads and writes rows and has no DDL. Neither is a member of the other, and no role sees another's schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaRoles:
    """The two roles of one alias in one schema."""

    schema: str
    serving_role: str
    serving_password: str
    owner_role: str
    owner_password: str


def provision(admin_url: str, every: Iterable[SchemaRoles]) -> None:
    """Create or repair roles, schemas and grants in the database of `admin_url`; a repeat changes nothing.

    Args:
        admin_url: a role that may create roles, logged in to the database that is to hold the schemas.

    Raises:
        psycopg.Error: the role may not do that, or the server is out of reach; what was created before stays.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # Several test sessions share one server, and roles belong to the server.
        connection.execute("SELECT pg_advisory_lock(hashtext('banyan.provision'))")
        database = sql.Identifier(connection.info.dbname)
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        for roles in every:
            for statement in _statements(connection, roles, database):
                connection.execute(statement)


def _statements(
    connection: psycopg.Connection[tuple[object, ...]], roles: SchemaRoles, database: sql.Identifier
) -> Iterable[sql.Composed]:
    schema, owner, serving = (sql.Identifier(name) for name in (roles.schema, roles.owner_role, roles.serving_role))
    known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for role, password in ((roles.owner_role, roles.owner_password), (roles.serving_role, roles.serving_password)):
        verb = sql.SQL("ALTER" if role in known else "CREATE")
        yield sql.SQL(
            "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS PASSWORD {}"
        ).format(verb, sql.Identifier(role), sql.Literal(password))
        yield sql.SQL("ALTER ROLE {} SET search_path = {}").format(sql.Identifier(role), schema)
        yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(role))
    yield sql.SQL("GRANT {} TO CURRENT_USER").format(owner)
    yield sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(schema, owner)
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, serving)
    yield sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {} TO {}").format(schema, serving)
    yield sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schema, serving)
    defaults = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} ").format(owner, schema)
    yield defaults + sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}").format(serving)
    yield defaults + sql.SQL("GRANT USAGE, SELECT ON SEQUENCES TO {}").format(serving)
    yield sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC").format(owner)
    yield defaults + sql.SQL("GRANT EXECUTE ON FUNCTIONS TO {}").format(serving)
