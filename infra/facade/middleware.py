"""The facade: answers a request for a module here, or at the module's service, or lets it wait for a switch to end.

What it does follows from the record alone, which every process has in memory. The record is a hint: a side that may not write
for the module (any more) refuses, having done nothing, and the request is sent to the other one. So news may be late and
nobody notices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed, RequestDataTooBig
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from infra.contracts import registry
from infra.contracts.context import carrying
from infra.errors import DomainError
from infra.extraction.admission import HOLD_SECONDS, HeldTooLong
from infra.extraction.fence import HOLD_HEADER, refused_by_fence
from infra.extraction.record import presence
from infra.extraction.record.values import MONOLITH, SERVICE, Phase, Where
from infra.facade import bucket, canary, messages, metrics, sessions
from infra.facade.forwarding import READ_SECONDS_WITH_FALLBACK, AnswerLost, ForwardingFailed, peer_at
from infra.facade.messages import SAFE_METHODS, Outgoing
from infra.facade.prefixes import Prefixes
from infra.facade.shadow import Shadow
from infra.http import problems
from infra.http.middleware import API_HEADERS

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# When both sides have refused and there is no news: how long until the next try, and at most.
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.2
_SHORTEST_WAIT_COUNTED = 0.001


class FacadeLoop(problems.HttpProblem):
    """The request was forwarded to where it came from."""

    code = "facade_loop"
    status = 508


@dataclass(slots=True)
class _Journey:
    """One request on its way through the facade."""

    request: HttpRequest
    module: str
    writes: bool
    deadline: float
    refused: dict[str, int] = field(
        default_factory=dict
    )  # side: the revision of the record that sent the request there
    service_failed: bool = False  # answered here instead
    sent: Outgoing | None = None
    staff_email: str = ""
    pause: float = _FIRST_PAUSE_SECONDS

    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()


class Facade:
    """Middleware of the web app, right after the one that observes requests."""

    def __init__(self, get_response: GetResponse) -> None:
        if settings.SERVICE_OF:
            raise MiddlewareNotUsed("A service answers for its module itself.")
        self._answer_here = get_response
        self._prefixes = Prefixes(settings.MANIFESTS)
        self._module_of = self._prefixes.module_of
        # Modules that live elsewhere for good: a setting says where, not the record.
        self._elsewhere = {
            module: Where(module=module, phase=Phase.SPLIT, addresses={SERVICE: address}, database=SERVICE)
            for module, address in settings.MODULE_LOCATIONS.items()
            if address != registry.LOCAL
        }
        self._redirects = settings.SECURE_SSL_REDIRECT
        self._seconds = settings.FACADE_TIMEOUT_SECONDS

    @cached_property
    def _canary(self) -> canary.Canary:
        return canary.from_settings()

    @cached_property
    def _shadow(self) -> Shadow:
        return Shadow(self._answer_here)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Calls of contracts that follow from this request go where its customer's go. Those of services bring a bucket along.
        if presence.admission.is_anything_known() and not request.path_info.startswith("/_"):
            request.META.pop("HTTP_X_BUCKET", None)
            with carrying(bucket=bucket.bucket_of(request)):
                return self._route(request)
        return self._route(request)

    def _route(self, request: HttpRequest) -> HttpResponseBase:
        module = self._module_of(request.path_info)
        if module is None:
            return self._answer_here(request)
        meta = request.META
        meta.pop("HTTP_X_BUCKET", None)  # whatever a client makes up
        meta.pop("HTTP_X_ACTOR", None)
        where = self._where(module)
        writes = request.method not in SAFE_METHODS
        if where.phase == Phase.IN_PROCESS and not writes:
            return self._answer_here(request)
        if self._redirects and not request.is_secure():
            return self._answer_here(request)  # which sends the client to HTTPS
        try:
            if where.phase != Phase.IN_PROCESS:
                self._prepare(request, module)
            response = self._carry(_Journey(request, module, writes, time.monotonic() + HOLD_SECONDS))
        except DomainError as problem:
            response = _told(problem)
        except (RequestDataTooBig, UnreadablePostError) as error:
            response = _told(problems.as_problem(error))
        if HOLD_HEADER in response.headers:
            del response.headers[HOLD_HEADER]
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say of a view that is no `ApiView`, too, that the fence refused it."""
        if isinstance(exception, DatabaseError) and refused_by_fence(exception):
            return problems.render(problems.ModuleMoved())
        return None

    def _where(self, module: str) -> Where:
        return self._elsewhere.get(module) or presence.where(module)

    @staticmethod
    def _prepare(request: HttpRequest, module: str) -> None:
        """Make sure that the request can be worked on more than once, and on either side."""
        if messages.MARK_META in request.META:
            raise FacadeLoop(f"{module} is said to live where its requests are forwarded from.")
        request.get_host()  # raises DisallowedHost, as the middleware does that a forwarded request does not meet
        messages.keep_body(request)

    def _carry(self, journey: _Journey) -> HttpResponseBase:
        """Try the side that the record names, until one answers that it has done something."""
        while True:
            response, where, side = self._try(journey)
            if HOLD_HEADER not in response.headers:
                self._remember(journey, where, response)
                return response
            response.close()
            metrics.stragglers.labels(journey.module, side).inc()
            if not self._go_again(journey, where, side):
                metrics.held_too_long.labels(journey.module).inc()
                return _told(problems.ModuleHeld())

    def _try(self, journey: _Journey) -> tuple[HttpResponseBase, Where, str]:
        """Return an answer, what the record said, and which side gave it."""
        module = journey.module
        if not journey.writes or module in self._elsewhere:
            where = self._where(module)
            if (side := self._side(journey, where)) == MONOLITH:
                return self._here(journey, where), where, side
        else:
            began = time.perf_counter()
            try:
                with presence.admission.writing(module, seconds=max(0.0, journey.seconds_left())) as where:
                    if (waited := time.perf_counter() - began) >= _SHORTEST_WAIT_COUNTED:
                        metrics.held.labels(module).observe(waited)
                    # Held or not is decided; a switch that begins from here on waits for this write.
                    if (side := self._side(journey, where)) == MONOLITH:
                        return self._here(journey, where), where, side
            except HeldTooLong:
                metrics.held_too_long.labels(module).inc()
                raise problems.ModuleHeld() from None
        # Not counted here: the service counts it, or refuses it when the module has left by then.
        try:
            return self._there(journey, where), where, SERVICE
        except ForwardingFailed as error:
            if not self._may_fall_back(journey, where, error):
                raise self._problem(journey, error) from error
            journey.service_failed = True
            metrics.fallbacks.labels(module).inc()
            return self._try(journey)

    def _side(self, journey: _Journey, where: Where) -> str:
        if not where.service:
            return MONOLITH
        if where.home == SERVICE:
            side = SERVICE
        elif journey.service_failed:
            side = MONOLITH
        else:
            share = where.share("writes" if journey.writes else "reads")
            side = SERVICE if share and (share >= 100 or bucket.bucket_of(journey.request) < share) else MONOLITH
        # A side that refused while the record said the same as now is late itself, or ahead of the record: try the other.
        other = MONOLITH if side == SERVICE else SERVICE
        at = journey.refused.get(side)
        if at == where.revision and journey.refused.get(other) != where.revision and where.phase != Phase.SPLIT:
            return other
        return side

    def _here(self, journey: _Journey, where: Where) -> HttpResponseBase:
        began = time.perf_counter()
        response = self._answer_here(journey.request)
        if HOLD_HEADER in response.headers:
            _take_fresh_connection(journey.module)
            return response
        if where.phase not in (Phase.IN_PROCESS, Phase.SPLIT):
            if where.home == MONOLITH and where.service:
                self._canary.observe(
                    journey.module,
                    MONOLITH,
                    failed=response.status_code >= 500,
                    seconds=time.perf_counter() - began,
                )
            if journey.request.method == "GET" and not journey.service_failed:
                self._shadow.compare(journey.request, journey.module, where, response)
        return response

    def _there(self, journey: _Journey, where: Where) -> HttpResponseBase:
        request, module = journey.request, journey.module
        if journey.sent is None:
            journey.sent = messages.outgoing(request, module)
            journey.staff_email = sessions.staff_email_of(request)
            request.resolver_match = _match_of(request, self._prefixes)
        sent = journey.sent
        if journey.staff_email:
            sent = messages.with_actor(
                sent,
                registry.wiring().service_keys,
                email=journey.staff_email,
                module=module,
                path=request.path_info,
            )
        before_switch = where.home == MONOLITH
        has_fallback = before_switch and sent.is_repeatable
        seconds = READ_SECONDS_WITH_FALLBACK if has_fallback and not journey.writes else self._seconds
        began = time.perf_counter()
        failed = True
        try:
            answer = peer_at(where.service).send(sent, seconds=seconds, may_wait=not before_switch)
            is_held = any(name.lower() == HOLD_HEADER.lower() for name, _ in answer.headers)
            failed = answer.status >= 500 and not is_held
            metrics.forwarded.labels(module, "held" if is_held else "answered").inc()
        except ForwardingFailed as error:
            metrics.forwarded.labels(module, "lost" if isinstance(error, AnswerLost) else "unreachable").inc()
            raise
        finally:
            if before_switch:
                self._canary.observe(module, SERVICE, failed=failed, seconds=time.perf_counter() - began)
        response = messages.as_django(answer)
        if failed and has_fallback:
            response.close()
            raise AnswerLost(f"The service answered {answer.status}.", late=False)
        return response

    @staticmethod
    def _may_fall_back(journey: _Journey, where: Where, error: ForwardingFailed) -> bool:
        if where.home != MONOLITH or journey.sent is None or not isinstance(journey.sent.body, bytes | None):
            return False
        return not isinstance(error, AnswerLost) or journey.sent.is_repeatable

    @staticmethod
    def _problem(journey: _Journey, error: ForwardingFailed) -> DomainError:
        if not isinstance(error, AnswerLost):
            return problems.ModuleUnavailable()
        if journey.sent is not None and not journey.sent.is_repeatable:
            return problems.ModuleAnswerLost()
        return problems.ModuleTimeout()

    def _go_again(self, journey: _Journey, where: Where, side: str) -> bool:
        """Wait until another try makes sense; return whether there is time for one."""
        other = MONOLITH if side == SERVICE else SERVICE
        is_first = journey.refused.get(other) != where.revision and journey.refused.get(side) != where.revision
        journey.refused[side] = where.revision
        if journey.sent is not None and not isinstance(journey.sent.body, bytes | None):
            return False  # an upload that has gone by
        if journey.seconds_left() <= 0:
            return False
        if is_first and where.service and where.phase != Phase.SPLIT:
            return True  # the other side may know better
        before = where.revision
        now = presence.admission.wait_for_news(
            journey.module, before, seconds=min(journey.pause, journey.seconds_left())
        )
        if now.revision == before:
            journey.refused.clear()
            journey.pause = min(2 * journey.pause, _LONGEST_PAUSE_SECONDS)
        return True

    @staticmethod
    def _remember(journey: _Journey, where: Where, response: HttpResponseBase) -> None:
        if where.service and where.phase not in (Phase.IN_PROCESS, Phase.SPLIT):
            bucket.remember(journey.request, response)


def _told(problem: DomainError) -> HttpResponse:
    """Return a refusal as the API gives it, past whose middleware this one is."""
    response = problems.render(problem)
    for name, value in API_HEADERS.items():
        response.headers[name] = value
    response.headers["Content-Length"] = str(len(response.content))
    return response


def _take_fresh_connection(module: str) -> None:
    """Give back the connection on which the write was refused, so that a later try finds a clean one, perhaps elsewhere."""
    if module in connections.settings and not connections[module].in_atomic_block:
        connections[module].close()


def _match_of(request: HttpRequest, prefixes: Prefixes) -> ResolverMatch:
    """Return what the address means, for metrics and the log; where this build has no such address, its prefix."""
    try:
        return resolve(request.path_info)
    except Resolver404:
        route = prefixes.prefix_of(request.path_info).lstrip("/")
        return ResolverMatch(_nothing, (), {}, route=f"{route}*")


def _nothing() -> None:
    """Stands for a view of another process."""
