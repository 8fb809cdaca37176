"""Doors: ways out of a schema, or out of the database, that no grant on a table shows."""

from __future__ import annotations

from collections.abc import Iterator

from infra.boundaries.database import rules
from infra.boundaries.database.catalogue import Connection, rows
from infra.boundaries.database.places import Places, composition_root
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule

# Those that run statements elsewhere or as somebody else, or read files; foreign data wrappers end in _fdw.
_EXTENSIONS = """
SELECT 'extension ' || extname, 'other databases and files' FROM pg_extension
WHERE extname IN ('dblink', 'adminpack', 'pg_cron', 'pg_background', 'pg_net', 'http', 'plsh', 'pg_partman_bgw')
   OR extname LIKE '%%\\_fdw'
UNION ALL
SELECT 'language ' || lanname, 'the operating system' FROM pg_language
WHERE NOT lanpltrusted AND lanname NOT IN ('internal', 'c')
"""

_FOREIGN_DATA = """
SELECT 'foreign server ' || srvname, 'another database' FROM pg_foreign_server
UNION ALL
SELECT 'foreign table ' || ftrelid::regclass::text, 'foreign server ' || srvname
FROM pg_foreign_table JOIN pg_foreign_server ON pg_foreign_server.oid = ftserver
"""

_REPLICATION = """
SELECT 'publication ' || pubname, CASE WHEN puballtables THEN 'all tables' ELSE concat_ws(', ',
    (SELECT string_agg(prrelid::regclass::text, ', ' ORDER BY 1) FROM pg_publication_rel WHERE prpubid = pg_publication.oid),
    (SELECT string_agg('schema ' || pnnspid::regnamespace::text, ', ' ORDER BY 1)
     FROM pg_publication_namespace WHERE pnpubid = pg_publication.oid)) END
FROM pg_publication
UNION ALL
SELECT 'subscription ' || subname, 'publication ' || array_to_string(subpublications, ', ') FROM pg_subscription
WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

_EVENT_TRIGGERS = "SELECT 'event trigger ' || evtname, evtfoid::regprocedure::text FROM pg_event_trigger"

_LARGE_OBJECTS = """
SELECT 'large objects of ' || pg_get_userbyid(lomowner), count(*) || ' of them' FROM pg_largeobject_metadata GROUP BY lomowner
"""

_QUESTIONS: dict[str, tuple[Rule, str]] = {
    _EXTENSIONS: (rules.REACHING_EXTENSION, "The {0} reaches out of this database, to {1}."),
    _FOREIGN_DATA: (rules.FOREIGN_DATA, "The {0} makes the rows of {1} look like own ones."),
    _REPLICATION: (rules.REPLICATION, "The {0} carries rows by the inner form of tables: {1}."),
    _EVENT_TRIGGERS: (rules.EVENT_TRIGGER, "The {0} runs {1} inside the work of all modules."),
    _LARGE_OBJECTS: (rules.LARGE_OBJECT, "There are {0}: {1}, in no schema."),
}


def check_doors(places: Places, connection: Connection) -> Iterator[Finding]:
    """Yield what opens a way past schemas and roles; it belongs to no module, so the composition root answers for it."""
    for question, (rule, sentence) in _QUESTIONS.items():
        for source, target in rows(connection, question, places.parameters):
            yield Finding(
                rule=rule,
                module=composition_root(),
                source=source,
                target=target or "nothing yet",
                detail=sentence.format(source, target or "nothing yet"),
            )
