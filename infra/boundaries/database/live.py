"""The audit of the databases that the settings name: each once, as whom it can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.boundaries.database.audit import check
from infra.boundaries.database.places import Places, places_in
from infra.boundaries.findings import Finding, in_order
from infra.boundaries.manifest import Manifest
from infra.databases.roles import SchemaRoles

CONNECT_SECONDS = 4  # as long as a serving connection is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found, and which databases said nothing."""

    findings: list[Finding]
    asked: tuple[str, ...]  # a sentence per database: what was asked, as whom
    silent: tuple[str, ...]  # a sentence per database that could not be asked


def inspect(manifests: Sequence[Manifest]) -> Inspection:
    """Audit every database of `settings.DATABASES`, as its administrator or owner, or else as the role that serves.

    Each answers for the modules whose aliases lead to it.
    """
    findings: list[Finding] = []
    asked: list[str] = []
    silent: list[str] = []
    for address, aliases in _databases().items():
        here = f"{address[2]} at {address[0]}:{address[1]} ({', '.join(aliases)})"
        schemas = {settings.SCHEMAS[alias] for alias in aliases}
        local = [manifest for manifest in manifests if manifest.schema in schemas]
        refusals = []
        for login in _logins(address, aliases):
            try:
                with psycopg.connect(login, connect_timeout=CONNECT_SECONDS) as connection:
                    findings += check(local, connection, _places(local, aliases))
                    asked.append(f"{here} as {connection.info.user}")
                    break
            except psycopg.Error as error:
                refusals.append(str(error).strip().splitlines()[0])
        else:
            silent.append(f"{here}: {refusals[-1]}")
    return Inspection(findings=in_order(findings), asked=tuple(asked), silent=tuple(silent))


def _databases() -> dict[tuple[str, str, str], list[str]]:
    """Return the aliases by the database that they lead to."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for alias in settings.SCHEMAS:
        found.setdefault(_address(settings.DATABASES[alias]), []).append(alias)
    return found


def _address(login: dict[str, Any]) -> tuple[str, str, str]:
    return str(login["HOST"] or "localhost"), str(login["PORT"] or 5432), str(login["NAME"])


def _logins(address: tuple[str, str, str], aliases: Sequence[str]) -> list[str]:
    logins = []
    if settings.ADMIN_DATABASE_URL:
        parts = conninfo_to_dict(settings.ADMIN_DATABASE_URL)
        place = {"HOST": parts.get("host"), "PORT": parts.get("port"), "NAME": parts.get("dbname")}
        if _address(place) == address:
            logins.append(settings.ADMIN_DATABASE_URL)
    for alias in aliases:
        logins += [
            make_conninfo(
                host=login["HOST"],
                port=login["PORT"] or 5432,
                dbname=login["NAME"],
                user=login["USER"],
                password=login["PASSWORD"],
            )
            for login in (settings.DATABASE_OWNERS.get(alias), settings.DATABASES[alias])
            if login
        ][:1]
    return logins


def _places(manifests: Sequence[Manifest], aliases: Sequence[str]) -> Places:
    """Return the places as the URLs name them; where no owner is known, the one that provisioning makes."""
    return places_in(
        [
            SchemaRoles(
                schema=settings.SCHEMAS[alias],
                serving_role=settings.DATABASES[alias]["USER"],
                serving_password="",  # nobody logs in with it here
                owner_role=(settings.DATABASE_OWNERS.get(alias) or {}).get("USER")
                or f"{settings.SCHEMAS[alias]}_owner",
                owner_password="",
            )
            for alias in aliases
        ],
        manifests,
    )
