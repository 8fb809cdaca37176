from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import Counter
from typing import Any
from uuid import uuid4

import jwt
import msgspec
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from infra.facade import bucket
from infra.facade.bucket import BUCKETS, bucket_for, bucket_of
from modules.users.models import Customer
from modules.users.use_cases.sign_in import access_token
from tests.api import make_token


def _of(**meta: Any) -> int:
    return bucket_of(RequestFactory(**meta).get("/"))


def test_a_customers_token_says_the_bucket_and_every_process_derives_the_same() -> None:
    customer = Customer(id=uuid4(), email="anna@example.com")

    token = access_token(customer, timezone.now())

    claimed = jwt.decode(token, options={"verify_signature": False})["bkt"]
    assert claimed == bucket_for(str(customer.id))
    assert _of(HTTP_AUTHORIZATION=f"Bearer {token}") == claimed
    assert bucket_for("0192c5d2-7a4e-7cc1-b6a4-2d1f0c9f7f11") == 3  # and in every version


def test_a_token_of_before_the_claim_has_its_customers_bucket() -> None:
    customer_id = uuid4()

    assert _of(HTTP_AUTHORIZATION=f"bearer {make_token(customer_id=customer_id)}") == bucket_for(str(customer_id))
    assert _of(HTTP_AUTHORIZATION=f"Bearer {make_token(customer_id=customer_id, bkt=7)}") == 7


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "....",
        "a.%%%.c",
        f"a.{urlsafe_b64encode(b'[1]').decode()}.c",
        f"a.{urlsafe_b64encode(msgspec.json.encode({'bkt': 100})).decode()}.c",
        f"a.{urlsafe_b64encode(msgspec.json.encode({'bkt': -1})).decode()}.c",
        f"a.{urlsafe_b64encode(msgspec.json.encode({'bkt': '5'})).decode()}.c",
        "x" * 5000,
    ],
)
def test_a_token_that_says_nothing_usable_counts_as_none(token: str) -> None:
    assert _of(HTTP_AUTHORIZATION=f"Bearer {token}", REMOTE_ADDR="192.0.2.7") == bucket_for("192.0.2.7")


def test_customers_spread_evenly_over_the_buckets() -> None:
    counted = Counter(bucket_for(str(uuid4())) for _ in range(20_000))

    assert set(counted) == set(range(BUCKETS))
    assert max(counted.values()) < 300  # 200 each; 7 standard deviations


def test_a_guest_without_cookies_has_the_bucket_of_the_address_that_our_own_proxies_saw(settings: Settings) -> None:
    assert _of(REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="203.0.113.9") == bucket_for("192.0.2.7")

    settings.TRUSTED_PROXIES = 1

    assert _of(REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="made up, 203.0.113.9") == bucket_for("203.0.113.9")


def test_a_guest_keeps_the_bucket_of_the_cookie() -> None:
    factory = RequestFactory()
    answer = HttpResponse()
    bucket.remember(factory.get("/"), answer)
    cookie = answer.cookies[bucket.COOKIE]

    kept = factory.get("/", HTTP_COOKIE=f"{bucket.COOKIE}={cookie.value}")
    again = HttpResponse()
    bucket.remember(kept, again)

    assert cookie.value.partition(".")[0] == str(bucket_of(kept))  # in clear, for edges that only compare
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not again.cookies


def test_a_cookie_that_was_made_up_is_not_believed_and_replaced() -> None:
    request = RequestFactory().get("/", HTTP_COOKIE=f"{bucket.COOKIE}=0.forged", REMOTE_ADDR="192.0.2.7")
    answer = HttpResponse()
    bucket.remember(request, answer)

    assert bucket_of(request) == bucket_for("192.0.2.7")
    assert bucket.COOKIE in answer.cookies


def test_customers_and_answers_that_may_be_kept_for_others_carry_no_cookie() -> None:
    public = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
    bucket.remember(RequestFactory().get("/"), public)
    signed_in = HttpResponse()
    bucket.remember(RequestFactory().get("/", HTTP_AUTHORIZATION="Bearer x"), signed_in)

    assert not public.cookies
    assert not signed_in.cookies
