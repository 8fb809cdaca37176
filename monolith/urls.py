"""Every module under its own prefix, so that a facade can route by it."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from modules.catalog.http.media import picture
from modules.users.http.tokens import KeySet

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("monolith.storefront.urls")),
    path("admin/", admin.site.urls),
    path("media/catalog/<path:path>", picture, name="picture"),
    path(".well-known/jwks.json", KeySet.as_view(), name="jwks"),
    path("", include("infra.observability.urls")),
    path("", include("infra.http.urls")),
    path("", include("infra.http.contract_urls")),
    path("api/v1/", include("modules.orders.http.urls")),
    *(path(f"api/v1/{name}/", include(f"modules.{name}.http.urls")) for name in settings.MODULES if name != "orders"),
]

handler400 = "infra.http.error_pages.bad_request"
handler403 = "infra.http.error_pages.permission_denied"
handler404 = "infra.http.error_pages.page_not_found"
handler500 = "infra.http.error_pages.server_error"
