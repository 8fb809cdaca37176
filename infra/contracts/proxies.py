"""The object that a caller gets for a contract: one real method per method of the contract."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from infra.contracts.calls import Route, call
from infra.contracts.declaration import Contract, Method, declaration_of


class ContractProxy:
    """Asks over one route. The classes that are instantiated are built from the contracts' declarations."""

    __slots__ = ("_asker", "_route")

    def __init__(self, route: Route, asker: str = "") -> None:
        self._route = route
        self._asker = asker


@cache
def proxy_class(protocol: type) -> type[ContractProxy]:
    """Return the class whose instances ask this contract."""
    declared = declaration_of(protocol)
    return type(f"{protocol.__name__}Proxy", (ContractProxy,), _members(declared))


def _members(declared: Contract) -> dict[str, Any]:
    members: dict[str, Any] = {name: _asking(method) for name, method in declared.methods.items()}
    return members | {"__slots__": (), "__doc__": declared.protocol.__doc__, "__module__": declared.protocol.__module__}


def _asking(method: Method) -> Callable[..., Any]:
    @wraps(method.function)
    def ask(self: ContractProxy, **arguments: Any) -> Any:
        return call(self._route, method, arguments, self._asker)

    return ask
