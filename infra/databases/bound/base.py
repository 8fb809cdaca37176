"""The engine: that of processes with a pool, which takes login and pool anew each time that it connects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.databases import binding
from infra.databases.binding import POOL_MARK
from infra.databases.pooled import base

_LOGIN = ("NAME", "USER", "PASSWORD", "HOST", "PORT")


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects as the binding says that counts at that moment, out of a pool of that binding."""

    def __init__(self, settings_dict: dict[str, Any], alias: str = "default") -> None:
        super().__init__(settings_dict, alias)
        self._declared = settings_dict
        self._connected_as = ""

    def connect(self) -> None:
        # One without a pool was given its login by somebody who acts under another role (infra/databases/ownership.py).
        follows = self._declared.get("BINDINGS") and self._declared["OPTIONS"].get("pool")
        self._take_up(binding.bound(self.alias) if follows else "")
        super().connect()

    def let_go_of_the_past(self) -> None:
        """Give back a connection of a binding that counts no longer, unless a transaction is open on it."""
        if self.connection is not None and not self.in_atomic_block and self._connected_as != binding.bound(self.alias):
            self.close()

    def close_if_health_check_failed(self) -> None:
        if not self._declared["OPTIONS"].get(
            "pool"
        ):  # a pool looks itself, and which one it is shows with the connection
            super().close_if_health_check_failed()

    def close_pool(self) -> None:
        with self._named_after_its_binding():
            super().close_pool()

    @property
    def pool(self) -> Any:
        with self._named_after_its_binding():
            return super().pool

    @contextmanager
    def _named_after_its_binding(self) -> Iterator[None]:
        """Django keeps the pools by alias: for as long as it looks, the alias is the binding's."""
        alias = self.alias
        if POOL_MARK not in alias:
            self.alias = pool_name(alias, self._connected_as)
        try:
            yield
        finally:
            self.alias = alias

    def _take_up(self, name: str) -> None:
        if name:
            login = binding.login_of(self.alias, name)
            options = {**self._declared["OPTIONS"], **login.get("OPTIONS", {})}
            self.settings_dict = {
                **self._declared,
                **{key: login[key] for key in _LOGIN if key in login},
                "OPTIONS": options,
            }
        self._connected_as = name


def pool_name(alias: str, name: str) -> str:
    """Return the key of a binding's pool among all pools of the process."""
    return f"{alias}{POOL_MARK}{name}" if name else alias
