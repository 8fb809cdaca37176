"""Good views and bad ones; nobody sends them a request."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from infra.http.idempotency.decorator import idempotent
from infra.http.responses import Json
from infra.http.views import ApiView
from infra.money import Money
from tests.boundaries.patterns.planted import use_cases


def as_json(price: Money) -> dict[str, Any]:
    return {"amount": price.amount}


class Purchases(ApiView):
    def post(self, request: Request) -> HttpResponse:
        use_cases.buy(bank=request)
        return Json({})


class SafePurchases(ApiView):
    @idempotent(module="orders")
    def post(self, request: Request) -> HttpResponse:
        use_cases.buy(bank=request)
        return Json({})


class Refunds(ApiView):
    def post(self, request: Request) -> HttpResponse:
        use_cases.pay_back(amount=Money(1, "EUR"))
        return Json({})


class Wishes(ApiView):
    def post(self, request: Request) -> HttpResponse:
        use_cases.wish()
        use_cases.look(bank=request)
        return Json(as_json(Money(1, "EUR")))


class Bare(ApiView):
    def get(self, request: Request) -> HttpResponse:
        return Json({})


def well_known(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
