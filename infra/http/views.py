"""The view that every API resource derives from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from infra.http import problems
from infra.http.authentication import GUEST, BearerAuthentication, StaffSessionAuthentication, principal_of
from infra.http.parsers import JsonParser
from infra.http.responses import Json

_READS = frozenset({"GET", "HEAD"})
_NONE: frozenset[str] = frozenset()


class ApiView(APIView):
    """A JSON resource: a method returns `Json` (fast) or Django REST framework's `Response`, and raises `DomainError`s.

    Everything that goes wrong is answered as problem details. It does less than `APIView` does per request: one format,
    so no negotiation beyond refusing what cannot be accepted; no rendering stage; no throttling stage.
    """

    # Query parameters that GET knows; any other is refused by name, and other methods know none.
    query_parameters: ClassVar[frozenset[str]] = _NONE
    # What answers may be, for `Accept`; a view that answers a page says so.
    media_types: ClassVar[tuple[str, ...]] = ("application/json",)

    authentication_classes: Sequence[type[BaseAuthentication]] = (BearerAuthentication, StaffSessionAuthentication)
    permission_classes: Sequence[Any] = ()

    _parsers: ClassVar[list[Any]] = [JsonParser()]
    _negotiator: ClassVar[Any] = APIView().get_content_negotiator()
    _authenticators: ClassVar[list[Any]] = [kind() for kind in authentication_classes]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._authenticators = [kind() for kind in cls.authentication_classes]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args = args
        self.kwargs = kwargs
        self.request = wrapped = Request(
            request,
            parsers=self._parsers,
            authenticators=self._authenticators,
            negotiator=self._negotiator,
            parser_context={"view": self, "args": args, "kwargs": kwargs},
        )
        try:
            method = (request.method or "").lower()
            handler = getattr(self, method, None) if method in self.http_method_names else None
            if handler is None:
                return self._method_not_allowed(request)
            self._refuse_what_cannot_be_served(request)
            self._authenticate(request, wrapped)
            for permission in self.get_permissions():
                if not permission.has_permission(wrapped, self):
                    self._refuse(wrapped)
            return self.as_http(handler(wrapped, *args, **kwargs))
        except Exception as error:  # noqa: BLE001  # the last place that can answer
            return self.handle_exception(error)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Return the problem details for whatever was raised."""
        response = problems.response_for(exc, self.request._request)
        if response.status_code == 500:
            got_request_exception.send(sender=type(self), request=self.request._request)
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """Name the methods in `Allow`."""
        return HttpResponse(status=204, headers={"Allow": self._allow()})

    @staticmethod
    def as_http(response: HttpResponseBase | Response) -> HttpResponseBase:
        """Return a finished answer, whichever of the two kinds a method returned."""
        if isinstance(response, Response):
            headers = {name: value for name, value in response.items() if name.lower() != "content-type"}
            response = Json(response.data, status=response.status_code, headers=headers)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"  # a view that answers the same to all says otherwise
        return response

    @staticmethod
    def _authenticate(request: HttpRequest, wrapped: Request) -> None:
        meta = request.META
        if "HTTP_AUTHORIZATION" in meta or "HTTP_COOKIE" in meta or "HTTP_X_ACTOR" in meta:
            wrapped.user  # noqa: B018  # a wrong token is refused everywhere
        else:
            vars(wrapped).update(_user=GUEST, _auth=None, _authenticator=None)
            request.user = GUEST  # type: ignore[assignment]

    @staticmethod
    def _refuse(request: Request) -> None:
        if principal_of(request).is_authenticated:
            raise problems.Forbidden
        raise problems.NotAuthenticated("Sign in: this needs an access token.")

    def _refuse_what_cannot_be_served(self, request: HttpRequest) -> None:
        meta = request.META
        if "\x00" in request.path_info:
            raise problems.NoSuchResource
        if meta.get("QUERY_STRING"):
            self._check_query(request)
        accept = meta.get("HTTP_ACCEPT")
        if accept and "*/*" not in accept and self.media_types[0] not in accept:
            self._check_accept(request)
        if "HTTP_TRANSFER_ENCODING" in meta and not meta.get("CONTENT_LENGTH"):
            raise problems.LengthRequired

    def _check_accept(self, request: HttpRequest) -> None:
        if not any(map(request.accepts, (*self.media_types, problems.CONTENT_TYPE))):
            raise problems.NotAcceptable(f"The answer is {' or '.join(self.media_types)}.")

    def _check_query(self, request: HttpRequest) -> None:
        known = self.query_parameters if request.method in _READS else _NONE
        if request.GET.keys() - known:
            unknown = sorted(request.GET.keys() - known)
            raise problems.UnknownParameter(
                f"Not known here: {', '.join(unknown)[:200]}.", parameters=unknown, allowed=sorted(known)
            )
        if "%00" in request.META["QUERY_STRING"]:
            for name, values in request.GET.lists():
                if any("\x00" in value for value in values):
                    raise problems.InvalidParameter(name, "Null characters are not allowed.")

    def _method_not_allowed(self, request: HttpRequest) -> HttpResponse:
        allow = self._allow()
        return problems.render(
            problems.MethodNotAllowed(f"{request.method} is not known here; {allow} are.", headers={"Allow": allow})
        )

    def _allow(self) -> str:
        return ", ".join(self.allowed_methods)
