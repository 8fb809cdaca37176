"""Around each request: its correlation id and trace, its line in the access log, its numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from infra.contracts.context import CallContext, enter, leave
from infra.identifiers import new_id
from infra.observability import metrics
from infra.observability.logs import write_access_line
from infra.observability.redaction import redacted
from infra.observability.routes import UNMATCHED, module_of
from infra.observability.trace_context import continued

HEADER = "X-Correlation-Id"
_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}")
# Asked every few seconds by machines; a line each would bury the others.
_QUIET = frozenset({"healthz", "readyz", "metrics"})


class RequestObservation:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        meta = request.META
        sent = meta.get("HTTP_X_CORRELATION_ID")
        correlation_id = sent if sent is not None and _FORM.fullmatch(sent) else str(new_id())
        context = CallContext(correlation_id=correlation_id, traceparent=continued(meta.get("HTTP_TRACEPARENT")))
        token = enter(context)
        try:
            response = self.get_response(request)
            response.headers[HEADER] = correlation_id
            seconds = perf_counter() - started
            match = request.resolver_match
            route = UNMATCHED if match is None else match.route
            module = module_of(route)
            method = request.method or ""
            metrics.observe(module, method, route, response.status_code, seconds)
            if route not in _QUIET:
                _write(request, response, module, route, seconds)
            return response
        finally:
            leave(token)


def _write(request: HttpRequest, response: HttpResponseBase, module: str, route: str, seconds: float) -> None:
    more: dict[str, Any] = {}
    if problem := getattr(response, "problem", None):
        more = {"code": problem["code"], "instance": problem["instance"]}
    if route == UNMATCHED:
        more["path"] = redacted(request.path[:200])
    line = {
        "module": module,
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "ms": round(seconds * 1000, 2),
        **more,
    }
    write_access_line(line)
