"""Around each request: its correlation id and trace, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import perf_counter, time

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from infra.contracts import journeys
from infra.contracts.context import CallContext, enter, leave
from infra.contracts.wire import bucket_in
from infra.identifiers import new_id
from infra.observability import observations
from infra.observability.metrics import known_method
from infra.observability.observations import Observation
from infra.observability.routes import UNMATCHED
from infra.observability.trace_context import continued

HEADER = "X-Correlation-Id"
CALLS_HEADER = "X-Contract-Calls"  # only where they are more than `settings.CONTRACT_CALL_BUDGET`
_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RequestObservation:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._is_service = bool(settings.SERVICE_OF)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        meta = request.META
        sent = meta.get("HTTP_X_CORRELATION_ID")
        correlation_id = sent if sent is not None and _FORM.fullmatch(sent) else str(new_id())
        token = enter(
            CallContext(
                correlation_id=correlation_id,
                traceparent=continued(meta.get("HTTP_TRACEPARENT")),
                # The facade's word; from outside it means nothing.
                bucket=bucket_in(meta.get("HTTP_X_BUCKET")) if self._is_service else None,
            )
        )
        journey = journeys.begin("request")
        route = UNMATCHED
        try:
            response = self.get_response(request)
            response.headers[HEADER] = correlation_id
            if (current := journeys.current()) is not None and current.is_over_budget:
                response.headers[CALLS_HEADER] = str(sum(current.asked.values()))
            match = request.resolver_match
            route = UNMATCHED if match is None else match.route
            observations.add(
                Observation(
                    time(),
                    correlation_id,
                    request.method or "",
                    route,
                    request.path,
                    response.status_code,
                    perf_counter() - started,
                    getattr(response, "problem", None),
                )
            )
            return response
        finally:
            journeys.end(journey, f"{known_method(request.method)} /{route}")
            leave(token)
