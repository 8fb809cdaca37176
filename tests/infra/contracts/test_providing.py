"""Exactly one implementation, with the very signatures of the contract, and a place where it is."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from infra.contracts import CallerRefused, ContractDeclarationError, provide, registry, resolve
from infra.contracts.testing import standing_in
from tests.infra.contracts.echo import Echo, EchoContract


class Without(Echo):
    tree = None  # type: ignore[assignment]


class OtherParameter(Echo):
    def water(self, *, liters: int) -> int:  # type: ignore[override]
        return liters


class OtherType(Echo):
    def water(self, *, litres: str) -> int:  # type: ignore[override]
        return 0


class OtherDefault(Echo):
    def names(self, *, names: Collection[str], suffix: str = "?") -> Mapping[str, str]:
        return {}


class OtherResult(Echo):
    def water(self, *, litres: int) -> str:  # type: ignore[override]
        return ""


class PositionalParameter(Echo):
    def water(self, litres: int) -> int:
        return litres


class MoreParameters(Echo):
    def plant(self, *, key: str, tree: UUID, deep: bool = False) -> int:
        return 0


@pytest.mark.parametrize(
    ("implementation", "reason"),
    [
        (Without, r"Without\.tree.*no such method"),
        (OtherParameter, r"OtherParameter\.water.*liters"),
        (OtherType, r"OtherType\.water"),
        (OtherDefault, r"OtherDefault\.names"),
        (OtherResult, r"OtherResult\.water.*returns"),
        (PositionalParameter, r"PositionalParameter\.water.*keyword-only"),
        (MoreParameters, r"MoreParameters\.plant.*deep"),
    ],
)
def test_an_implementation_with_another_signature_is_refused(implementation: type[Any], reason: str) -> None:
    with pytest.raises(ContractDeclarationError, match=reason):
        provide(EchoContract, implementation())

    assert registry.implementation_of(EchoContract) is None


def test_a_second_implementation_is_refused(echo: Echo) -> None:
    class Another(Echo):
        pass

    with pytest.raises(ContractDeclarationError, match="two implementations"):
        provide(EchoContract, Another())


def test_a_stand_in_answers_until_its_block_ends(echo: Echo) -> None:
    with standing_in(EchoContract, Echo()) as fake:
        resolve(EchoContract).water(litres=1)

    assert fake.calls == ["water"]
    assert echo.calls == []
    assert registry.implementation_of(EchoContract) is echo


def test_a_proxy_has_the_real_methods_of_its_contract(echo: Echo) -> None:
    asked = resolve(EchoContract)

    assert type(asked).__name__ == "EchoContractProxy"
    assert inspect.signature(asked.names) == inspect.signature(echo.names)
    assert asked.names.__doc__ == "Return each name with a suffix."
    assert not hasattr(asked, "anything_else")


def test_the_caller_is_the_module_whose_code_resolves() -> None:
    assert registry.caller_of("modules.orders.http.views") == "orders"
    assert registry.caller_of("monolith.storefront.views") == "monolith"
    assert registry.caller_of(__name__) == "tests"


def test_a_caller_that_is_not_declared_is_refused(echo: Echo) -> None:
    with pytest.raises(CallerRefused, match=r"shipping may not ask echo\.v1"):
        resolve(EchoContract, caller="shipping")


def test_a_module_that_resolves_without_being_declared_is_refused(echo: Echo) -> None:
    code = "from infra.contracts import resolve; resolve(EchoContract)"

    with pytest.raises(CallerRefused, match="shipping"):
        exec(code, {"__name__": "modules.shipping.service", "EchoContract": EchoContract})  # noqa: S102


def test_a_module_at_an_address_is_asked_there_even_when_its_code_is_here(echo: Echo, settings: Settings) -> None:
    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "echo": "http://127.0.0.1:9"}

    asked: Any = resolve(EchoContract)

    assert asked._route.name == "http"


def test_a_contract_that_no_one_answers_stops_the_start(settings: Settings) -> None:
    assert any("echo.v1 has no implementation" in problem for problem in registry.wiring_problems())
    with pytest.raises(ContractDeclarationError, match=r"echo\.v1.*MODULE_LOCATIONS"):
        registry.refuse_incomplete_wiring()

    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "echo": "http://127.0.0.1:9"}
    assert not any("echo.v1" in problem for problem in registry.wiring_problems())


def test_an_unknown_route_is_refused(echo: Echo, settings: Settings) -> None:
    settings.CONTRACT_ROUTE = "carrier pigeon"

    with pytest.raises(ContractDeclarationError, match="carrier pigeon"):
        resolve(EchoContract)


def test_the_direct_route_is_the_implementation_itself(echo: Echo, settings: Settings) -> None:
    settings.CONTRACT_ROUTE = "direct"

    assert resolve(EchoContract) is echo


def test_every_contract_of_the_shop_names_its_callers() -> None:
    contracts = {f"{name}.v1" for name in django_settings.MODULES}

    assert set(django_settings.CONTRACT_CALLERS) == contracts
