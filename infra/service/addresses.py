"""The addresses of a service: its module's, and those that every process has."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from infra.http import documents
from infra.http.addresses import addresses_of
from infra.service.views import service

handler400 = "infra.http.error_pages.bad_request"
handler403 = "infra.http.error_pages.permission_denied"
handler404 = "infra.http.error_pages.page_not_found"
handler500 = "infra.http.error_pages.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("infra.observability.urls")),
    path("_service", service),
    path("", include("infra.http.contract_urls")),
    path("api/openapi.json", documents.openapi),
    path("api/problems/", documents.problem_catalogue),
    path("api/problems/<str:code>", documents.problem_page),
    *addresses_of(f"modules.{settings.SERVICE_OF}"),
]
