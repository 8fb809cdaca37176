"""Contract calls follow the record: which of them are asked in process, and which at a service."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from importlib import import_module

from infra.contracts.declaration import Kind
from infra.contracts.whereabouts import HERE, HOLD
from infra.extraction.fence import refused_by_fence
from infra.extraction.record import presence
from infra.extraction.record.values import SERVICE, Where

LAST_BUCKET = 99
_SHARES: Mapping[Kind, str] = {"query": "reads", "command": "writes"}


def be_ready_to_ask(known: Mapping[str, Where]) -> None:
    """Load the HTTP client once any module has a service; for `presence.on_change`.

    A first question would pay for it with its own time, which is seconds on a full machine.
    """
    if any(where.service for where in known.values()):
        import_module("infra.contracts.http_route")  # processes whose modules are all at home need none


class RecordedWhereabouts:
    """What this process knows of the record.

    Args:
        service_of: the module that this process serves alone, "" in the monolith.
        monolith_url: where that service finds the monolith.
    """

    def __init__(self, *, service_of: str = "", monolith_url: str = "") -> None:
        self._service_of = service_of
        self._monolith_url = monolith_url.rstrip("/")

    def serving(self, module: str, kind: Kind, bucket: int | None, otherwise: str) -> str | None:
        where = presence.admission.known(module)
        if where is None or module == self._service_of:  # a service answers for its module, or its database refuses
            return otherwise
        if where.hold and kind == "command" and not presence.admission.is_inside(module):
            return HOLD
        if where.home == SERVICE:
            return where.service or otherwise or None
        if otherwise == HERE and where.service:
            share = where.share(_SHARES[kind])
            if (LAST_BUCKET if bucket is None else bucket) < share:
                return where.service
        return otherwise

    def home(self, module: str, otherwise: str) -> str | None:
        where = presence.admission.known(module)
        if where is None:
            return otherwise
        if module == self._service_of:
            return HERE if where.home == SERVICE else self._monolith_url
        return where.service or otherwise or None if where.home == SERVICE else otherwise

    def answers_here(self, module: str, otherwise: str) -> bool:
        # A service always may try: what it must not write yet, or any more, its database refuses.
        return module == self._service_of or self.home(module, otherwise) == HERE

    def sides(self, module: str, otherwise: str) -> tuple[str, ...]:
        other = self._monolith_url if module == self._service_of else presence.where(module).service
        return (otherwise, other) if other else (otherwise,)

    def revision(self, module: str) -> int:
        return presence.where(module).revision

    def wait_for_news(self, module: str, revision: int, *, seconds: float) -> None:
        presence.admission.wait_for_news(module, revision, seconds=seconds)

    def writing(self, module: str, *, seconds: float) -> AbstractContextManager[object]:
        return presence.admission.writing(module, seconds=seconds)

    def was_refused(self, module: str, error: BaseException) -> bool:
        # Of a module that no record tells of nothing was taken away: there a refused write is a defect.
        return presence.admission.known(module) is not None and refused_by_fence(error)
