"""What the record says of a module, as a value that processes hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

IN_PROCESS = "in_process"
CHANNEL = "extraction_record"  # of NOTIFY


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a module lives and how much of its traffic goes there; what no row says is in process."""

    module: str
    phase: str = IN_PROCESS
    epoch: int = 1
    addresses: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, int] = field(default_factory=dict)
    hold: bool = False
    revision: int = 0  # 0: there is no row yet
