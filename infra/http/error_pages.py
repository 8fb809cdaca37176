"""Errors that Django itself answers: problem details for programs, pages for people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from infra.http import problems
from infra.http.paths import wants_problem_details


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_problem_details(request):
        return problems.render(problems.as_problem(exception))
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_problem_details(request):
        return problems.render(problems.Forbidden())
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if wants_problem_details(request):
        return problems.render(problems.NoSuchResource(f"There is nothing at {request.path[:200]}."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if wants_problem_details(request):
        return problems.render(problems.InternalError())
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if wants_problem_details(request):
        return problems.render(problems.Forbidden(f"The request lacks its protection against forgery: {reason}"))
    return csrf.csrf_failure(request, reason)
