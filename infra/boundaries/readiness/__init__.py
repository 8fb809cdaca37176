"""Is a module ready to leave? Figures, what stands in the way, and go or no-go: `manage.py modules readiness NAME`."""

from infra.boundaries.readiness.gathering import NoSuchModule, readiness
from infra.boundaries.readiness.model import Readiness, Todo, Weight

__all__ = ["NoSuchModule", "Readiness", "Todo", "Weight", "readiness"]
