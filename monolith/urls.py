"""Every module under its own prefix, so that a facade can route by it."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from infra.http.addresses import addresses_of

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("monolith.storefront.urls")),
    path("console/", include("monolith.console.urls")),
    path("admin/", admin.site.urls),
    path("", include("infra.observability.urls")),
    path("", include("infra.http.urls")),
    path("", include("infra.http.contract_urls")),
    *(address for name in settings.MODULES for address in addresses_of(f"modules.{name}")),
]

handler400 = "infra.http.error_pages.bad_request"
handler403 = "infra.http.error_pages.permission_denied"
handler404 = "infra.http.error_pages.page_not_found"
handler500 = "infra.http.error_pages.server_error"
