"""Who may: signed-in customers, staff. A guest who may not is answered 401, anybody else 403."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from infra.http.authentication import principal_of


class IsCustomer(BasePermission):
    """A signed-in customer; staff may have a customer account, too."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return principal_of(request).customer_id is not None


class IsStaff(BasePermission):
    """Somebody who works for the shop."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return principal_of(request).is_staff
