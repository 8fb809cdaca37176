"""Every refusal as problem details (RFC 9457), with one stable `code` each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import uuid4

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions

from infra.contracts.context import current
from infra.contracts.errors import ContractTimeout, ContractUnavailable
from infra.errors import DomainError
from infra.extraction.fence import HOLD_HEADER, refused_by_fence
from infra.http.encoding import UnusableValue, escaped
from infra.http.responses import Json
from infra.http.wire_names import camel_case

CONTENT_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class HttpProblem(DomainError):
    """The request cannot be served as it is."""

    code: ClassVar[str] = "bad_request"
    status: ClassVar[int] = 400

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail, **members)
        self.headers: dict[str, str] = dict(headers or {})


class UnknownParameter(HttpProblem):
    """The address carries parameters that this resource does not know."""

    code = "unknown_parameter"


class InvalidParameter(HttpProblem):
    """A parameter's value cannot be used."""

    code = "invalid_parameter"

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(detail, parameter=parameter)


class MalformedBody(HttpProblem):
    """The body is not JSON."""

    code = "malformed_body"


class NotAuthenticated(HttpProblem):
    """This needs somebody signed in."""

    code = "not_authenticated"
    status = 401

    def __init__(self, detail: str = "", *, token_refused: bool = False) -> None:
        challenge = 'Bearer realm="banyan"' + (', error="invalid_token"' if token_refused else "")
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(HttpProblem):
    """Whoever is signed in may not do this."""

    code = "permission_denied"
    status = 403


class NoSuchResource(HttpProblem):
    """There is nothing at this address."""

    code = "not_found"
    status = 404


class MethodNotAllowed(HttpProblem):
    """The resource does not know this method."""

    code = "method_not_allowed"
    status = 405


class NotAcceptable(HttpProblem):
    """The answer cannot be given in a form that the request accepts."""

    code = "not_acceptable"
    status = 406


class LengthRequired(HttpProblem):
    """A body must come with its length."""

    code = "length_required"
    status = 411


class BodyTooLarge(HttpProblem):
    """The body is larger than this server reads."""

    code = "body_too_large"
    status = 413


class UnsupportedMediaType(HttpProblem):
    """The body is not of a type that this resource reads."""

    code = "unsupported_media_type"
    status = 415


class ValidationFailed(HttpProblem):
    """Some values of the request break a rule; `errors` names each."""

    code = "validation_failed"
    status = 422


class TooManyRequests(HttpProblem):
    """Too many requests in a short time."""

    code = "too_many_requests"
    status = 429

    def __init__(self, retry_after_seconds: int, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, retry_after_seconds))})


class InternalError(HttpProblem):
    """Something went wrong here, not in the request."""

    code = "internal_error"
    status = 500


class TemporarilyUnavailable(HttpProblem):
    """A part of the shop cannot be reached at the moment; the same request may be sent again."""

    code = "temporarily_unavailable"
    status = 503

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


class ModuleUnavailable(TemporarilyUnavailable):
    """A module of the shop that this needs does not answer; the same request may be sent again."""

    code = "module_unavailable"


class ModuleTimeout(TemporarilyUnavailable):
    """A module of the shop did not answer in time; what it did is not known yet, and asking again is safe."""

    code = "module_timeout"
    status = 504


class ModuleAnswerLost(HttpProblem):
    """A module of the shop took the request and its answer was lost; look what became of it before it is sent again."""

    code = "module_answer_lost"
    status = 502


class ModuleHeld(TemporarilyUnavailable):
    """The module is being moved and let nobody write for too long; nothing was done, the same request may be sent again."""

    code = "module_held"


class ModuleMoved(TemporarilyUnavailable):
    """This side does not write for the module any more; nothing was done."""

    code = "module_moved"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.headers[HOLD_HEADER] = "1"  # for the facade or caller, which asks the record again; clients never see it


def response_for(error: Exception, request: HttpRequest) -> HttpResponse:
    """Return the problem details for an exception; what is not a known refusal is logged and becomes a plain 500."""
    problem = as_problem(error)
    if problem.status >= 500 and not isinstance(problem, ModuleMoved):  # that one is sent on, and nobody notices
        log.error("request_failed", code=problem.code, method=request.method, path=request.path, exc_info=error)
    return render(problem)


def render(problem: DomainError) -> Json:
    """Return the answer for a problem."""
    headers = getattr(problem, "headers", {})
    body = {
        "type": type_of(problem.code),
        "title": problem.title(),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "instance": f"urn:uuid:{uuid4()}",
        "correlationId": current().correlation_id,
        **{camel_case(name): value for name, value in problem.members.items()},
    }
    response = Json(body, status=problem.status, headers=headers, content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    response.problem = body  # type: ignore[attr-defined]  # the access log names code and instance
    response._has_been_logged = True  # type: ignore[attr-defined]  # so Django need not
    return response


def type_of(code: str) -> str:
    """Return the absolute address of the page that explains a code."""
    return f"{settings.PROBLEM_TYPE_BASE}{code}"


def as_problem(error: Exception) -> DomainError:
    """Return an exception as the refusal that it means to a client."""
    if isinstance(error, DomainError):
        return error
    # Only the view's own database: another module that was refused says nothing of whether this one has done something.
    if isinstance(error, DatabaseError) and refused_by_fence(error):
        return ModuleMoved()
    for kind, translate in _TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error)
    return InternalError("It has been recorded. Sending the same request again later may succeed.")


def _validation(error: exceptions.ValidationError) -> DomainError:
    errors = list(_flat(error.detail, ""))
    first = errors[0] if errors else {"pointer": "", "detail": ""}
    return ValidationFailed(f"{first['pointer']} {first['detail']}".strip(), errors=errors)


def _flat(detail: Any, pointer: str) -> list[dict[str, str]]:
    if isinstance(detail, Mapping):
        found = []
        for key, inner in detail.items():
            inside = pointer if key == "non_field_errors" else f"{pointer}/{escaped(str(key))}"
            found += _flat(inner, inside)
        return found
    if isinstance(detail, list | tuple):
        found = []
        for index, inner in enumerate(detail):
            # Messages stand in a list at the field; nested lists and mappings are the list's own elements.
            found += _flat(inner, f"{pointer}/{index}" if isinstance(inner, Mapping | list) else pointer)
        return found
    return [{"pointer": pointer, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}]


def _api_exception(error: exceptions.APIException) -> DomainError:
    problem = HttpProblem(str(error.detail) if isinstance(error.detail, str) else "")
    found = {kind.status: kind for kind in (Forbidden, NotAuthenticated, NoSuchResource, NotAcceptable)}.get(
        error.status_code
    )
    if found is not None:
        problem = found(problem.detail)
    elif error.status_code >= 500:
        return InternalError()
    return problem


def _method_not_allowed(error: exceptions.MethodNotAllowed) -> DomainError:
    return MethodNotAllowed(str(error.detail))


def _throttled(error: exceptions.Throttled) -> DomainError:
    return TooManyRequests(int(getattr(error, "wait", None) or 1))


def _unusable(error: UnusableValue) -> DomainError:
    problem = {"pointer": error.pointer, "code": error.code, "detail": error.detail}
    return ValidationFailed(f"{error.pointer} {error.detail}".strip(), errors=[problem])


_TRANSLATIONS: tuple[tuple[type[Exception], Callable[[Any], DomainError]], ...] = (
    (exceptions.ValidationError, _validation),
    (exceptions.ParseError, lambda error: MalformedBody(str(error.detail))),
    (exceptions.UnsupportedMediaType, lambda error: UnsupportedMediaType("Send application/json.")),
    (exceptions.MethodNotAllowed, _method_not_allowed),
    (exceptions.Throttled, _throttled),
    (exceptions.APIException, _api_exception),
    (UnusableValue, _unusable),
    (Http404, lambda error: NoSuchResource()),
    (PermissionDenied, lambda error: Forbidden()),
    (RequestDataTooBig, lambda error: BodyTooLarge()),
    (SuspiciousOperation, lambda error: HttpProblem()),
    (UnreadablePostError, lambda error: HttpProblem("The body ended before it was complete.")),
    (ContractUnavailable, lambda error: ModuleUnavailable()),
    (ContractTimeout, lambda error: ModuleTimeout()),
    (OperationalError, lambda error: TemporarilyUnavailable()),
)
