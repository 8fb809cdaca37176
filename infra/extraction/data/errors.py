"""What the data plane refuses, and what it gives up over. Each message says what to do."""

from __future__ import annotations

from collections.abc import Sequence


class DataPlaneError(Exception):
    """Data can't be moved as asked."""


class CannotBeCarried(DataPlaneError):
    """Some tables have a shape that can't be carried without loss; `reasons` names each, with the remedy."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("These tables can't be carried:\n" + "\n".join(f"  - {reason}" for reason in reasons))
        self.reasons = tuple(reasons)


class NotPrepared(DataPlaneError):
    """A side lacks what must have been installed there before."""


class LeaseLost(DataPlaneError):
    """Another applier took over this stream; this one must end, and nothing of its last step was kept."""


class SourceChanged(DataPlaneError):
    """The source isn't the server that the cursor was taken on, so the cursor means nothing there."""


class TargetChanged(DataPlaneError):
    """The target isn't the server that was carried to, or was set back to an earlier moment: it may lack changes."""


class TargetRefused(DataPlaneError):
    """The target isn't in a state in which rows may be applied to it."""


class NotYetThere(DataPlaneError):
    """The target did not reach a position in the time allowed."""
