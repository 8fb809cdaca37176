"""The sandbox behind a switch: calls that fail, answers that get lost, a process that dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from infra.money import Money
from modules.payments.gateways.provider import Answer, Notice, ProviderTimeout, StatementLine
from modules.payments.gateways.registry import replaced
from modules.payments.gateways.sandbox import SandboxProvider

A = TypeVar("A")


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the code under test may catch it."""


class HostileProvider:
    """Passes each call on to the sandbox; before and after it does what a test asks for.

    `calls` lists what was asked: (call, key).
    """

    name = "sandbox"
    methods = SandboxProvider.methods

    def __init__(self) -> None:
        self.sandbox = SandboxProvider()
        self.calls: list[tuple[str, str]] = []
        self._before: dict[str, Callable[[], None]] = {}
        self._after: dict[str, Callable[[], None]] = {}

    def before(self, call: str, act: Callable[[], None]) -> None:
        self._before[call] = act

    def after(self, call: str, act: Callable[[], None]) -> None:
        self._after[call] = act

    def heal(self) -> None:
        self._before.clear()
        self._after.clear()

    def is_out_of_reach(self) -> None:
        for call in ("charge", "authorise", "capture", "void", "refund", "find", "close"):
            self.before(call, lose_the_answer)

    def charge(self, *, key: str, amount: Money, method: str, description: str) -> Answer:
        return self._ring(
            "charge", key, lambda: self.sandbox.charge(key=key, amount=amount, method=method, description=description)
        )

    def authorise(self, *, key: str, amount: Money, method: str, description: str) -> Answer:
        return self._ring(
            "authorise",
            key,
            lambda: self.sandbox.authorise(key=key, amount=amount, method=method, description=description),
        )

    def capture(self, *, key: str, provider_ref: str, amount: Money) -> Answer:
        return self._ring(
            "capture", key, lambda: self.sandbox.capture(key=key, provider_ref=provider_ref, amount=amount)
        )

    def void(self, *, key: str, provider_ref: str) -> Answer:
        return self._ring("void", key, lambda: self.sandbox.void(key=key, provider_ref=provider_ref))

    def refund(self, *, key: str, provider_ref: str, amount: Money) -> Answer:
        return self._ring("refund", key, lambda: self.sandbox.refund(key=key, provider_ref=provider_ref, amount=amount))

    def find(self, *, key: str) -> Answer | None:
        return self._ring("find", key, lambda: self.sandbox.find(key=key))

    def close(self, *, key: str) -> Answer | None:
        return self._ring("close", key, lambda: self.sandbox.close(key=key))

    def read_notice(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return self.sandbox.read_notice(headers=headers, body=body, now=now)

    def statement(self) -> Iterator[StatementLine]:
        return self.sandbox.statement()

    def _ring(self, call: str, key: str, ask: Callable[[], A]) -> A:
        self.calls.append((call, key))
        if act := self._before.get(call):
            act()
        answer = ask()
        if act := self._after.get(call):
            act()
        return answer


def lose_the_answer() -> None:
    raise ProviderTimeout("The line is dead.")


def die() -> None:
    raise Killed


@contextmanager
def hostile() -> Iterator[HostileProvider]:
    provider = HostileProvider()
    with replaced(provider):
        yield provider
