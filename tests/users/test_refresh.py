"""Staying signed in, and how a stolen refresh token is noticed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from modules.users.models import Customer, RefreshToken, SignIn
from modules.users.use_cases.accounts import set_active, set_staff
from modules.users.use_cases.sign_in import (
    InvalidRefreshToken,
    RefreshedMeanwhile,
    Tokens,
    forget_sign_ins,
    refresh_tokens,
    sign_in,
)
from tests.api import Api
from tests.users.factories import PASSWORD, a_customer
from tests.users.racing import wait_until, waiting_for_a_lock

pytestmark = pytest.mark.usefixtures("database")

REFRESH = "/api/v1/users/tokens/refresh"
REVOKE = "/api/v1/users/tokens/revoke"


def signed_in(customer: Customer, at: datetime | None = None) -> Tokens:
    return sign_in(
        email=customer.email, password=PASSWORD, network_address="192.0.2.1", signed_in_at=at or timezone.now()
    )


def refreshed(api: Api, refresh: str) -> dict[str, Any]:
    answer = api.post(REFRESH, {"refresh": refresh})
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_refresh_token_gives_new_tokens_of_the_same_customer(api: Api) -> None:
    customer = a_customer()
    first = signed_in(customer)

    second = refreshed(api, first.refresh)

    assert set(second) == {"access", "refresh", "expiresIn"}
    assert second["refresh"] != first.refresh
    assert api.with_token(second["access"]).get("/api/v1/users/me").json()["id"] == str(customer.id)
    assert refreshed(api, second["refresh"])["refresh"] not in {first.refresh, second["refresh"]}


def test_a_refresh_token_used_again_ends_the_whole_sign_in(api: Api) -> None:
    customer = a_customer()
    other_device = signed_in(customer)
    stolen = signed_in(customer).refresh
    latest = refreshed(api, stolen)["refresh"]

    again = api.post(REFRESH, {"refresh": stolen})

    assert again.status_code == 401
    assert again.json()["code"] == "users.invalid_refresh_token"
    assert again.headers["WWW-Authenticate"]
    assert api.post(REFRESH, {"refresh": latest}).status_code == 401
    assert SignIn.objects.get(revoked_because="refresh_token_reused").revoked_at
    refreshed(api, other_device.refresh)  # the other sign-in goes on


def test_two_windows_that_refresh_at_once_do_not_sign_their_owner_out(api: Api) -> None:
    tokens = signed_in(a_customer())

    def attempt(_: int) -> Tokens | type[Exception]:
        try:
            return refresh_tokens(refresh=tokens.refresh, refreshed_at=timezone.now())
        except (InvalidRefreshToken, RefreshedMeanwhile) as error:
            return type(error)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        with transaction.atomic(using="users"):
            SignIn.objects.select_for_update().get()
            running = [threads.submit(attempt, number) for number in range(3)]
            wait_until(lambda: waiting_for_a_lock() == 3)
        outcomes = [future.result(timeout=60) for future in running]

    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, Tokens))
    assert outcomes.count(RefreshedMeanwhile) == 2
    refreshed(api, winner.refresh)


def test_an_expired_refresh_token_is_refused_and_nothing_else_happens() -> None:
    tokens = signed_in(a_customer(), timezone.now() - timedelta(days=31))

    with pytest.raises(InvalidRefreshToken):
        refresh_tokens(refresh=tokens.refresh, refreshed_at=timezone.now())

    assert SignIn.objects.get().revoked_at is None


def test_after_ninety_days_the_password_is_asked_for_again() -> None:
    start = timezone.now() - timedelta(days=89)
    tokens = signed_in(a_customer(), start)
    for day in (25, 50, 75, 88):
        tokens = refresh_tokens(refresh=tokens.refresh, refreshed_at=start + timedelta(days=day))

    with pytest.raises(InvalidRefreshToken):
        refresh_tokens(refresh=tokens.refresh, refreshed_at=start + timedelta(days=90, seconds=1))


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 500, 7, None])
def test_what_is_no_refresh_token_is_refused(api: Api, token: object) -> None:
    assert api.post(REFRESH, {"refresh": token}).status_code in {401, 422}


def test_signing_out_ends_the_sign_in_and_a_repeat_changes_nothing(api: Api) -> None:
    customer = a_customer()
    tokens, other = signed_in(customer), signed_in(customer)

    answers = [api.post(REVOKE, {"refresh": tokens.refresh}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert api.post(REFRESH, {"refresh": tokens.refresh}).status_code == 401
    assert api.post(REVOKE, {"refresh": "unknown"}).status_code == 204
    refreshed(api, other.refresh)


def test_signing_out_with_an_older_token_ends_the_sign_in_too(api: Api) -> None:
    tokens = signed_in(a_customer())
    latest = refreshed(api, tokens.refresh)["refresh"]

    api.post(REVOKE, {"refresh": tokens.refresh})

    assert api.post(REFRESH, {"refresh": latest}).status_code == 401


def test_an_access_token_that_ran_out_keeps_nobody_from_refreshing(api: Api) -> None:
    tokens = signed_in(a_customer())

    answer = api.with_token("expired").post(REFRESH, {"refresh": tokens.refresh})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda id_: set_active(customer_id=id_, is_active=False, changed_at=timezone.now()),
        lambda id_: set_staff(customer_id=id_, is_staff=True, changed_at=timezone.now()),
        lambda id_: Customer.objects.filter(id=id_).update(is_active=False),
    ],
)
def test_a_change_of_the_account_ends_its_sign_ins(api: Api, change: Callable[[object], None]) -> None:
    customer = a_customer()
    tokens = signed_in(customer)

    change(customer.id)

    assert api.post(REFRESH, {"refresh": tokens.refresh}).status_code == 401


def test_no_token_is_stored() -> None:
    tokens = signed_in(a_customer())

    rows = [str(row) for row in RefreshToken.objects.values()]

    assert len(rows) == 1
    assert tokens.refresh not in rows[0]
    assert tokens.access not in rows[0]


def test_sign_ins_that_ended_are_forgotten_with_their_tokens() -> None:
    signed_in(a_customer(), timezone.now() - timedelta(days=200))
    signed_in(a_customer())

    assert forget_sign_ins(ended_before=timezone.now() - timedelta(days=30)) == 1

    assert RefreshToken.objects.count() == 1
