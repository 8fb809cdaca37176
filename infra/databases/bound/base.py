"""The engine: Django's own, which takes login and pool anew each time that it connects."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from infra.databases import binding

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

    @property
    def pool(self) -> Any:
        # Django keeps the pools by alias: for as long as it looks, the alias is the binding's.
        alias, self.alias = self.alias, pool_name(self.alias, self._connected_as)
        try:
            return super().pool
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
    return f"{alias}{binding.POOL_MARK}{name}" if name else alias
