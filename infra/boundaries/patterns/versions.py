"""Addresses, contracts and events that carry no version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.boundaries.patterns.evidence import Evidence
from infra.boundaries.patterns.measures import Measure, Measured, NotMeasured
from infra.boundaries.patterns.routes import Address, addresses
from infra.boundaries.patterns.rules import NO_VERSION

_VERSION = re.compile(r"(?:^|/)v[1-9][0-9]*(?:/|$)")
# Addresses that a standard fixes, and files: whoever fetches them brings no code that relies on a form of ours.
_WITHOUT = re.compile(r"/\.well-known/|/media/|/static/")


def measured(evidence: Evidence) -> Iterator[Measured]:
    """Count the addresses of each module that carry no version. Names of contracts and events cannot be declared without one."""
    if not evidence.has_application:
        yield NotMeasured(NO_VERSION, "the project is not loaded: its addresses are not known.")
        return
    found = [*addresses()]
    for manifest in evidence.manifests:
        own = [address for address in found if address.route.startswith(manifest.url_prefixes)]
        own += [address for address in found if address not in own and _is_of(manifest.name, address)]
        for address in (bare := [address for address in own if _lacks_version(address)]):
            yield Measure(
                rule=NO_VERSION,
                module=manifest.name,
                source=address.python_name,
                target=address.route,
                figure=1,
                unit="address without a version",
                threshold=0,
                too_much=True,
                detail=f"{address.route} is an API of {manifest.name} and carries no version.",
            )
        yield Measure(
            rule=NO_VERSION,
            module=manifest.name,
            source=manifest.name,
            figure=len(bare),
            unit=f"of {len(own)} addresses without a version",
            threshold=0,
            too_much=False,  # each has a measure of its own
            detail=f"{manifest.name} serves {len(own)} addresses, {len(bare)} of them without a version.",
        )


def _is_of(module: str, address: Address) -> bool:
    return f".{module}." in address.python_name


def _lacks_version(address: Address) -> bool:
    return not _VERSION.search(address.route) and not _WITHOUT.search(address.route)
