"""The monolith's tables go into a schema of their own, out of everybody's reach, in one transaction."""

from __future__ import annotations

import re
from datetime import date

import psycopg
from django.conf import settings
from psycopg import sql

from infra.extraction.data.connections import Connection, connect
from infra.extraction.move.errors import MoveRefused
from infra.extraction.sides import Side

LOCK_SECONDS = 5
# In an order in which nothing stands in the way of what follows; what belongs to a table or a column goes along with it.
_THINGS = """
SELECT format('ALTER %%s %%I.%%I SET SCHEMA ', kind, schema, name) FROM (
  SELECT n.nspname AS schema, c.relname AS name, 1 AS place,
         CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                        WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT EXISTS (
         SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
            AND d.refclassid = 'pg_class'::regclass AND c.relkind = 'S')
  UNION ALL
  SELECT n.nspname, t.typname, 2, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r')
) things WHERE schema = %s ORDER BY place, name
"""
_ROUTINES = """
SELECT 'ALTER ROUTINE ' || p.oid::regprocedure::text || ' SET SCHEMA '
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %s ORDER BY 1
"""


def retired_schema(schema: str, day: date) -> str:
    """Return the name of the schema that holds what was retired on a day; within PostgreSQL's 63 letters."""
    return f"{schema[:45]}_retired_{day:%Y%m%d}"


def find_retired(connection: Connection, schema: str) -> str | None:
    """Return the schema that holds a module's retired tables, the newest where there are several."""
    rows = connection.execute("SELECT nspname::text FROM pg_namespace").fetchall()
    form = re.compile(rf"{re.escape(schema[:45])}_retired_\d{{8}}")
    return max((name for (name,) in rows if form.fullmatch(name)), default=None)


def day_of(retired: str) -> date:
    """Return the day on which a retired schema was made."""
    text = retired[-8:]
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def make_schema(side: Side, name: str) -> None:
    """Make an empty schema that the owner owns; a repeat changes nothing.

    Raises:
        MoveRefused: the owner may not, and no administrator's login is known; it says what an administrator types.
    """
    with connect(side, "retiring") as connection:
        if _exists(connection, name):
            return
        owner = connection.info.user
        try:
            with connection.transaction():
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
                return
        except psycopg.errors.InsufficientPrivilege:
            place = (connection.info.host, connection.info.port, connection.info.dbname)
    statement = sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(
        sql.Identifier(name), sql.Identifier(owner)
    )
    if settings.ADMIN_DATABASE_URL:
        with psycopg.connect(settings.ADMIN_DATABASE_URL, autocommit=True, connect_timeout=4) as admin:
            if (admin.info.host, admin.info.port, admin.info.dbname) == place:
                member = sql.SQL("{} TO CURRENT_USER").format(sql.Identifier(owner))
                admin.execute(sql.SQL("GRANT ") + member)
                admin.execute(statement)
                admin.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(sql.Identifier(owner)))
                return
    raise MoveRefused(
        f"The role {owner} may not make the schema {name} in {place[2]}, and no administrator's login is known"
        f" (ADMIN_DATABASE_URL). Have an administrator run there: {statement.as_string(None)};"
    )


def set_aside(connection: Connection, side: Side, name: str) -> int:
    """Move all that is left in the module's schema into `name`, and take it from everybody but the owner.

    Returns how many things moved; 0 on a repeat.

    Raises:
        MoveRefused: somebody holds a table; nothing was moved.
    """
    target = sql.Identifier(name)
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{LOCK_SECONDS}s"])
            moved = 0
            for query in (_THINGS, _ROUTINES):
                for (statement,) in connection.execute(query, [side.schema]).fetchall():
                    connection.execute(sql.SQL(statement) + target)
                    moved += 1
            roles = connection.execute(
                "SELECT DISTINCT r.rolname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,"
                " aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee"
                " WHERE n.nspname = %s AND a.grantee <> c.relowner",
                [name],
            ).fetchall()
            for (role,) in roles:
                for kind in ("TABLES", "SEQUENCES"):
                    connection.execute(
                        sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA {} FROM {}").format(
                            sql.SQL(kind), target, sql.Identifier(role)
                        )
                    )
            return moved
    except psycopg.errors.LockNotAvailable as error:
        raise MoveRefused(
            f"Somebody holds a table of {side.schema} for longer than {LOCK_SECONDS} s; nothing was moved. Look at"
            " pg_stat_activity, end that session, and repeat this."
        ) from error


def is_empty(connection: Connection, schema: str) -> bool:
    """Return whether no table is left in a schema."""
    row = connection.execute(
        "SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind IN ('r', 'p'))",
        [schema],
    ).fetchone()
    return bool(row and row[0])


def _exists(connection: Connection, name: str) -> bool:
    row = connection.execute("SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL", [name]).fetchone()
    return bool(row and row[0])
