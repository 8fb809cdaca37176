"""What was retired is written to files before it may ever be dropped: with counts and digests, so that it can be trusted later.

A dump of pg_dump's where that program is at hand and new enough, else a CSV file per table. The folder appears under its name
only when it is complete; whoever kills this finds it done or not begun.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infra.databases.embedded import account
from infra.databases.embedded.errors import EmbeddedServerError
from infra.extraction.data.connections import Connection, connect
from infra.extraction.sides import Side

MANIFEST = "manifest.json"
DUMP = "tables.dump"


def folder_of(retired: str) -> Path:
    """Return where the export of a retired schema is kept."""
    return Path(settings.STATE_DIR) / "retired" / retired


def manifest_of(retired: str) -> dict[str, Any] | None:
    """Return what the export of a retired schema holds, None where there is no complete one."""
    try:
        found: dict[str, Any] = json.loads((folder_of(retired) / MANIFEST).read_text())
    except FileNotFoundError:
        return None
    return found


def export(side: Side, module: str, retired: str, *, pg_dump: Path | None = None) -> dict[str, Any]:
    """Write a retired schema to files, and return the manifest; a complete one is left as it is.

    Args:
        pg_dump: the program, or `find_pg_dump()`.

    Raises:
        OSError: there is no room, or no right to write there.
    """
    if found := manifest_of(retired):
        return found
    final = folder_of(retired)
    building = final.with_name(f"{final.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)
    with connect(side, "export", idle_seconds=3600) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        names = tables_in(connection, retired)
        rows = {name: count(connection, retired, name) for name in names}
        program = pg_dump or find_pg_dump()
        if program and _dumped(side, program, connection, retired, building / DUMP):
            form, files = "pg_dump", {DUMP: _digest(building / DUMP)}
        else:
            form, files = "csv", {}
            for name in names:
                _as_csv(connection, retired, name, building / f"{name}.csv")
                files[f"{name}.csv"] = _digest(building / f"{name}.csv")
        connection.execute("COMMIT")
    manifest = {
        "version": 1,
        "module": module,
        "schema": retired,
        "was": side.schema,
        "exportedAt": timezone.now().isoformat(),
        "form": form,
        "rows": rows,
        "sha256": files,
        "restore": f"pg_restore --dbname=URL {DUMP}"
        if form == "pg_dump"
        else "COPY table FROM 'table.csv' (FORMAT csv, HEADER)",
    }
    (building / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    building.rename(final)
    return manifest


def damage(retired: str) -> tuple[str, ...]:
    """Return the files of an export that are missing or not as they were written; the whole of it when there is none."""
    manifest = manifest_of(retired)
    if manifest is None:
        return (f"{folder_of(retired)} holds no export",)
    return tuple(
        f"{folder_of(retired) / name} is missing or was changed"
        for name, digest in manifest["sha256"].items()
        if not (folder_of(retired) / name).is_file() or _digest(folder_of(retired) / name) != digest
    )


def find_pg_dump() -> Path | None:
    """Return the program on the PATH, or that of the embedded server's wheel."""
    if found := shutil.which("pg_dump"):
        return Path(found)
    try:
        wheel = account.binaries_for(None) / "pg_dump"
    except (EmbeddedServerError, ImportError):
        return None
    return wheel if wheel.is_file() else None


def tables_in(connection: Connection, schema: str) -> list[str]:
    rows = connection.execute(
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1",
        [schema],
    ).fetchall()
    return [row[0] for row in rows]


def count(connection: Connection, schema: str, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))).fetchone()
    return int(row[0]) if row else 0


def _dumped(side: Side, program: Path, connection: Connection, schema: str, file: Path) -> bool:
    """Dump what `connection`'s transaction sees; return False where the program can't, because it is too old, for instance."""
    snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
    login = conninfo_to_dict(side.owner_url)
    variables = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = {name: str(login[part]) for part, name in variables.items() if login.get(part)}
    done = subprocess.run(
        [
            str(program), "--format=custom", f"--schema={schema}", "--no-owner", "--no-privileges",
            f"--snapshot={snapshot[0] if snapshot else ''}", f"--file={file}",
        ],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode:
        file.unlink(missing_ok=True)
    return done.returncode == 0


def _as_csv(connection: Connection, schema: str, table: str, file: Path) -> None:
    statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT csv, HEADER)").format(sql.Identifier(schema, table))
    with file.open("wb") as written, connection.cursor() as cursor, cursor.copy(statement) as rows:
        for block in rows:
            written.write(block)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()
