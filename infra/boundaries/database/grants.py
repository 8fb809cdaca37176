"""Grants: every privilege in a module's schema that is not its serving role's, and what that role has too much."""

from __future__ import annotations

from collections.abc import Iterator

from infra.boundaries.database import rules
from infra.boundaries.database.catalogue import RELATION_KIND, SYSTEM, Connection, rows
from infra.boundaries.database.places import Places, composition_root
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule
from infra.databases.roles import FOLLOWER_RIGHTS, FOLLOWER_ROLE

EVERYBODY = "PUBLIC"
_READING = frozenset({"USAGE", "SELECT", "EXECUTE"})
_EXCESSIVE = frozenset({"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"})

# NULL in place of a list of grants means PostgreSQL's own defaults: EXECUTE on functions for everybody.
_GRANTS = f"""
WITH granted AS (
    SELECT 'schema' AS kind, nspname AS schema, nspname AS name, nspowner AS owner,
        aclexplode(COALESCE(nspacl, acldefault('n', nspowner))) AS acl
    FROM pg_namespace WHERE nspname = ANY(%(schemas)s)
    UNION ALL
    SELECT {RELATION_KIND}, nspname, relname, relowner, aclexplode(relacl)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = ANY(%(schemas)s)
    UNION ALL
    SELECT 'column', nspname, relname || '.' || attname, relowner, aclexplode(attacl)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ANY(%(schemas)s) AND attacl IS NOT NULL AND NOT attisdropped
    UNION ALL
    SELECT 'function', nspname, proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')', proowner,
        aclexplode(COALESCE(proacl, acldefault('f', proowner)))
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = ANY(%(schemas)s)
    UNION ALL
    SELECT 'default privilege', nspname,
        CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
            WHEN 'T' THEN 'types' ELSE 'schemas' END || ' of ' || pg_get_userbyid(defaclrole),
        defaclrole, aclexplode(defaclacl)
    FROM pg_default_acl JOIN pg_namespace ON pg_namespace.oid = defaclnamespace WHERE nspname = ANY(%(schemas)s)
)
SELECT kind, schema, name,
    CASE (acl).grantee WHEN 0 THEN '{EVERYBODY}' ELSE pg_get_userbyid((acl).grantee) END AS grantee,
    array_agg(DISTINCT (acl).privilege_type || CASE WHEN (acl).is_grantable THEN ' with grant option' ELSE '' END)
FROM granted WHERE (acl).grantee <> owner
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""  # noqa: S608 - our own words only

_CREATES_IN_DATABASE = f"""
SELECT CASE grantee WHEN 0 THEN '{EVERYBODY}' ELSE pg_get_userbyid(grantee) END
FROM pg_database, aclexplode(datacl)
WHERE datname = current_database() AND privilege_type = 'CREATE'
  AND (grantee = 0 OR pg_get_userbyid(grantee) = ANY(%(roles)s)) AND grantee <> datdba
"""  # noqa: S608 - our own words only

_OWNERS = f"""
WITH thing AS (
    SELECT nspname AS schema, {RELATION_KIND} AS kind, relname AS name, relowner AS owner
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT {SYSTEM}
    UNION ALL
    SELECT nspname, 'function', proname, proowner FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE NOT {SYSTEM}
    UNION ALL
    SELECT nspname, 'type', typname, typowner FROM pg_type JOIN pg_namespace ON pg_namespace.oid = typnamespace
    WHERE typrelid = 0 AND typelem = 0 AND NOT {SYSTEM}
    UNION ALL
    SELECT nspname, 'schema', nspname, nspowner FROM pg_namespace WHERE NOT {SYSTEM}
)
SELECT schema, kind, name, pg_get_userbyid(owner) FROM thing
WHERE schema = ANY(%(schemas)s) OR pg_get_userbyid(owner) = ANY(%(roles)s)
"""  # noqa: S608 - our own words only

# A schema of nobody is harmless while it is empty or holds an extension's objects only, unless things may be made there.
_COMMON_GROUND = f"""
SELECT nspname, CASE grantee WHEN 0 THEN '{EVERYBODY}' ELSE pg_get_userbyid(grantee) END,
    array_agg(DISTINCT privilege_type)
FROM pg_namespace, aclexplode(COALESCE(nspacl, acldefault('n', nspowner)))
WHERE NOT nspname = ANY(%(schemas)s) AND NOT {SYSTEM} AND grantee <> nspowner
  AND (grantee = 0 OR pg_get_userbyid(grantee) = ANY(%(roles)s))
  AND (nspname = 'public' OR privilege_type = 'CREATE' OR EXISTS (
      SELECT FROM pg_class WHERE relnamespace = pg_namespace.oid AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')))
GROUP BY 1, 2
"""  # noqa: S608 - our own words only


def check_grants(places: Places, connection: Connection) -> Iterator[Finding]:
    """Yield each privilege that its holder should not have, and each thing that belongs to the wrong role."""
    parameters = places.parameters
    for kind, schema, name, grantee, privileges in rows(connection, _GRANTS, parameters):
        place = places.by_schema[schema]
        what = f"{kind} {schema}" if kind == "schema" else f"{kind} {schema}.{name}"
        if grantee == place.serving:
            rule, privileges = _excess(kind, privileges)
        elif grantee == place.reader:
            rule, privileges = rules.SERVING_EXCEEDS, [each for each in privileges if each not in _READING]
        elif grantee == FOLLOWER_ROLE:
            allowed = "USAGE" if kind == "schema" else FOLLOWER_RIGHTS.get(name, "")
            rule, privileges = rules.GRANT_TO_STRANGER, [each for each in privileges if each not in allowed.split(", ")]
        else:
            rule = _rule_for(places, grantee)
        if grantee != place.owner and privileges:
            who = "everybody (PUBLIC)" if grantee == EVERYBODY else f"role {grantee}"
            yield Finding(
                rule=rule,
                module=place.module,
                source=what,
                target=f"role {grantee}",
                detail=f"On {what}, which is {place.module}'s, {who} has {', '.join(privileges)}.",
            )
    for (grantee,) in rows(connection, _CREATES_IN_DATABASE, parameters):
        yield Finding(
            rule=rules.SERVING_CREATES,
            module=places.by_role[grantee].module if grantee in places.by_role else composition_root(),
            source="the database",
            target=f"role {grantee}",
            detail=f"Role {grantee} may create schemas in this database.",
        )
    yield from _owners(places, connection)
    yield from _common_ground(places, connection)


def _excess(kind: str, privileges: list[str]) -> tuple[Rule, list[str]]:
    if kind == "schema":
        return rules.SERVING_CREATES, [privilege for privilege in privileges if privilege != "USAGE"]
    return rules.SERVING_EXCEEDS, [
        privilege for privilege in privileges if privilege in _EXCESSIVE or privilege.endswith("with grant option")
    ]


def _rule_for(places: Places, grantee: str) -> Rule:
    if grantee == EVERYBODY:
        return rules.GRANT_TO_EVERYBODY
    return rules.GRANT_TO_MODULE if grantee in places.by_role else rules.GRANT_TO_STRANGER


def _owners(places: Places, connection: Connection) -> Iterator[Finding]:
    for schema, kind, name, owner in rows(connection, _OWNERS, places.parameters):
        place = places.by_schema.get(schema)
        home = place or places.of_control(schema)
        if home and owner == home.owner:
            continue
        what = f"{kind} {schema}" if kind == "schema" else f"{kind} {schema}.{name}"
        should = f"to {place.owner}" if place else "to a role of no module, or lie in its owner's schema"
        yield Finding(
            rule=rules.WRONG_OWNER,
            module=place.module if place else places.by_role[owner].module,
            source=what,
            target=f"role {owner}",
            detail=f"The {what} belongs to {owner}; it should belong {should}.",
        )


def _common_ground(places: Places, connection: Connection) -> Iterator[Finding]:
    for schema, grantee, privileges in rows(connection, _COMMON_GROUND, places.parameters):
        if (home := places.of_control(schema)) and grantee == home.serving and privileges == ["USAGE"]:
            continue  # while the module moves, its writes leave their keys there
        who = "Every role" if grantee == EVERYBODY else f"Role {grantee}"
        yield Finding(
            rule=rules.COMMON_GROUND,
            module=places.by_role[grantee].module if grantee in places.by_role else composition_root(),
            source=f"role {grantee}",
            target=f"schema {schema}",
            detail=f"{who} has {', '.join(privileges)} on schema {schema}, which is no module's.",
        )
