"""What an address belongs to, for metrics and logs."""

from __future__ import annotations

import re
from functools import lru_cache

from django.conf import settings

_MODULE = re.compile(r"/?(?:api/v\d+|_contracts)/([a-z_]+)")
UNMATCHED = "unmatched"


@lru_cache(maxsize=4096)
def module_of(route: str) -> str:
    """Return the module whose prefix a route has; `platform` for everything else."""
    match = _MODULE.match(route)
    return match[1] if match and match[1] in settings.DATABASES else "platform"
