"""One role and one schema per alias: who may log in, who owns, who serves.

For the alias `orders` there are the schema `orders`, the role `orders_owner`, which owns and migrates, and the role `orders`,
which serves: it reads and writes rows and has no DDL. Neither is a member of the other, and no role sees another's schema.
For the day on which the module leaves there are the owner's empty schema `orders_xtr`, in which extraction keeps its notes, and
`orders_reader`, which reads what `orders` reads and writes nothing.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import pbkdf2_hmac, sha256

import psycopg
from psycopg import sql

CONTROL_SUFFIX = "_xtr"  # of the schema of extraction's own tables, beside the module's
READER_SUFFIX = "_reader"  # of the role that reads a module's tables and writes none
# What a service logs in with to follow the record of moves (infra/extraction/record): it reads that, and says what it acts on.
FOLLOWER_ROLE = "record_follower"
FOLLOWER_RIGHTS = {
    "extraction_module": "SELECT",
    "extraction_change": "SELECT",
    "extraction_acknowledgement": "SELECT, INSERT, UPDATE, DELETE",
}
# What the database itself cuts off, whoever forgot it in the code. A request has 60 seconds (gunicorn's timeout).
SERVING_LIMITS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}
SCRAM_ITERATIONS = 4096  # PostgreSQL's default


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaRoles:
    """The roles of one alias in one schema; an empty password leaves the one that is set."""

    schema: str
    serving_role: str
    serving_password: str
    owner_role: str
    owner_password: str
    moves: bool = False  # whether it may leave for another database one day, and needs a schema for that
    reader_role: str = ""  # one that only reads, where a service needs it; empty: none
    reader_password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRole:
    """A role with the named rights on single tables of a schema, and nothing else."""

    schema: str
    owner_role: str  # of the schema; who is no superuser gives rights in its name
    role: str
    password: str
    rights: Mapping[str, str]  # by table: "SELECT, INSERT"


def provision(admin_url: str, every: Iterable[SchemaRoles], others: Iterable[TableRole] = ()) -> None:
    """Create or repair roles, schemas and grants in the database of `admin_url`; a repeat changes nothing.

    What migrations granted or revoked on single tables stays as it is.

    Args:
        admin_url: a role that may create roles and schemas, logged in to the database that is to hold the schemas.

    Raises:
        psycopg.Error: the role may not do that, or the server is out of reach; what was created before stays.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # Several test sessions share one server, and roles belong to the server.
        connection.execute("SELECT pg_advisory_lock(hashtext('banyan.provision'))")
        (wanted,) = connection.execute("SELECT current_setting('scram_iterations', true)").fetchone() or (None,)
        iterations = int(wanted or SCRAM_ITERATIONS)  # servers before 16 have no such setting
        for statement in provisioning_statements(connection.info.dbname, every, others, iterations=iterations):
            connection.execute(statement)


def provisioning_statements(
    database: str | sql.SQL,
    every: Iterable[SchemaRoles],
    others: Iterable[TableRole] = (),
    *,
    iterations: int = SCRAM_ITERATIONS,
) -> Iterator[sql.SQL | sql.Composed]:
    """Yield, in order, what makes the schemas and their roles in `database`; passwords only as salted digests.

    Args:
        iterations: of those digests, as the server's `scram_iterations` has them.
    """
    name = sql.Identifier(database) if isinstance(database, str) else database
    yield sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    yield sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name)
    for roles in every:
        yield from _roles(roles, name, iterations)
        yield from _schema(roles)
        if roles.moves:
            yield from _control_schema(roles, name)
    for other in others:
        yield from _role(other.role, other.password, other.schema, name, iterations)
        yield sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(other.owner_role))
        yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(other.schema), sql.Identifier(other.role))
        yield from table_grants(other)
        yield sql.SQL("REVOKE {} FROM CURRENT_USER").format(sql.Identifier(other.owner_role))


def table_grants(role: TableRole) -> Iterator[sql.Composed]:
    """Yield what gives a role its rights on those of its tables that exist; where the role doesn't, nothing happens.

    Tables come with migrations, which is before or after the role: whoever comes later gives the rights.
    """
    for table, rights in role.rights.items():
        name = sql.Identifier(role.schema, table).as_string(None)
        grant = f"GRANT {rights} ON {name} TO {sql.Identifier(role.role).as_string(None)}"
        yield sql.SQL("DO {}").format(
            sql.Literal(
                f"BEGIN IF to_regclass({sql.Literal(name).as_string(None)}) IS NOT NULL AND EXISTS (SELECT FROM pg_roles"
                f" WHERE rolname = {sql.Literal(role.role).as_string(None)}) THEN {grant}; END IF; END"
            )
        )


def _roles(roles: SchemaRoles, database: sql.Composable, iterations: int) -> Iterator[sql.SQL | sql.Composed]:
    yield from _role(roles.owner_role, roles.owner_password, roles.schema, database, iterations)
    yield from _role(roles.serving_role, roles.serving_password, roles.schema, database, iterations)
    yield from _limits(roles.serving_role)
    if roles.reader_role:
        yield from _role(roles.reader_role, roles.reader_password, roles.schema, database, iterations)
        yield from _limits(roles.reader_role)


def _role(
    role: str, password: str, schema: str, database: sql.Composable, iterations: int
) -> Iterator[sql.SQL | sql.Composed]:
    create = sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)).as_string(None)
    # PostgreSQL has no CREATE ROLE IF NOT EXISTS.
    yield sql.SQL("DO {}").format(
        sql.Literal(
            f"BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {sql.Literal(role).as_string(None)})"
            f" THEN {create}; END IF; END"
        )
    )
    # What a new role may not do by default is not forbidden again: only superusers may say NOSUPERUSER.
    digest = scram_digest(password, iterations) if password else ""
    set_password = sql.SQL(" PASSWORD {}").format(sql.Literal(digest)) if digest else sql.SQL("")
    yield sql.SQL("ALTER ROLE {} LOGIN NOINHERIT{}").format(sql.Identifier(role), set_password)
    yield sql.SQL("ALTER ROLE {} SET search_path = {}").format(sql.Identifier(role), sql.Identifier(schema))
    yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(role))


def _limits(role: str) -> Iterator[sql.Composed]:
    for setting, value in SERVING_LIMITS.items():
        yield sql.SQL("ALTER ROLE {} SET {} = {}").format(
            sql.Identifier(role), sql.Identifier(setting), sql.Literal(value)
        )


def _schema(roles: SchemaRoles) -> Iterator[sql.SQL | sql.Composed]:
    schema, owner, serving = (sql.Identifier(name) for name in (roles.schema, roles.owner_role, roles.serving_role))
    # Who is no superuser must be a member for as long as it makes things for the owner.
    yield sql.SQL("GRANT {} TO CURRENT_USER").format(owner)
    yield sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(schema, owner)
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, serving)
    # Tables get their grants when the owner creates them. To grant on all tables here would undo what migrations revoked.
    defaults = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} ").format(owner, schema)
    yield defaults + sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}").format(serving)
    yield defaults + sql.SQL("GRANT USAGE, SELECT ON SEQUENCES TO {}").format(serving)
    yield sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC").format(owner)
    yield defaults + sql.SQL("GRANT EXECUTE ON FUNCTIONS TO {}").format(serving)
    if roles.reader_role:
        reader = sql.Identifier(roles.reader_role)
        yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, reader)
        yield sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, reader)
        yield defaults + sql.SQL("GRANT SELECT ON TABLES TO {}").format(reader)
        yield defaults + sql.SQL("GRANT EXECUTE ON FUNCTIONS TO {}").format(reader)
    yield sql.SQL("REVOKE {} FROM CURRENT_USER").format(owner)


def _control_schema(roles: SchemaRoles, database: sql.Composable) -> Iterator[sql.SQL | sql.Composed]:
    schema, owner = sql.Identifier(f"{roles.schema}{CONTROL_SUFFIX}"), sql.Identifier(roles.owner_role)
    yield sql.SQL("GRANT {} TO CURRENT_USER").format(owner)
    yield sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(schema, owner)
    yield sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(database, owner)
    yield sql.SQL("REVOKE {} FROM CURRENT_USER").format(owner)


def scram_digest(password: str, iterations: int = SCRAM_ITERATIONS) -> str:
    """Return what PostgreSQL stores for a password (RFC 5802), so that the password itself reaches no log.

    A password with letters outside ASCII is returned as it is: the server prepares such by rules of their own.
    """
    if not password.isascii():
        return password
    salt = secrets.token_bytes(16)
    salted = pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored_key = sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    encoded = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *encoded)
