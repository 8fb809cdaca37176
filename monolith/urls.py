"""Every module under its own prefix, so that a facade can route by it."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    *(path(f"api/v1/{name}/", include(f"modules.{name}.http.urls")) for name in settings.MODULES),
]
