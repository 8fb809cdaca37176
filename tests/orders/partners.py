"""The real partners of a checkout, behind a switch that makes chosen calls fail or the caller die."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.contracts import resolve
from modules.catalog.contract import CatalogContract
from modules.orders.use_cases.checkout_steps import Partners
from modules.payments.contract import PaymentsContract
from modules.shipping.contract import ShippingContract


class Killed(BaseException):
    """Stands for SIGKILL inside one process: nothing in the code under test may catch it."""


class Switchboard:
    """Passes calls on, and does at a call, before or after it, what a test asks for.

    `calls` lists the methods called, in order.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._before: dict[str, Callable[[], None]] = {}
        self._after: dict[str, Callable[[], None]] = {}

    def before(self, method: str, act: Callable[[], None]) -> None:
        self._before[method] = act

    def after(self, method: str, act: Callable[[], None]) -> None:
        self._after[method] = act

    def heal(self) -> None:
        self._before.clear()
        self._after.clear()

    def around(self, contract: Any) -> Any:
        return _Line(self, contract)

    def partners(self) -> Partners:
        return Partners(
            catalog=self.around(resolve(CatalogContract)),
            payments=self.around(resolve(PaymentsContract)),
            shipping=self.around(resolve(ShippingContract)),
        )

    def ring(self, method: str, call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        self.calls.append(method)
        if act := self._before.get(method):
            act()
        answer = call(**arguments)
        if act := self._after.get(method):
            act()
        return answer


class _Line:
    def __init__(self, switchboard: Switchboard, contract: Any) -> None:
        self._switchboard = switchboard
        self._contract = contract

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._contract, method)
        return lambda **arguments: self._switchboard.ring(method, call, arguments)


def die() -> None:
    raise Killed


def fail_with(error: Exception) -> Callable[[], None]:
    """Return an act that raises `error`."""

    def act() -> None:
        raise error

    return act
