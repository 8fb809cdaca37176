"""Nothing is left lying about where a module lives: no session that hangs, no right that was not given back."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.workload.oracles import Evidence, baseline, invariant

_HANGING_SECONDS = 10


@invariant("no transaction hangs, and nobody waits for a lock")
def no_transaction_hangs(evidence: Evidence) -> Iterator[str]:
    for module in evidence.modules:
        for pid, name, state, query in evidence.rows(
            module,
            "SELECT pid, application_name, state, left(query, 200) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            " AND xact_start < clock_timestamp() - make_interval(secs => %s)",
            [_HANGING_SECONDS],
        ):
            yield f"at the home of {module}: process {pid} ({name}) is {state} in a transaction: {query}"
        for (xid,) in evidence.rows(module, "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
            yield f"at the home of {module}: prepared transaction {xid}"


@baseline("rights")
def note_rights(evidence: Evidence) -> set[tuple[str, str, str]]:
    """Return what the role that serves each module may do to its tables: ledgers may be added to, and not changed."""
    found = set()
    for module in evidence.modules:
        _, schema = evidence.login(module)
        for table, right in evidence.rows(
            module,
            "SELECT c.relname, w.name FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS w (name)"
            " WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p')"
            " AND has_table_privilege(%s, c.oid, w.name)",
            [schema, schema],
        ):
            found.add((module, table, right))
    return found


@invariant("who serves a module may do at its home what it might before, and no more")
def rights_are_given_back(evidence: Evidence) -> Iterator[str]:
    before, now = evidence.baseline["rights"], note_rights(evidence)
    for module, table, right in before - now:
        yield f"{module}: the role that serves it has lost {right} on {table}"
    for module, table, right in now - before:
        yield f"{module}: the role that serves it has got {right} on {table}"


@invariant("no trigger and no constraint of a module is switched off at its home")
def guards_are_on(evidence: Evidence) -> Iterator[str]:
    for module in evidence.modules:
        _, schema = evidence.login(module)
        for table, trigger in evidence.rows(
            module,
            "SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = %s::regnamespace AND t.tgenabled = 'D'",
            [schema],
        ):
            yield f"{module}: trigger {trigger} of {table} is disabled"
        for table, constraint in evidence.rows(
            module,
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE connamespace = %s::regnamespace"
            " AND NOT convalidated",
            [schema],
        ):
            yield f"{module}: constraint {constraint} of {table} is not valid"
