"""How much one step carries: as much as it takes for a step to last as long as it should."""

from __future__ import annotations

from dataclasses import dataclass, replace

CHUNK_BYTES = 64 * 1024 * 1024  # of rows as they are stored; a server holds a transaction's checks and log for it


@dataclass(slots=True, kw_only=True)
class Pace:
    """The size of the next chunk, found from how long the last ones took.

    A short step keeps the lag small while the copy runs; a long one costs less per row.
    """

    seconds: float = 0.4
    rows: int = 10_000  # of the next chunk
    least: int = 100
    most: int = 100_000
    batch: int = 5000  # touched keys in one transaction; more are applied in several
    rest_seconds: float = 0.0  # between two steps of a copy, to leave the servers room

    def for_rows_of(self, average_bytes: float | None) -> Pace:
        """Return a pace of its own for a table; None when nobody knows how large its rows are.

        The first chunk is small where rows may be large: how long a chunk takes is known only after it.
        """
        most = self.most
        if average_bytes:
            most = max(self.least, min(most, int(CHUNK_BYTES / average_bytes)))
        rows = self.least if average_bytes is None else self.rows
        return replace(self, rows=max(self.least, min(rows, most)), most=most)

    def learn(self, copied: int, took: float) -> None:
        """Take in how long a chunk took; a chunk that the table's end cut short says nothing."""
        if copied < self.rows or took <= 0:
            return
        fitting = int(copied * self.seconds / took)
        # At most double or half at once: one slow commit says little.
        self.rows = max(self.least, min(self.most, self.rows * 2, max(self.rows // 2, fitting)))
