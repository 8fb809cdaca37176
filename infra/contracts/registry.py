"""Which implementation answers a contract, and on which route it is asked."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar, cast

from infra.contracts.calls import Route
from infra.contracts.context import CallContext
from infra.contracts.declaration import Contract, Method, declaration_of, declared_contracts, signature_of
from infra.contracts.errors import CallerRefused, ContractDeclarationError, ContractUnavailable, ContractViolation
from infra.contracts.execution import execute
from infra.contracts.following import Following
from infra.contracts.nonces import NoncesInMemory, NonceStore
from infra.contracts.proxies import proxy_class
from infra.contracts.signing import ServiceKey
from infra.contracts.whereabouts import HERE, Whereabouts
from infra.contracts.wire import Caller

C = TypeVar("C")
LOCAL = "local"

RouteFactory = Callable[[Contract, str], Route]  # (contract, caller)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How this process asks and answers; the composition root fills it from its settings."""

    locations: Mapping[str, str] = field(default_factory=dict)  # by module: "local" or the URL of its service
    local_route: str = "inprocess"
    callers: Mapping[str, Sequence[str]] | None = None  # by wire name, the modules that may ask; None: everyone
    service_name: str = "unnamed"  # of this process, towards services
    service_keys: tuple[ServiceKey, ...] = ()
    nonces: NonceStore = field(default_factory=NoncesInMemory)
    whereabouts: Whereabouts | None = None  # says per call where a module is; None: where `locations` says, for good


_wiring = Wiring()
_implementations: dict[type, Any] = {}
_proxies: dict[tuple[type, str], Any] = {}
_answering: dict[tuple[type, Caller], Following] = {}
_local_routes: dict[str, RouteFactory] = {}


def configure(wiring: Wiring) -> None:
    """Use another wiring from now on; proxies handed out before keep theirs."""
    global _wiring
    _wiring = wiring
    _forget_routes()


def wiring() -> Wiring:
    return _wiring


def add_local_route(name: str, factory: RouteFactory) -> None:
    """Make a route to local implementations known by a name that `Wiring.local_route` can give."""
    _local_routes[name] = factory
    _forget_routes()


def _forget_routes() -> None:
    _proxies.clear()
    _answering.clear()


def provide(protocol: type[C], implementation: C) -> None:
    """Name the one implementation of a contract in this process; called in the module's `AppConfig.ready()`.

    Raises:
        ContractDeclarationError: a method is missing or differs in its signature, or there is another implementation.
    """
    declared = declaration_of(protocol)
    for method in declared.methods.values():
        _check_signature(method, implementation)
    earlier = _implementations.get(protocol)
    if earlier is not None and type(earlier) is not type(implementation):
        raise ContractDeclarationError(
            f"{declared.wire_name} has two implementations: {type(earlier).__name__}, {type(implementation).__name__}."
        )
    _implementations[protocol] = implementation
    _forget_routes()


def withdraw(protocol: type) -> Any:
    """Take an implementation out and return it, or None; for tests that put another in its place."""
    _forget_routes()
    return _implementations.pop(protocol, None)


def implementation_of(protocol: type) -> Any:
    """Return the local implementation of a contract, or None."""
    return _implementations.get(protocol)


def resolve(protocol: type[C], *, caller: str | None = None) -> C:
    """Return the object through which to ask a contract, wherever the module lives.

    Args:
        caller: who asks; by default the module (or other package) whose code calls `resolve`.

    Raises:
        CallerRefused: the caller is not among those that may ask this contract.
        ContractDeclarationError: the module is neither here nor at an address.
    """
    if caller is None:
        caller = caller_of(sys._getframe(1).f_globals.get("__name__", ""))
    proxy = _proxies.get((protocol, caller))
    if proxy is None:
        proxy = _proxies[protocol, caller] = _proxy(declaration_of(protocol), caller)
    return cast("C", proxy)


def caller_of(module_name: str) -> str:
    """Return whose code a Python module is: `orders` for `modules.orders.http.views`, else its first package."""
    package, _, rest = module_name.partition(".")
    return rest.partition(".")[0] if package == "modules" else package


def require_permission(wire_name: str, caller: str) -> None:
    """Raise CallerRefused unless the declared dependencies let the caller ask the contract."""
    callers = _wiring.callers
    if callers is not None and caller not in callers.get(wire_name, ()):
        raise CallerRefused(f"{caller} may not ask {wire_name}: it is not among the declared callers.")


def is_local(declared: Contract) -> bool:
    return _wiring.locations.get(declared.module, LOCAL) == LOCAL


def wiring_problems() -> list[str]:
    """Return a sentence for each known contract that nothing here and nothing elsewhere answers."""
    return [
        f"{declared.wire_name} has no implementation in this process and no address: provide() one in the module's"
        f" AppConfig, or say where the module {declared.module!r} lives in MODULE_LOCATIONS."
        for declared in declared_contracts()
        if is_local(declared) and declared.protocol not in _implementations
    ]


def refuse_incomplete_wiring() -> None:
    """Raise ContractDeclarationError when a known contract would be answered by no one; for the start of a process."""
    if problems := wiring_problems():
        raise ContractDeclarationError(" ".join(problems))


def _proxy(declared: Contract, caller: str) -> Any:
    require_permission(declared.wire_name, caller)
    if is_local(declared) and _wiring.local_route == "direct":
        return _required_implementation(declared)  # for benchmarks: what the other routes are measured against
    protocol: Any = declared.protocol
    return proxy_class(protocol)(_route(declared, caller), caller)


def _route(declared: Contract, caller: str) -> Route:
    if _wiring.whereabouts is not None:
        return _following(declared, Caller(caller, _wiring.service_name), _wiring.whereabouts)
    if is_local(declared):
        return _local_route(declared, caller)
    return http_route(declared, caller, _wiring.locations[declared.module])


def _local_route(declared: Contract, caller: str) -> Route:
    if _wiring.local_route not in _local_routes:
        raise ContractDeclarationError(f"There is no contract route {_wiring.local_route!r}.")
    return _local_routes[_wiring.local_route](declared, caller)


def _following(declared: Contract, caller: Caller, whereabouts: Whereabouts, *, forwards: bool = False) -> Following:
    here: Route | None = None
    if is_local(declared):
        if forwards or _wiring.local_route == InProcess.name:
            here = InProcess(declared, caller.module, partial(whereabouts.was_refused, declared.module))
        else:
            here = _local_route(declared, caller.module)
    otherwise = HERE if here else _wiring.locations[declared.module]
    return Following(declared, here, otherwise, whereabouts, caller, _wiring.service_keys, forwards=forwards)


def answer(
    declared: Contract, method: Method, body: bytes, call_context: CallContext, caller: Caller, *, forwarded: bool
) -> bytes:
    """Answer a call that came over the network, from a caller that was let in.

    Args:
        forwarded: whether a process sent it on where the module was not at home.

    Raises:
        ModuleMoved: the module does not live here (any more).
        Declined, ContractError: see `execution.execute`.
    """
    whereabouts = _wiring.whereabouts
    if whereabouts is None:
        # A module that lives elsewhere is not answered for, even where its code is at hand: its data is not.
        implementation = _implementations.get(declared.protocol) if is_local(declared) else None
        if implementation is None:
            raise ContractUnavailable(f"{declared.wire_name} is not served here.")
        return execute(method, getattr(implementation, method.name), body, call_context)
    if is_local(declared) and declared.protocol not in _implementations:
        raise ContractUnavailable(f"{declared.wire_name} is not served here.")
    route = _answering.get((declared.protocol, caller))
    if route is None:
        route = _answering[declared.protocol, caller] = _following(declared, caller, whereabouts, forwards=True)
    return route.answer(method, body, call_context, forwarded=forwarded)


def http_route(declared: Contract, caller: str, address: str) -> Route:
    """Return the route to the contract server at an address."""
    from infra.contracts.http_route import Http, peer_at  # only processes with remote modules need an HTTP client

    return Http(declared, peer_at(address), Caller(caller, _wiring.service_name), _wiring.service_keys)


def _check_signature(method: Method, implementation: Any) -> None:
    where = f"{type(implementation).__name__}.{method.name}, implementing {method.contract}"
    function = getattr(type(implementation), method.name, None)
    if not inspect.isfunction(function):
        raise ContractDeclarationError(f"{where}: there is no such method.")
    theirs, ours = signature_of(function, where), method.signature
    if dict(theirs.parameters) != dict(ours.parameters):
        raise ContractDeclarationError(f"{where}: takes {theirs}, but the contract says {ours}.")
    if theirs.return_annotation != ours.return_annotation:
        raise ContractDeclarationError(f"{where}: returns {theirs}, but the contract says {ours}.")


class InProcess:
    """Calls the local implementation with copies made by the codec, as a network would hand them over.

    What runs cannot be broken off from here: the deadline binds the calls that the implementation makes in turn.
    """

    __slots__ = ("_methods", "_was_refused")
    name: ClassVar[str] = "inprocess"

    def __init__(self, declared: Contract, caller: str, was_refused: Callable[[Exception], bool] | None = None) -> None:
        self._was_refused = was_refused
        implementation = _required_implementation(declared)
        self._methods = {name: getattr(implementation, name) for name in declared.methods}

    def send(self, method: Method, body: bytes, call_context: CallContext) -> bytes:
        return execute(method, self._methods[method.name], body, call_context, self._was_refused)


def _required_implementation(declared: Contract) -> Any:
    implementation = _implementations.get(declared.protocol)
    if implementation is None:
        raise ContractViolation(
            f"Nothing here answers {declared.wire_name}; was provide() called in the AppConfig of {declared.module}?"
        )
    return implementation


add_local_route("inprocess", InProcess)
