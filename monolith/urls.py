"""Every module under its own prefix, so that a facade can route by it."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path


def _addresses_of(module: str) -> Iterator[URLPattern | URLResolver]:
    """Yield a module's addresses: below its prefix, at the prefix itself (`at_prefix`), and at the root (`at_root`).

    A module that lives elsewhere, or has no addresses, has none here.
    """
    if find_spec(f"modules.{module}.http") is None:
        return
    urls = import_module(f"modules.{module}.http.urls")
    yield from getattr(urls, "at_root", ())
    if view := getattr(urls, "at_prefix", None):
        yield path(f"api/v1/{module}", view, name=module)
    yield path(f"api/v1/{module}/", include(urls))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("monolith.storefront.urls")),
    path("console/", include("monolith.console.urls")),
    path("admin/", admin.site.urls),
    path("", include("infra.observability.urls")),
    path("", include("infra.http.urls")),
    path("", include("infra.http.contract_urls")),
    *(address for name in settings.MODULES for address in _addresses_of(name)),
]

handler400 = "infra.http.error_pages.bad_request"
handler403 = "infra.http.error_pages.permission_denied"
handler404 = "infra.http.error_pages.page_not_found"
handler500 = "infra.http.error_pages.server_error"
