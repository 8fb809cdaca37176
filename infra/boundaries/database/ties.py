"""Ties: objects of one schema that cannot be without those of another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.boundaries.database import rules
from infra.boundaries.database.catalogue import RELATION_KIND, SYSTEM, Connection, rows
from infra.boundaries.database.places import Places
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule

# Everything that PostgreSQL knows to depend on something, by the schema that it lies in. What views, rules, triggers,
# policies, defaults and constraints lie in is their table's schema.
_TIES = f"""
WITH thing AS (
    SELECT 'pg_class'::regclass AS catalogue, oid, relnamespace AS home, {RELATION_KIND} AS kind, relname::text AS name
    FROM pg_class WHERE relkind <> 't'
    UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, 'function', proname::text FROM pg_proc
    UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace, 'type', typname::text FROM pg_type
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace, 'operator', oprname::text FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcnamespace, 'operator class', opcname::text FROM pg_opclass
    UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace, 'collation', collname::text FROM pg_collation
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace, 'text search', cfgname::text FROM pg_ts_config
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace, 'text search', dictname::text FROM pg_ts_dict
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace, 'statistics', stxname::text FROM pg_statistic_ext
    UNION ALL SELECT 'pg_constraint'::regclass, c.oid, connamespace,
        CASE contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END, COALESCE(relname || '.', '') || conname
    FROM pg_constraint c LEFT JOIN pg_class ON pg_class.oid = conrelid
    UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, relnamespace,
        CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' ELSE 'rule' END,
        CASE WHEN relkind IN ('v', 'm') THEN relname::text ELSE relname || '.' || rulename END
    FROM pg_rewrite r JOIN pg_class ON pg_class.oid = ev_class
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid, relnamespace, 'trigger', relname || '.' || tgname
    FROM pg_trigger t JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL SELECT 'pg_policy'::regclass, p.oid, relnamespace, 'policy', relname || '.' || polname
    FROM pg_policy p JOIN pg_class ON pg_class.oid = polrelid
    UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, relnamespace,
        CASE attgenerated WHEN '' THEN 'default' ELSE 'generated column' END, relname || '.' || attname
    FROM pg_attrdef d JOIN pg_class ON pg_class.oid = adrelid
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
)
SELECT DISTINCT here.kind, home.nspname, here.name, there.kind, away.nspname, there.name
FROM pg_depend
JOIN thing here ON here.catalogue = classid AND here.oid = objid
JOIN thing there ON there.catalogue = refclassid AND there.oid = refobjid
JOIN pg_namespace home ON home.oid = here.home
JOIN pg_namespace away ON away.oid = there.home
WHERE home.nspname = ANY(%(schemas)s) AND here.home <> there.home AND there.kind <> 'index'
  AND NOT {SYSTEM.replace("nspname", "away.nspname")}
  AND NOT EXISTS (
      SELECT FROM pg_depend e
      WHERE e.classid = pg_depend.refclassid AND e.objid = pg_depend.refobjid AND e.deptype = 'e')
ORDER BY 2, 1, 3, 5, 6
"""  # noqa: S608 - our own words only

# Bodies that PostgreSQL keeps as text: what they name it does not know.
_BODIES = """
SELECT nspname, proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')', prosrc, prosecdef
FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = ANY(%(schemas)s)
ORDER BY 1, 2
"""

_NAMES = """
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = ANY(%(schemas)s) AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
UNION
SELECT nspname, proname FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace WHERE nspname = ANY(%(schemas)s)
"""

_RULES: dict[str, Rule] = {
    "foreign key": rules.FOREIGN_KEY,
    "view": rules.VIEW,
    "materialised view": rules.VIEW,
    "rule": rules.VIEW,
    "function": rules.FUNCTION,
    "trigger": rules.TRIGGER,
}
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUALIFIED = re.compile(r'"?([A-Za-z_][\w$]*)"?\s*\.\s*"?([A-Za-z_][\w$]*)"?')


def check_ties(places: Places, connection: Connection) -> Iterator[Finding]:
    """Yield everything in one place that leans on something outside of it."""
    for kind, schema, name, foreign_kind, foreign_schema, foreign_name in rows(connection, _TIES, places.parameters):
        if (home := places.of_control(foreign_schema)) and home.schema == schema and kind == "trigger":
            continue  # extraction's, for as long as the module moves
        source, target = f"{kind} {schema}.{name}", f"{foreign_kind} {foreign_schema}.{foreign_name}"
        yield Finding(
            rule=_RULES.get(kind, rules.OTHER_TIE),
            module=places.answering_for(schema),
            source=source,
            target=target,
            detail=f"The {source} depends on the {target}, which is {_whose(places, foreign_schema)}.",
        )
    yield from _bodies(places, connection)


def _bodies(places: Places, connection: Connection) -> Iterator[Finding]:
    known = {(schema, name.lower()) for schema, name in rows(connection, _NAMES, places.parameters)}
    for schema, name, body, is_definer in rows(connection, _BODIES, places.parameters):
        source = f"function {schema}.{name}"
        if is_definer:
            yield Finding(
                rule=rules.SECURITY_DEFINER,
                module=places.answering_for(schema),
                source=source,
                target=f"role {places.by_schema[schema].owner}",
                detail=f"The {source} runs with its owner's rights (SECURITY DEFINER).",
            )
        named = {(first.lower(), second.lower()) for first, second in _QUALIFIED.findall(_COMMENT.sub(" ", body))}
        for foreign_schema, foreign_name in sorted(named & known):
            if foreign_schema != schema:
                yield Finding(
                    rule=rules.FUNCTION,
                    module=places.answering_for(schema),
                    source=source,
                    target=f"{foreign_schema}.{foreign_name}",
                    detail=f"The text of {source} names {foreign_schema}.{foreign_name},"
                    f" which is {_whose(places, foreign_schema)}.",
                )


def _whose(places: Places, schema: str) -> str:
    place = places.by_schema.get(schema)
    return f"{place.module}'s" if place else "no module's"
