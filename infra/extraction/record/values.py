"""What the record says of a module, as a value that processes hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CHANNEL = "extraction_record"  # of NOTIFY
MONOLITH, SERVICE = "monolith", "service"  # the two sides: as homes of a module's data, and as databases


class Phase(StrEnum):
    """How far a module's move is. Each leads to its neighbours only; the last one leads nowhere."""

    IN_PROCESS = "in_process"
    SHARED_DATABASE = "shared_database"  # the service may answer, on the monolith's tables
    DUAL_WRITE = "dual_write"  # every write reaches the service's tables, too
    SWITCHED = "switched"  # the service's tables are the truth, and every write flows back
    SPLIT = "split"  # the monolith has none any more


IN_PROCESS = Phase.IN_PROCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a module lives and how much of its traffic goes there; what no row says is in process."""

    module: str
    phase: str = Phase.IN_PROCESS
    epoch: int = 1
    addresses: Mapping[str, str] = field(default_factory=dict)  # "service": its base URL
    shares: Mapping[str, int] = field(
        default_factory=dict
    )  # per cent of "reads", "writes" for the service; of "shadow" reads
    hold: bool = False  # writes wait in front of the module until this is over
    database: str = MONOLITH  # whose tables the service's processes use for the module
    revision: int = 0  # 0: there is no row yet

    @property
    def home(self) -> str:
        """Which side's tables are the truth."""
        return SERVICE if self.phase in (Phase.SWITCHED, Phase.SPLIT) else MONOLITH

    @property
    def service(self) -> str:
        """The base URL of the service, empty when it has none."""
        return self.addresses.get(SERVICE, "").rstrip("/")

    def share(self, kind: str) -> int:
        """Return the per cent of "reads", "writes" or "shadow" reads that go to the service."""
        if kind != "shadow" and self.home == SERVICE:
            return 100
        return self.shares.get(kind, 0)
