"""What a route asks per call where modules can move while the process runs; who answers is none of the contracts' business."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from infra.contracts.declaration import Kind

HERE = ""  # in this process, in place of an address
HOLD = "hold"  # nowhere at this moment: wait for news


class Whereabouts(Protocol):
    """Knows where each module is asked at this moment. It may be old news: the databases refuse whoever acts on that."""

    def serving(self, module: str, kind: Kind, bucket: int | None, otherwise: str) -> str | None:
        """Return who serves such a call now: a base URL, HERE, HOLD, or None where nobody knows.

        Args:
            bucket: 0 to 99, of the customer; None counts as the last.
            otherwise: where the module is as long as there is no news of it: HERE, or a base URL.
        """
        ...

    def home(self, module: str, otherwise: str) -> str | None:
        """Return the side whose tables are the truth, which can serve every call: a base URL, HERE, or None."""
        ...

    def answers_here(self, module: str, otherwise: str) -> bool:
        """Return whether this process may answer for the module at all."""
        ...

    def sides(self, module: str, otherwise: str) -> tuple[str, ...]:
        """Return all sides where the module may be by now: base URLs and HERE."""
        ...

    def revision(self, module: str) -> int:
        """Return the number of the news that the other answers come from; 0: the module never moved."""
        ...

    def wait_for_news(self, module: str, revision: int, *, seconds: float) -> None:
        """Return when there is other news than that, or after `seconds`."""
        ...

    def writing(self, module: str, *, seconds: float) -> AbstractContextManager[object]:
        """Count the block as a write of the module that is under way here; waits before it while the module is held.

        Raises:
            ContractUnavailable: it was held for so long; nothing was done.
        """
        ...

    def was_refused(self, module: str, error: BaseException) -> bool:
        """Return whether the database refused a write, and rolled it back, because the module has moved away."""
        ...
