"""Which tests a change can reach, by the borders that it stays within."""

from infra.boundaries.reach.selection import Selection, reached

__all__ = ["Selection", "reached"]
