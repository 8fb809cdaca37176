"""Accounts over HTTP: opening one, and what its owner does with it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from infra.http.authentication import customer_id_of
from infra.http.permissions import IsCustomer
from infra.http.preconditions import not_modified
from infra.http.responses import Json, NoContent
from infra.http.schema import IF_MATCH, IF_NONE_MATCH
from modules.users.http import presenters, serializers
from modules.users.http.views import UsersView, network_address_of, unchanged, version_etag
from modules.users.queries.accounts import Profile, everything_about, profile, profile_from
from modules.users.use_cases import accounts


class Register(UsersView):
    """Opening an account."""

    @extend_schema(
        operation_id="register",
        request=serializers.Register,
        responses={
            201: serializers.RegisteredAnswer,
            409: "There is an account with this e-mail address.",
            429: "Too many attempts; Retry-After says when to come back.",
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Open an account. An e-mail asks its owner to confirm the address; buying does not wait for that."""
        body = serializers.Register(data=request.data)
        body.is_valid(raise_exception=True)
        customer = accounts.register(
            **body.validated_data,
            network_address=network_address_of(request),
            registered_at=timezone.now(),
        )
        return Json(presenters.registered_body(profile_from(customer)), status=201)


class Me(UsersView):
    """The signed-in customer's account."""

    permission_classes = (IsCustomer,)

    @extend_schema(
        operation_id="getMe",
        parameters=[IF_NONE_MATCH],
        responses={200: serializers.MeAnswer, 304: "It has not changed since it was read."},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return one's account."""
        account = profile(customer_id_of(request))
        return not_modified(request, _etag(account)) or _me(account)

    @extend_schema(
        operation_id="changeMe",
        parameters=[IF_MATCH],
        request=serializers.ChangeMe,
        responses={200: serializers.MeAnswer},
    )
    def patch(self, request: Request) -> HttpResponse:
        """Change one's account."""
        body = serializers.ChangeMe(data=request.data)
        body.is_valid(raise_exception=True)
        return _me(_changed(request, body.validated_data))

    @extend_schema(operation_id="eraseMe", parameters=[IF_MATCH], responses={204: None})
    def delete(self, request: Request) -> HttpResponse:
        """Close one's account for ever and make everything kept about oneself unrecognisable, but for what the law keeps."""
        customer_id = customer_id_of(request)
        accounts.erase(customer_id=customer_id, erased_at=timezone.now(), precondition=unchanged(request, customer_id))
        return NoContent()


class Preferences(UsersView):
    """The signed-in customer's preferences."""

    permission_classes = (IsCustomer,)

    @extend_schema(
        operation_id="getPreferences",
        parameters=[IF_NONE_MATCH],
        responses={200: serializers.PreferencesAnswer, 304: "It has not changed since it was read."},
    )
    def get(self, request: Request) -> HttpResponse:
        """Return one's preferences."""
        account = profile(customer_id_of(request))
        return not_modified(request, _etag(account)) or _preferences(account)

    @extend_schema(
        operation_id="changePreferences",
        parameters=[IF_MATCH],
        request=serializers.ChangePreferences,
        responses={200: serializers.PreferencesAnswer},
    )
    def patch(self, request: Request) -> HttpResponse:
        """Change one's preferences. The instant of consent is noted when the consent changes."""
        body = serializers.ChangePreferences(data=request.data)
        body.is_valid(raise_exception=True)
        return _preferences(_changed(request, body.validated_data))


class Password(UsersView):
    """The signed-in customer's password."""

    permission_classes = (IsCustomer,)

    @extend_schema(
        operation_id="changePassword",
        request=serializers.ChangePassword,
        responses={204: None, 429: "Too many attempts; Retry-After says when to come back."},
    )
    def post(self, request: Request) -> HttpResponse:
        """Change one's password; every sign-in ends, this one too."""
        body = serializers.ChangePassword(data=request.data)
        body.is_valid(raise_exception=True)
        accounts.change_password(
            customer_id=customer_id_of(request),
            **body.validated_data,
            network_address=network_address_of(request),
            changed_at=timezone.now(),
        )
        return NoContent()


class Export(UsersView):
    """Everything about the signed-in customer."""

    permission_classes = (IsCustomer,)

    @extend_schema(operation_id="exportMe", responses={200: serializers.ExportAnswer})
    def get(self, request: Request) -> HttpResponse:
        """Return all that this part of the shop keeps about oneself."""
        disposition = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return Json(everything_about(customer_id_of(request)), headers=disposition)


def _changed(request: Request, changes: dict[str, object]) -> Profile:
    customer_id: UUID = customer_id_of(request)
    return accounts.change_account(
        customer_id=customer_id,
        changes=changes,
        changed_at=timezone.now(),
        precondition=unchanged(request, customer_id),
    )


def _me(account: Profile) -> HttpResponse:
    return Json(presenters.me_body(account), headers={"ETag": _etag(account)})


def _preferences(account: Profile) -> HttpResponse:
    return Json(presenters.preferences_body(account), headers={"ETag": _etag(account)})


def _etag(account: Profile) -> str:
    return version_etag(account.customer_id, account.version)
