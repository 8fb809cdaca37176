"""The two places that a module's data may live in, as the data plane and the switch see them."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.databases.roles import CONTROL_SUFFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One database that holds the module's tables: the monolith's, or the service's."""

    name: str  # how messages and the record call it: "monolith", "service"
    owner_url: str = field(repr=False)  # of the role that owns the tables; it holds a password
    application_role: str  # the role that serves; never the owner, or a fence would not hold it
    schema: str  # where the module's tables are; the two sides may differ

    @property
    def control_schema(self) -> str:
        """The schema of extraction's own tables on this side, beside the module's; it belongs to the owner role."""
        return f"{self.schema}{CONTROL_SUFFIX}"
