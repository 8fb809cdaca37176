"""What machines ask: does the process live, can it serve, how does it do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from infra.http.responses import Json
from infra.observability import lag_metrics, metrics, observations, readiness

_FRESH = {"Cache-Control": "no-store"}


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives; nothing else is asked, so that a database that is down does not get it killed."""
    return Json({"status": "ok"}, headers=_FRESH)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve; otherwise 503 and what is missing."""
    if failing := readiness.failing():
        return Json({"status": "not ready", "failing": failing}, status=503, headers={**_FRESH, "Retry-After": "5"})
    return Json({"status": "ready"}, headers=_FRESH)


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Rate, errors and duration per module, and what events wait."""
    observations.flush()
    figures = metrics.exposition() + lag_metrics.exposition()
    return HttpResponse(figures, content_type=metrics.CONTENT_TYPE, headers=_FRESH)
