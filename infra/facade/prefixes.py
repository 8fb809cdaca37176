"""Which module an address belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from infra.boundaries.manifest import Manifest


class Prefixes:
    """The addresses that modules declare in their manifests, as one look-up.

    A prefix that ends with a slash covers all below it, and itself without the slash; any other covers one address.
    """

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        # Deeper ones first: of two that cover an address, the nearer one wins.
        claims = sorted(
            ((prefix, manifest.name) for manifest in manifests for prefix in manifest.url_prefixes),
            key=lambda claim: -len(claim[0]),
        )
        self._modules = [""] + [module for _, module in claims]
        self.prefixes = [""] + [prefix for prefix, _ in claims]
        alternatives = "|".join(
            f"({re.escape(prefix[:-1])}(?:/|\\Z))" if prefix.endswith("/") else f"({re.escape(prefix)}\\Z)"
            for prefix, _ in claims
        )
        self._match = re.compile(alternatives or r"(?!)").match

    def module_of(self, path: str) -> str | None:
        """Return the module that serves an address; None for everything that belongs to no module."""
        found = self._match(path)
        return None if found is None else self._modules[found.lastindex or 0]

    def prefix_of(self, path: str) -> str:
        """Return the declared prefix that covers an address; empty where none does."""
        found = self._match(path)
        return "" if found is None else self.prefixes[found.lastindex or 0]
