"""The OpenAPI description, written by the views themselves: problems, identity and headers need no word from an author.

An author says what a body is, what an answer is, and which refusals are the resource's own:

    @extend_schema(request=PlaceOrder, responses={201: Order, 402: "The card was declined."})
    @idempotent(module="orders")
    def post(self, request: Request) -> Json: ...

    @extend_schema(responses=page_of(OrderSummary))
    def get(self, request: Request) -> Json: ...
"""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from infra.http import problems
from infra.http.deprecation import SINCE, SUNSET, deprecation_of
from infra.http.idempotency.keys import HEADER, WithIdempotencyKey
from infra.http.pagination import LARGEST_PAGE, USUAL_PAGE
from infra.http.permissions import IsStaff
from infra.http.serializers import MoneyField, StrictSerializer

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that was read: refused with 412 when it has changed.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="An ETag that is known: answered with 304 when it still holds.",
)

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_WRITES = frozenset({*_WITH_BODY, "DELETE"})
_WHY = {
    "400": "The request is malformed, or has an unknown or unusable parameter.",
    "401": "No or no valid access token.",
    "403": "Whoever is signed in may not do this.",
    "404": "There is no such thing.",
    "406": "The answer cannot be given in a form that the request accepts.",
    "409": "The present state does not allow it.",
    "412": "It has changed since it was read.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "Some values break a rule; `errors` names each.",
    "429": "Too many requests; `Retry-After` says when to come back.",
    "500": "Something went wrong here.",
    "503": "A part of the shop is out of reach for the moment; the same request may be sent again.",
    "504": "A part of the shop did not answer in time; the same request may be sent again.",
}
_PARAMETERS = {
    "limit": OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
        description="How many at once.",
    ),
    "after": OpenApiParameter("after", {"type": "string", "minLength": 1}, description="`next` of the page before."),
}
_IDEMPOTENCY_KEY: dict[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[!-~]+$",
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457). Single problems carry further members.",
    "required": ["type", "title", "status", "detail", "code", "instance", "correlationId"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "A page that explains the code."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "For people; may change."},
        "code": {"type": "string", "description": "For programs; never changes."},
        "instance": {"type": "string", "format": "uri", "description": "This one occurrence, as in the shop's log."},
        "correlationId": {"type": ["string", "null"], "description": "This request, as in the shop's log."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Where in the body (RFC 6901)."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
SECURITY_SCHEMES: dict[str, Any] = {
    "bearerAuth": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`access` of POST /api/v1/users/tokens.",
    },
    "staffSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The session of the admin; writes need X-CSRFToken, too.",
    },
}
COMPONENTS: dict[str, Any] = {
    "schemas": {
        "Problem": PROBLEM_SCHEMA,
        "Money": {
            "type": "object",
            "description": "Whole minor units (cents) and an ISO 4217 code.",
            "required": ["amount", "currency"],
            "properties": {
                "amount": {"type": "integer", "minimum": -(2**53) + 1, "maximum": 2**53 - 1},
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]},
            },
            "additionalProperties": False,
        },
    },
    "securitySchemes": SECURITY_SCHEMES,
}


class ApiSchema(AutoSchema):
    """Describes an `ApiView`."""

    def get_tags(self) -> list[str]:
        match = re.match(r"/api/v\d+/([^/]+)", self.path)
        return [match[1]] if match else ["platform"]

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = []
        if self.method == "GET":
            names = sorted(getattr(self.view, "query_parameters", ()))
            parameters += [_PARAMETERS.get(name) or OpenApiParameter(name, OpenApiTypes.STR) for name in names]
        required = self._idempotency_required()
        if required is not None:
            parameters.append(
                OpenApiParameter(
                    HEADER,
                    _IDEMPOTENCY_KEY,
                    OpenApiParameter.HEADER,
                    description="Made up by the client, the same each time that it tries again."
                    + (" Required, here or as `idempotencyKey` in the body." if required else ""),
                )
            )
        return parameters

    def is_deprecated(self) -> bool:
        return deprecation_of(self._view_method()) is not None

    def get_extensions(self) -> dict[str, Any]:
        deprecation = deprecation_of(self._view_method())
        extensions: dict[str, Any] = super().get_extensions() or {}
        if deprecation is not None:
            extensions |= {SINCE: deprecation.since.isoformat(), SUNSET: deprecation.sunset.isoformat()}
        return extensions

    def get_auth(self) -> list[dict[str, list[str]]]:
        if not self.view.authentication_classes:
            return []
        permissions = self.view.get_permissions()
        bearer: dict[str, list[str]] = {"bearerAuth": []}
        if not permissions:
            return [{}, bearer]
        if any(isinstance(permission, IsStaff) for permission in permissions):
            return [bearer, {"staffSession": []}]
        return [bearer]

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> dict[str, Any]:
        if isinstance(serializer, str):  # an author's word on a problem
            return {"description": serializer}
        answer: dict[str, Any] = super()._get_response_for_code(  # type: ignore[no-untyped-call]
            serializer, status_code, media_types, direction
        )
        return answer

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers = super()._get_response_bodies(direction)
        for code in self._possible_problems():
            answers.setdefault(code, {"description": _WHY[code]})
        for code, answer in answers.items():
            if code >= "400":
                answer.setdefault("description", _WHY.get(code, ""))
                answer["content"] = {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return dict(sorted(answers.items()))

    def _possible_problems(self) -> list[str]:
        found = {"400", "404", "406", "500", "503", "504"}  # 404: of what the address or the body names
        if self.view.authentication_classes:
            found.add("401")
        if self.view.get_permissions():
            found.add("403")
        if self.method in _WRITES:
            found |= {"403", "409"}  # 403: a staff session without its protection against forgery
        if self.method in _WITH_BODY:
            found |= {"413", "415", "422"}
        if any(
            parameter.name == "If-Match" for parameter in self.get_override_parameters() if hasattr(parameter, "name")
        ):
            found.add("412")
        return sorted(found)

    def _idempotency_required(self) -> bool | None:
        return getattr(self._view_method(), "idempotency_required", None)

    def _view_method(self) -> Any:
        return getattr(self.view, self.method.lower(), None)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema = {**schema, "additionalProperties": False}
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        if isinstance(field, MoneyField):
            return {"$ref": "#/components/schemas/Money"}
        return super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]


def classes_whose_text_is_not_inherited() -> list[type]:
    """Return base classes whose docstrings say nothing about what derives from them (for drf-spectacular)."""
    from infra.http.views import ApiView

    return [
        *get_lib_doc_excludes(),  # type: ignore[no-untyped-call]
        ApiView,
        StrictSerializer,
        WithIdempotencyKey,
    ]


def add_shared_components(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Add what every operation refers to (a hook of drf-spectacular)."""
    components = result.setdefault("components", {})
    for kind, entries in COMPONENTS.items():
        components[kind] = dict(sorted({**components.get(kind, {}), **entries}.items()))
    return result


@lru_cache(maxsize=256)
def page_of(row: type[serializers.Serializer[Any]]) -> type[StrictSerializer]:
    """Return the description of a list's answer: `data` of rows, `next` cursor or null."""
    members = {
        "data": row(many=True),
        "next": serializers.CharField(allow_null=True, help_text="Send it as `after`; null on the last page."),
        "__doc__": None,
        "__module__": row.__module__,
    }
    return type(f"{row.__name__.removesuffix('Serializer')}Page", (StrictSerializer,), copy.copy(members))
