"""What a service says of itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from infra.databases import binding
from infra.http.responses import Json
from infra.service.facts import facts_of


@require_safe
def service(request: HttpRequest) -> HttpResponse:
    """Which module is served here, by which contracts and events, on which schema, and in whose database at the moment."""
    module: str = settings.SERVICE_OF
    body = {**_facts(module), "database": binding.bound(module)}
    return Json(body, headers={"Cache-Control": "no-store"})


@cache
def _facts(module: str) -> dict[str, Any]:
    return facts_of(next(manifest for manifest in settings.MANIFESTS if manifest.name == module))
