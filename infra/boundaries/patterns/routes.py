"""The addresses of the loaded project, with the view's method behind each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_WRITES = ("post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Address:
    """One route, and what answers it."""

    route: str  # with a slash in front
    view: type | Callable[..., Any]

    @property
    def python_name(self) -> str:
        return f"{self.view.__module__}.{self.view.__qualname__}"

    def method(self, name: str) -> Callable[..., Any] | None:
        """Return the view's method for an HTTP method, in lower case; None where it has none."""
        return getattr(self.view, name, None) if isinstance(self.view, type) else None

    @property
    def writes(self) -> tuple[str, ...]:
        return tuple(name for name in _WRITES if self.method(name) is not None)


def addresses(urlconf: str | None = None) -> Iterator[Address]:
    """Yield every address of a URLconf, by default the project's."""
    yield from _walk(get_resolver(urlconf), "/")


def _walk(resolver: URLResolver, before: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, route)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None) or entry.callback
            yield Address(route, view)
