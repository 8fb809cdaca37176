"""Everything that would mean something else across a network is refused when the contract is imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from uuid import UUID

import pytest

from infra.contracts import ContractDeclarationError, command, contract, query
from infra.contracts.declaration import declaration_of, declared_contracts, forget
from infra.errors import DomainError, NotFound
from infra.money import Money
from tests.infra.contracts.echo import Echo, EchoContract, NoSuchTree, Tree, TreeFelled

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTypeCheckers


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    name: str


@dataclass(slots=True, kw_only=True)
class Mutable:
    name: str


@dataclass(frozen=True, kw_only=True)
class WithoutSlots:
    name: str


@dataclass(frozen=True, slots=True)
class Positional:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedInFloat:
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Deep:
    inner: tuple[PricedInFloat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Holds itself."""

    name: str
    branches: tuple[Branch, ...]
    main: Branch | None


class Plain(Enum):
    A = "a"


class Numbered(IntEnum):
    A = 1


class Pair(NamedTuple):
    a: int
    b: int


class Untyped(Protocol): ...


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    before = {known.protocol for known in declared_contracts()}
    yield
    for known in declared_contracts():
        if known.protocol not in before:
            forget(known.protocol)


def declare(parameter: Any = str, result: Any = str) -> None:
    class Planted(Protocol):
        @query(timeout_seconds=1, errors=())
        def ask(self, *, value):  # type: ignore[no-untyped-def]
            ...

    Planted.ask.__annotations__.update({"value": parameter, "return": result})
    contract("planted.v1")(Planted)


@pytest.mark.parametrize(
    "type_",
    [
        str, int, bool, None, UUID, Money, Good, Tree, Branch,
        str | None, Good | None, tuple[str, ...], tuple[Good, ...], Collection[Good], Mapping[str, Good],
        Mapping[UUID, int], Mapping[str, Mapping[str, tuple[UUID, ...]]],
    ],
    ids=str,
)  # fmt: skip
def test_a_value_may_cross(type_: Any) -> None:
    declare(parameter=type_)
    declare(result=type_)


@pytest.mark.parametrize(
    ("type_", "advice"),
    [
        (float, "Money"),
        (PricedInFloat, r"PricedInFloat\.price: float"),
        (Deep, r"Deep\.inner, PricedInFloat\.price: float"),
        (Mapping[str, float], "float"),
        (bytes, "address"),
        (list[str], "tuple"),
        (list, "tuple"),
        (set[str], "Collection"),
        (frozenset[str], "Collection"),
        (dict[str, str], "Mapping"),
        (Any, "name the type"),
        (object, "name the type"),
        (Mutable, "frozen=True"),
        (WithoutSlots, "slots=True"),
        (Positional, "kw_only=True"),
        (Plain, "StrEnum"),
        (Numbered, "StrEnum"),
        (Pair, "Pair"),
        (tuple[int, str], "dataclass with named fields"),
        (tuple[()], "dataclass with named fields"),
        (str | int, r"`T \| None`"),
        (Good | Money, r"`T \| None`"),
        (Mapping[int, str], "str or UUID"),
        (Collection[Any], "name the type"),
        (Callable[[], str], "Callable"),
        (Iterator[str], "Iterator"),
        (DomainError, "DomainError"),
        (type[Good], "Good"),
    ],
    ids=str,
)
def test_a_type_that_may_not_cross_is_refused_with_advice(type_: Any, advice: str) -> None:
    with pytest.raises(ContractDeclarationError, match=rf"planted\.v1 ask, parameter value.*{advice}"):
        declare(parameter=type_)
    with pytest.raises(ContractDeclarationError, match=rf"planted\.v1 ask, its result.*{advice}"):
        declare(result=type_)


def test_parameters_are_keyword_only() -> None:
    with pytest.raises(ContractDeclarationError, match="keyword-only"):

        @contract("planted.v1")
        class Planted(Protocol):
            @query(timeout_seconds=1, errors=())
            def ask(self, value: str) -> str: ...


def test_arbitrary_keywords_are_no_parameters() -> None:
    with pytest.raises(ContractDeclarationError, match="keyword-only"):

        @contract("planted.v1")
        class Planted(Protocol):
            @query(timeout_seconds=1, errors=())
            def ask(self, **values: str) -> str: ...


def test_every_parameter_and_result_has_a_type() -> None:
    with pytest.raises(ContractDeclarationError, match="value has no type"):

        @contract("planted.v1")
        class WithoutParameterType(Protocol):
            @query(timeout_seconds=1, errors=())
            def ask(self, *, value) -> str: ...  # type: ignore[no-untyped-def]

    with pytest.raises(ContractDeclarationError, match="result has no type"):

        @contract("planted.v1")
        class WithoutResultType(Protocol):
            @query(timeout_seconds=1, errors=())
            def ask(self, *, value: str): ...  # type: ignore[no-untyped-def]


def test_types_must_be_there_at_run_time() -> None:
    with pytest.raises(ContractDeclarationError, match="TYPE_CHECKING"):

        @contract("planted.v1")
        class Planted(Protocol):
            @query(timeout_seconds=1, errors=())
            def ask(self, *, value: OnlyForTypeCheckers) -> str: ...


def test_errors_and_timeout_are_always_declared() -> None:
    with pytest.raises(TypeError, match="errors"):
        query(timeout_seconds=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="timeout_seconds"):
        command(errors=())  # type: ignore[call-arg]


@pytest.mark.parametrize("timeout_seconds", [0, -1])
def test_a_timeout_is_positive(timeout_seconds: float) -> None:
    with pytest.raises(ContractDeclarationError, match="timeout"):

        @contract("planted.v1")
        class Planted(Protocol):
            @query(timeout_seconds=timeout_seconds, errors=())
            def ask(self) -> str: ...


class WithoutCode(NotFound):
    """It has the code of its parent."""


class SameCode(NotFound):
    """It has the code of another."""

    code = "echo.no_such_tree"


class OwnInit(NotFound):
    """It cannot be made again from detail and members."""

    code = "planted.own_init"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not there")


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ((ValueError,), "DomainError"),
        (("catalog.out_of_stock",), "DomainError"),
        ((WithoutCode,), "code of its own"),
        ((NoSuchTree, SameCode), "same code"),
        ((OwnInit,), "__init__"),
        ([NoSuchTree], "tuple"),
    ],
)
def test_declared_errors_can_be_made_again_on_the_other_side(errors: Any, reason: str) -> None:
    with pytest.raises(ContractDeclarationError, match=reason):

        @contract("planted.v1")
        class Planted(Protocol):
            @query(timeout_seconds=1, errors=errors)
            def ask(self) -> str: ...


@pytest.mark.parametrize("key", ["nowhere", "amount", "optional"])
def test_a_key_is_a_required_text_or_id(key: str) -> None:
    with pytest.raises(ContractDeclarationError, match="key must name a parameter"):

        @contract("planted.v1")
        class Planted(Protocol):
            @command(timeout_seconds=1, errors=(), key=key)
            def do(self, *, amount: int, optional: str = "") -> None: ...


def test_every_method_is_a_query_or_a_command() -> None:
    with pytest.raises(ContractDeclarationError, match="@query or @command"):

        @contract("planted.v1")
        class Planted(Protocol):
            def ask(self) -> str: ...


def test_methods_are_synchronous() -> None:
    with pytest.raises(ContractDeclarationError, match="synchronous"):

        @contract("planted.v1")
        class Planted(Protocol):
            @query(timeout_seconds=1, errors=())
            async def ask(self) -> str:
                return ""


def test_a_contract_has_methods_only() -> None:
    with pytest.raises(ContractDeclarationError, match="attribute"):

        @contract("planted.v1")
        class WithAttribute(Protocol):
            name: str

    with pytest.raises(ContractDeclarationError, match="at least one method"):
        contract("planted.v1")(Untyped)


def test_a_contract_is_a_protocol_without_parents() -> None:
    with pytest.raises(ContractDeclarationError, match="Protocol class"):

        @contract("planted.v1")
        class NoProtocol:
            @query(timeout_seconds=1, errors=())
            def ask(self) -> str:
                return ""

    with pytest.raises(ContractDeclarationError, match="not from EchoContract"):

        @contract("planted.v1")
        class Child(EchoContract, Protocol):
            @query(timeout_seconds=1, errors=())
            def ask(self) -> str: ...


@pytest.mark.parametrize(
    "wire_name", ["catalog", "catalog.1", "Catalog.v1", "catalog.v0", "catalog.v1.offers", "a/b.v1", ""]
)
def test_a_wire_name_is_a_module_and_a_version(wire_name: str) -> None:
    with pytest.raises(ContractDeclarationError, match="wire name"):
        contract(wire_name)(Untyped)


def test_a_wire_name_stands_for_one_contract() -> None:
    with pytest.raises(ContractDeclarationError, match="declared twice"):

        @contract("echo.v1")
        class Planted(Protocol):
            @query(timeout_seconds=1, errors=())
            def ask(self) -> str: ...


def test_a_declaration_tells_what_was_declared() -> None:
    declared = declaration_of(EchoContract)

    assert (declared.wire_name, declared.module) == ("echo.v1", "echo")
    assert declared.methods["refuse"].errors == {"echo.no_such_tree": NoSuchTree, "echo.tree_felled": TreeFelled}
    repeatable = {name: method.is_repeatable for name, method in declared.methods.items()}
    assert repeatable["tree"] is True, "a query"
    assert repeatable["plant"] is True, "a command with a key"
    assert repeatable["water"] is False, "a command without"


def test_what_is_no_contract_cannot_be_asked() -> None:
    with pytest.raises(ContractDeclarationError, match="@contract"):
        declaration_of(Echo)
