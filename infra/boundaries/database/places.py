"""Where each module's rows are to be, and which two roles may be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from infra.boundaries.manifest import Manifest
from infra.databases.roles import CONTROL_SUFFIX, READER_SUFFIX, SchemaRoles


def composition_root() -> str:
    """Return the package that answers for what belongs to no module: the one with the project's WSGI application."""
    return str(settings.WSGI_APPLICATION).partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One schema, whose it is, and its roles."""

    module: str
    schema: str
    owner: str  # the role that owns and migrates
    serving: str  # the role that reads and writes rows
    tables: frozenset[str] | None = None  # None: not declared, so that they are not compared
    reader: str = ""  # the role that only reads, for the first steps of the module's service

    @property
    def control(self) -> str:
        """The schema of extraction's own tables, which the owner keeps beside its own."""
        return f"{self.schema}{CONTROL_SUFFIX}"

    @property
    def roles(self) -> tuple[str, str]:
        return self.owner, self.serving


@dataclass(frozen=True, slots=True)
class Places:
    """All places of one database, and what belongs to whom."""

    every: tuple[Place, ...]
    by_schema: Mapping[str, Place] = field(init=False)
    by_role: Mapping[str, Place] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_schema", {place.schema: place for place in self.every})
        object.__setattr__(self, "by_role", {role: place for place in self.every for role in place.roles})

    def of_control(self, schema: str) -> Place | None:
        """Return the place whose extraction's tables lie in `schema`."""
        return self.by_schema.get(schema.removesuffix(CONTROL_SUFFIX)) if schema.endswith(CONTROL_SUFFIX) else None

    @property
    def parameters(self) -> dict[str, list[str]]:
        """What the questions to the catalogue are about."""
        return {
            "schemas": list(self.by_schema),
            "roles": list(self.by_role),
            "serving": [place.serving for place in self.every],
        }

    def answering_for(self, schema: str) -> str:
        """Return the module to which a schema belongs, the composition root for all others."""
        place = self.by_schema.get(schema)
        return place.module if place else composition_root()


def places_of(manifests: Iterable[Manifest]) -> Places:
    """Return the places that manifests imply where no settings say otherwise: roles named like the schema."""
    return Places(
        tuple(
            Place(
                module=manifest.name,
                schema=manifest.schema,
                owner=f"{manifest.schema}_owner",
                serving=manifest.schema,
                tables=frozenset(manifest.tables),
                reader=f"{manifest.schema}{READER_SUFFIX}",
            )
            for manifest in manifests
        )
    )


def places_in(every: Sequence[SchemaRoles], manifests: Iterable[Manifest] = ()) -> Places:
    """Return the places of schemas whose roles are known; a schema of no manifest belongs to the composition root."""
    by_schema = {manifest.schema: manifest for manifest in manifests}
    places = []
    for roles in every:
        manifest = by_schema.get(roles.schema)
        places.append(
            Place(
                module=manifest.name if manifest else composition_root(),
                schema=roles.schema,
                owner=roles.owner_role,
                serving=roles.serving_role,
                tables=frozenset(manifest.tables) if manifest else None,
                reader=roles.reader_role or f"{roles.schema}{READER_SUFFIX}",
            )
        )
    return Places(tuple(places))
