from __future__ import annotations

import pytest
from django.conf import settings

from infra.boundaries.manifest import Manifest
from infra.facade.prefixes import Prefixes


def _module(name: str, *prefixes: str) -> Manifest:
    return Manifest(name=name, owner="us", purpose="try", tables=(), url_prefixes=prefixes)


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("/api/v1/catalog/products", "catalog"),
        ("/api/v1/catalog/", "catalog"),
        ("/api/v1/catalog", "catalog"),
        ("/media/catalog/lamp.svg", "catalog"),
        ("/.well-known/jwks.json", "users"),
        ("/api/v1/catalogue/products", None),
        ("/api/v1/catalogue", None),
        ("/api/v1/cata", None),
        ("/.well-known/jwks.json/more", None),
        ("/.well-known/jwksxjson", None),
        ("/shop/api/v1/catalog/products", None),
        ("/api/v1/catalog\n", None),
        ("/", None),
        ("", None),
    ],
)
def test_an_address_belongs_to_the_module_whose_prefix_ends_where_a_part_of_it_ends(
    path: str, module: str | None
) -> None:
    assert Prefixes(settings.MANIFESTS).module_of(path) == module


def test_every_module_has_its_own_prefixes() -> None:
    prefixes = Prefixes(settings.MANIFESTS)

    for manifest in settings.MANIFESTS:
        for prefix in manifest.url_prefixes:
            assert prefixes.module_of(prefix) == manifest.name
            assert prefixes.prefix_of(prefix) == prefix


def test_of_two_prefixes_the_nearer_one_wins_whichever_comes_first() -> None:
    outer, inner = _module("outer", "/api/v1/"), _module("inner", "/api/v1/inner/")

    for manifests in ((outer, inner), (inner, outer)):
        prefixes = Prefixes(manifests)
        assert prefixes.module_of("/api/v1/inner/x") == "inner"
        assert prefixes.module_of("/api/v1/innermost/x") == "outer"


def test_without_modules_no_address_belongs_to_one() -> None:
    assert Prefixes(()).module_of("/api/v1/catalog/") is None
