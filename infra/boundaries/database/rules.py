"""The rules of the database layer."""

from __future__ import annotations

from infra.boundaries.rules import Rule as Rule
from infra.boundaries.rules import rule

# --- Roles: who logs in, and what they are ---

POWERFUL_ROLE = rule(
    "BND301",
    title="A module's role may do what no module may",
    why="A role that is superuser, makes roles or databases, replicates, bypasses row security or sets what only an"
    " administrator should walks past every other border.",
    recipe="Take it back: ALTER ROLE ... NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS, or REVOKE what the"
    " finding names.",
)
MEMBERSHIP = rule(
    "BND302",
    title="A module's role is a member of another role",
    why="A member may become the other role with SET ROLE, and has its rights without a grant that anybody would see.",
    recipe="REVOKE the other role. What the module needs of another it asks by contract; what an operator needs, he does"
    " with a role of his own.",
)
SHARED_ROLE = rule(
    "BND303",
    title="Two places share one role",
    why="Modules that log in as one role share all rights; a serving role that also owns may change tables and grants while it"
    " serves.",
    recipe="Give each alias its own serving role and its own owner role in its URLs, and run manage.py provision_databases.",
)
SEARCH_PATH = rule(
    "BND304",
    title="A role's search_path is not its own schema",
    why="A name without a schema then means another table than the code's author saw, on one server and not on the next.",
    recipe="ALTER ROLE <role> SET search_path = <its schema>; manage.py provision_databases does it.",
)

# --- Grants: who may do what ---

GRANT_TO_MODULE = rule(
    "BND310",
    title="Another module's role has a privilege here",
    why="With it, one statement reads or changes what belongs to another module, unseen by every rule over code; and even"
    " REFERENCES alone can probe for rows.",
    recipe="REVOKE it. Ask the module by its contract, or keep an own copy of what its events say.",
)
GRANT_TO_EVERYBODY = rule(
    "BND311",
    title="Everybody (PUBLIC) has a privilege in a module's schema",
    why="PUBLIC contains all roles, those of other modules and those that somebody creates tomorrow.",
    recipe="REVOKE it FROM PUBLIC, and grant it to the serving role alone.",
)
GRANT_TO_STRANGER = rule(
    "BND312",
    title="A role of no module has a privilege in a module's schema",
    why="Reports and scripts that read tables directly break with the next migration, and nobody knows that they exist.",
    recipe="REVOKE it, and feed the reader from events or a contract; if it must stay for now, record it in the baseline with an"
    " owner and an expiry date.",
)
SERVING_CREATES = rule(
    "BND313",
    title="A serving role may create objects",
    why="Code that serves requests could make tables that no migration knows, or functions that others call.",
    recipe="REVOKE CREATE from the serving role; only the owner role, which migrates, makes things.",
)
SERVING_EXCEEDS = rule(
    "BND314",
    title="A serving role may do more with a table than read and write rows",
    why="TRUNCATE passes by triggers that keep ledgers whole, TRIGGER plants code in others' transactions, REFERENCES and"
    " grant options hand rights on.",
    recipe="REVOKE it. A serving role needs SELECT, INSERT, UPDATE and DELETE, and often fewer.",
)
WRONG_OWNER = rule(
    "BND315",
    title="Something belongs to another role than its schema's owner role",
    why="An owner may do anything to what it owns and grant it to anybody, and the module's migrations cannot change it.",
    recipe="ALTER ... OWNER TO the schema's owner role; make things only by migrations.",
)
COMMON_GROUND = rule(
    "BND316",
    title="A module's role may use a schema that is no module's",
    why="What lies where several modules reach is a shared database by another name.",
    recipe="REVOKE USAGE and CREATE on that schema, and move what is there into the schema of the module that owns it.",
)

# --- Ties: what in one schema leans on another ---

FOREIGN_KEY = rule(
    "BND320",
    title="A foreign key leads into another schema",
    why="It locks the other module's rows, lets its deletes fail, and cannot survive the move to a database of its own.",
    recipe="Keep the id as a plain column, ask by contract whether it exists when it is written, and hear the event of its end.",
)
VIEW = rule(
    "BND321",
    title="A view or rule reads another schema",
    why="It makes another module's tables part of this one's, with its owner's rights.",
    recipe="Keep a table of your own that events fill, or ask by contract and join in Python.",
)
FUNCTION = rule(
    "BND322",
    title="A function reaches into another schema",
    why="Its body runs inside this module's statements, where no rule over Python code looks.",
    recipe="Take the foreign names out: pass what it needs as arguments, asked by contract before.",
)
TRIGGER = rule(
    "BND323",
    title="A trigger runs another schema's code",
    why="Each write then waits for, and may fail because of, another module's code in the same transaction.",
    recipe="Publish an event, which the other module handles in a transaction of its own.",
)
OTHER_TIE = rule(
    "BND324",
    title="A policy, default, generated column, check, index, type, sequence or parent lies in another schema",
    why="The table cannot be used, nor moved, without the other module's objects.",
    recipe="Make what it needs in its own schema; what is shared by meaning is a value in a contract.",
)
SECURITY_DEFINER = rule(
    "BND325",
    title="A function runs with its owner's rights (SECURITY DEFINER)",
    why="Whoever may call it does what the owner may: a door in the wall that grants do not show.",
    recipe="Make it SECURITY INVOKER, and grant the caller what it needs on the module's own tables.",
)

# --- Inventory: what is there against what manifests say ---

UNNAMED_TABLE = rule(
    "BND330",
    title="A table that no manifest names",
    why="What nobody declares nobody moves, backs up or deletes when its module leaves.",
    recipe="Name it in `tables` of its module's manifest.py, or drop it by a migration.",
)
MISSING_TABLE = rule(
    "BND331",
    title="Something that a manifest declares is not in the database",
    why="The manifest then promises what is not there: a migration is missing, or the name is wrong.",
    recipe="Run manage.py provision_databases and manage.py migrate_modules, or take the name out of the manifest.",
)

# --- Doors: ways out of a schema that no grant on a table shows ---

REACHING_EXTENSION = rule(
    "BND340",
    title="An extension or language that reaches out of the database",
    why="dblink, foreign data wrappers, untrusted languages and schedulers run statements or read files past all roles.",
    recipe="DROP EXTENSION; let the application talk to other systems, where it can be seen.",
)
FOREIGN_DATA = rule(
    "BND341",
    title="A foreign server or foreign table",
    why="Another database's rows look like own tables: the shared database, across servers.",
    recipe="Drop it; ask by contract or hear events.",
)
REPLICATION = rule(
    "BND342",
    title="A publication or subscription carries a module's rows",
    why="Who receives the rows depends on the tables' inner form, unknown to the module.",
    recipe="Publish events instead. One that moves a module for good is recorded in the baseline with an expiry date.",
)
EVENT_TRIGGER = rule(
    "BND343",
    title="An event trigger runs at every module's DDL or login",
    why="Somebody's code then runs inside all modules' migrations or logins.",
    recipe="Drop it; check migrations in CI.",
)
LARGE_OBJECT = rule(
    "BND344",
    title="A large object",
    why="Large objects lie in no schema: no manifest names them, no schema's copy takes them along.",
    recipe="Store the bytes in a bytea column or in file storage, and lo_unlink() the object.",
)
