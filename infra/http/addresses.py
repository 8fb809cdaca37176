"""A module's addresses, for composition roots to mount."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path


def addresses_of(package: str) -> Iterator[URLPattern | URLResolver]:
    """Yield a module's addresses: below its prefix, at the prefix itself (`at_prefix`), and at the root (`at_root`).

    A module that lives elsewhere, or has no addresses, has none here.

    Args:
        package: of the module, dotted.
    """
    if find_spec(f"{package}.http") is None:
        return
    module = package.rpartition(".")[2]
    urls = import_module(f"{package}.http.urls")
    yield from getattr(urls, "at_root", ())
    if view := getattr(urls, "at_prefix", None):
        yield path(f"api/v1/{module}", view, name=module)
    yield path(f"api/v1/{module}/", include(urls))
