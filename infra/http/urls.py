"""The API's own pages, for the composition root to include at the top."""

from django.urls import path

from infra.http import documents

urlpatterns = [
    path("api/openapi.json", documents.openapi),
    path("api/docs", documents.docs),
    path("api/problems/", documents.problem_catalogue),
    path("api/problems/<str:code>", documents.problem_page),
]
