"""Roles: what they are, whom they may become, and what a name means to them."""

from __future__ import annotations

from collections.abc import Iterator

from infra.boundaries.database import rules
from infra.boundaries.database.catalogue import Connection, rows
from infra.boundaries.database.places import Places
from infra.boundaries.findings import Finding

_POWERS = """
SELECT rolname, power FROM pg_roles CROSS JOIN LATERAL (VALUES
    ('superuser', rolsuper), ('makes roles', rolcreaterole), ('makes databases', rolcreatedb),
    ('replicates', rolreplication), ('bypasses row security', rolbypassrls)) AS powers (power, has)
WHERE rolname = ANY(%(roles)s) AND has
UNION ALL
SELECT grantee::regrole::text, lower(privilege_type) || ' parameter ' || parname
FROM pg_parameter_acl, aclexplode(paracl) WHERE grantee <> 0 AND pg_get_userbyid(grantee) = ANY(%(roles)s)
UNION ALL
SELECT pg_get_userbyid(grantee), 'calls ' || pg_proc.oid::regprocedure::text
FROM pg_proc, aclexplode(proacl)
WHERE pronamespace = 'pg_catalog'::regnamespace AND grantee <> 0 AND pg_get_userbyid(grantee) = ANY(%(roles)s)
UNION ALL
SELECT pg_get_userbyid(datdba), 'owns the database ' || datname FROM pg_database
WHERE datname = current_database() AND pg_get_userbyid(datdba) = ANY(%(roles)s)
"""

_MEMBERSHIPS = """
SELECT member.rolname, granted.rolname FROM pg_auth_members
JOIN pg_roles member ON member.oid = pg_auth_members.member
JOIN pg_roles granted ON granted.oid = pg_auth_members.roleid
WHERE member.rolname = ANY(%(roles)s)
"""

# A setting for this database alone outweighs the one for all.
_SEARCH_PATHS = """
SELECT rolname, (
    SELECT split_part(setting, '=', 2) FROM pg_db_role_setting, unnest(setconfig) AS setting
    WHERE setrole = pg_roles.oid AND setting LIKE 'search\\_path=%%'
      AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY setdatabase DESC LIMIT 1)
FROM pg_roles WHERE rolname = ANY(%(roles)s)
"""


def check_roles(places: Places, connection: Connection) -> Iterator[Finding]:
    """Yield what roles are or may become that crosses a border."""
    parameters = places.parameters
    for role, power in rows(connection, _POWERS, parameters):
        yield _about(
            places, rules.POWERFUL_ROLE, role, power, f"Role {role} may do what no module's role may: {power}."
        )
    for role, granted in rows(connection, _MEMBERSHIPS, parameters):
        yield _about(places, rules.MEMBERSHIP, role, f"role {granted}", f"Role {role} is a member of role {granted}.")
    for role, path in rows(connection, _SEARCH_PATHS, parameters):
        home = places.by_role[role].schema
        if path is None or path.replace('"', "").strip() != home:
            said = "none of its own" if path is None else path
            yield _about(
                places,
                rules.SEARCH_PATH,
                role,
                f"schema {home}",
                f"Role {role} has the search_path {said}, not {home}.",
            )
    yield from _shared_roles(places)


def _shared_roles(places: Places) -> Iterator[Finding]:
    uses = [
        (role, f"{what} of schema {place.schema}")
        for place in places.every
        for role, what in ((place.owner, "owner"), (place.serving, "serving role"))
    ]
    for role in sorted({role for role, _ in uses}):
        shared = [use for used, use in uses if used == role]
        if len(shared) > 1:
            yield _about(
                places, rules.SHARED_ROLE, role, " and ".join(shared), f"Role {role} is {' and '.join(shared)}."
            )


def _about(places: Places, rule: rules.Rule, role: str, target: str, detail: str) -> Finding:
    return Finding(rule=rule, module=places.by_role[role].module, source=f"role {role}", target=target, detail=detail)
