"""How a verb of a move ends when it is not carried out."""

from __future__ import annotations

from collections.abc import Iterable


class MoveRefused(Exception):
    """What must hold before a verb does not; each reason says what to do. The verb may be repeated."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons

    @classmethod
    def of(cls, reasons: Iterable[str]) -> MoveRefused:
        return cls(*reasons)
