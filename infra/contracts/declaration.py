"""How a contract is declared: a Protocol with a wire name, whose methods are queries and commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

from infra.contracts.allowed_types import refuse_foreign_types, resolved_hints
from infra.contracts.codec import Codec
from infra.contracts.errors import ContractDeclarationError
from infra.errors import DomainError

C = TypeVar("C")
F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["query", "command"]

_WIRE_NAME = re.compile(r"[a-z][a-z0-9_]*\.v[1-9][0-9]*")
_TERMS = "__contract_terms__"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    kind: Kind
    timeout_seconds: float
    errors: tuple[type[DomainError], ...]
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One question or order of a contract, with all that is needed to send and to serve it."""

    contract: str  # wire name
    name: str
    kind: Kind
    timeout_seconds: float
    errors: Mapping[str, type[DomainError]]  # by code
    key: str | None  # the parameter that makes a repeat harmless
    signature: inspect.Signature  # annotations resolved, without self
    parameters: type[msgspec.Struct]  # the arguments, as one value
    arguments: Codec
    result: Codec
    function: Callable[..., Any]

    @property
    def is_repeatable(self) -> bool:
        """Whether a call whose outcome is unknown may simply be made again."""
        return self.kind == "query" or self.key is not None

    def __str__(self) -> str:
        return f"{self.contract} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A declared contract: `catalog.v1`, its Protocol and its methods by name."""

    wire_name: str
    protocol: type
    methods: Mapping[str, Method]

    @property
    def module(self) -> str:
        """The module that answers: the wire name up to the dot."""
        return self.wire_name.partition(".")[0]


_declared: dict[type, Contract] = {}


def query(*, timeout_seconds: float, errors: tuple[type[DomainError], ...]) -> Callable[[F], F]:
    """Mark a method that changes nothing, so that it may be asked again.

    Args:
        timeout_seconds: how long a caller waits at most.
        errors: the refusals that a caller must reckon with; empty where there are none.
    """
    return _marked(_Terms(kind="query", timeout_seconds=timeout_seconds, errors=errors, key=None))


def command(
    *, timeout_seconds: float, errors: tuple[type[DomainError], ...], key: str | None = None
) -> Callable[[F], F]:
    """Mark a method that changes something.

    Args:
        timeout_seconds: how long a caller waits at most; then the outcome is unknown.
        errors: the refusals that a caller must reckon with; after each of them nothing has changed.
        key: the parameter by which the implementation knows a repeat, which then changes nothing. Only calls with a key
            are made again after a lost answer.
    """
    return _marked(_Terms(kind="command", timeout_seconds=timeout_seconds, errors=errors, key=key))


def contract(wire_name: str) -> Callable[[type[C]], type[C]]:
    """Declare a Protocol as the contract `module.vN`.

    Raises:
        ContractDeclarationError: something in it would not mean the same across a network; says what and where.
    """

    def declare(protocol: type[C]) -> type[C]:
        declared = _declaration(wire_name, protocol)
        for other in _declared.values():
            if other.wire_name == wire_name and _path(other.protocol) != _path(protocol):
                raise ContractDeclarationError(
                    f"{wire_name} is declared twice: {_path(other.protocol)}, {_path(protocol)}."
                )
        _declared[protocol] = declared
        return protocol

    return declare


def declaration_of(protocol: type) -> Contract:
    """Return what `@contract` recorded for a Protocol."""
    try:
        return _declared[protocol]
    except KeyError:
        raise ContractDeclarationError(f"{_path(protocol)} is no contract; declare it with @contract.") from None


def declared_contracts() -> tuple[Contract, ...]:
    """Return every contract whose module was imported."""
    return tuple(_declared.values())


def forget(protocol: type) -> None:
    """Take a declaration back; for tests that declare contracts of their own."""
    _declared.pop(protocol, None)


def _marked(terms: _Terms) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.__dict__[_TERMS] = terms
        return function

    return mark


def _declaration(wire_name: str, protocol: type) -> Contract:
    where = f"{wire_name} ({_path(protocol)})"
    if not _WIRE_NAME.fullmatch(wire_name):
        raise ContractDeclarationError(f"{where}: the wire name is the module and a major version, like catalog.v1.")
    if not getattr(protocol, "_is_protocol", False):
        raise ContractDeclarationError(f"{where}: a contract is a Protocol class.")
    bases = [base.__name__ for base in protocol.__mro__[1:] if base.__name__ not in {"Protocol", "Generic", "object"}]
    if bases:
        raise ContractDeclarationError(
            f"{where}: a contract inherits from Protocol alone, not from {', '.join(bases)}."
        )
    methods = {name: _method(wire_name, name, member) for name, member in _members(protocol, where)}
    if not methods:
        raise ContractDeclarationError(f"{where}: a contract needs at least one method.")
    return Contract(wire_name=wire_name, protocol=protocol, methods=methods)


def _members(protocol: type, where: str) -> Iterable[tuple[str, Any]]:
    for name in vars(protocol).get("__annotations__", {}):
        raise ContractDeclarationError(f"{where}: {name} is an attribute; only methods can be asked.")
    for name, member in vars(protocol).items():
        if not name.startswith("_"):
            yield name, member


def _method(wire_name: str, name: str, function: Any) -> Method:
    where = f"{wire_name} {name}"
    terms = getattr(function, "__dict__", {}).get(_TERMS)
    if not inspect.isfunction(function) or terms is None:
        raise ContractDeclarationError(f"{where}: mark it with @query or @command.")
    if inspect.iscoroutinefunction(function):
        raise ContractDeclarationError(f"{where}: contracts are synchronous.")
    signature = signature_of(function, where)
    _check_terms(terms, signature, where)
    for parameter in signature.parameters.values():
        refuse_foreign_types(parameter.annotation, f"{where}, parameter {parameter.name}")
    refuse_foreign_types(signature.return_annotation, f"{where}, its result")
    parameters = _parameters_struct(wire_name, name, signature)
    return Method(
        contract=wire_name,
        name=name,
        kind=terms.kind,
        timeout_seconds=terms.timeout_seconds,
        errors={error.code: error for error in terms.errors},
        key=terms.key,
        signature=signature,
        parameters=parameters,
        arguments=Codec(parameters, f"the arguments of {where}"),
        result=Codec(signature.return_annotation, f"the answer of {where}"),
        function=function,
    )


def signature_of(function: Callable[..., Any], where: str) -> inspect.Signature:
    """Return a method's signature without self, its annotations as types.

    Raises:
        ContractDeclarationError: a parameter is not keyword-only, or something is not annotated.
    """
    hints = resolved_hints(function, where)
    signature = inspect.signature(function)
    parameters = []
    for parameter in list(signature.parameters.values())[1:]:
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise ContractDeclarationError(f"{where}: {parameter.name} must be keyword-only; write (self, *, ...).")
        if parameter.name not in hints:
            raise ContractDeclarationError(f"{where}: the parameter {parameter.name} has no type.")
        parameters.append(parameter.replace(annotation=hints[parameter.name]))
    if "return" not in hints:
        raise ContractDeclarationError(f"{where}: the result has no type.")
    return signature.replace(parameters=parameters, return_annotation=hints["return"])


def _check_terms(terms: _Terms, signature: inspect.Signature, where: str) -> None:
    if terms.timeout_seconds <= 0:
        raise ContractDeclarationError(f"{where}: timeout_seconds must be positive.")
    if not isinstance(terms.errors, tuple):
        raise ContractDeclarationError(f"{where}: errors is a tuple of error classes.")
    for error in terms.errors:
        if not (isinstance(error, type) and issubclass(error, DomainError)):
            raise ContractDeclarationError(f"{where}: {error!r} is no DomainError class; only those cross.")
        if "code" not in vars(error):
            raise ContractDeclarationError(
                f"{where}: {error.__name__} needs a code of its own, like catalog.out_of_stock."
            )
        if error.__init__ is not DomainError.__init__:
            raise ContractDeclarationError(
                f"{where}: {error.__name__} has its own __init__, so it could not be made again elsewhere;"
                " give its facts as members."
            )
    if len({error.code for error in terms.errors}) != len(terms.errors):
        raise ContractDeclarationError(f"{where}: two of its errors have the same code.")
    if terms.key is not None:
        parameter = signature.parameters.get(terms.key)
        if parameter is None or parameter.annotation not in (str, UUID) or parameter.default is not parameter.empty:
            raise ContractDeclarationError(f"{where}: key must name a parameter of type str or UUID without a default.")


def _parameters_struct(wire_name: str, name: str, signature: inspect.Signature) -> type[msgspec.Struct]:
    fields = [
        (p.name, p.annotation) if p.default is p.empty else (p.name, p.annotation, p.default)
        for p in signature.parameters.values()
    ]
    # Unknown arguments are refused, as leaving one out would silently do something else than asked. So that an answerer which
    # does not know a new one can still be asked without it, defaults are not sent.
    return msgspec.defstruct(
        f"{wire_name}.{name}",
        fields,
        kw_only=True,
        frozen=True,
        forbid_unknown_fields=True,
        omit_defaults=True,
        module=__name__,
    )


def _path(protocol: type) -> str:
    return f"{protocol.__module__}.{protocol.__qualname__}"
