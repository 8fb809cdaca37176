"""What will happen to a module that leaves, before anything does: `manage.py extract MODULE plan`.

Sizes and speeds are measured on the server at hand, the module's readiness is that of `manage.py modules readiness`; what the
data plane could not carry, and what the service's database lacks, are looked for by the code that would stumble over it later.
"""

from infra.extraction.planning.gathering import plan
from infra.extraction.planning.model import Plan

__all__ = ["Plan", "plan"]
