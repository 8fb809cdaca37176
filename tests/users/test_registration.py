"""Opening an account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from infra.events.testing import published
from modules.users.events import CustomerRegistered
from modules.users.models import Customer
from modules.users.use_cases import accounts
from modules.users.use_cases.attempts import Limit
from tests.api import Api
from tests.users.factories import PASSWORD, a_customer

pytestmark = pytest.mark.usefixtures("database")

REGISTER = "/api/v1/users/register"


def body(**changes: object) -> dict[str, object]:
    return {"email": "anna@example.com", "password": PASSWORD, "name": "Anna", **changes}


def test_a_new_customer_is_told_their_id_and_announced(api: Api) -> None:
    answer = api.post(REGISTER, body())

    assert answer.status_code == 201
    customer = Customer.objects.get()
    assert answer.json() == {"id": str(customer.id), "email": "anna@example.com", "name": "Anna"}
    assert published(CustomerRegistered) == [CustomerRegistered(customer_id=customer.id, email="anna@example.com")]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_password_is_kept_only_as_a_hash(api: Api) -> None:
    api.post(REGISTER, body())

    customer = Customer.objects.get()
    assert PASSWORD not in customer.password
    assert customer.check_password(PASSWORD)


@pytest.mark.parametrize("taken", ["anna@example.com", "ANNA@Example.COM", "  Anna@example.com "])
def test_one_address_is_one_account_however_it_is_written(api: Api, taken: str) -> None:
    api.post(REGISTER, body())

    answer = api.post(REGISTER, body(email=taken))

    assert answer.status_code == 409
    assert answer.json()["code"] == "users.email_taken"
    assert Customer.objects.count() == 1


def test_an_international_domain_is_one_domain_in_both_spellings(api: Api) -> None:
    api.post(REGISTER, body(email="anna@bücher.example"))

    answer = api.post(REGISTER, body(email="anna@xn--bcher-kva.example"))

    assert answer.status_code == 409


def test_of_many_who_register_one_address_at_once_one_gets_it(api: Api) -> None:
    def attempt(number: int) -> int:
        try:
            return Api().post(REGISTER, body(name=f"Anna {number}")).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(attempt, range(8)))

    assert answers == [201] + [409] * 7
    assert Customer.objects.count() == 1
    assert len(published(CustomerRegistered)) == 1


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("qz7-x", "password_too_short"),
        ("password123", "password_too_common"),
        ("8173649201", "password_entirely_numeric"),
        ("anna@example.com", "password_too_similar"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_with_the_reason(api: Api, password: str, code: str) -> None:
    answer = api.post(REGISTER, body(password=password))

    assert answer.status_code == 422
    assert answer.json()["code"] == "validation_failed"
    assert ("/password", code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert password not in answer.content.decode().replace("anna@example.com", "")
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "anna"}, "/email"),
        ({"email": "anna@"}, "/email"),
        ({"email": "a b@example.com"}, "/email"),
        ({"email": 7}, "/email"),
        ({"email": f"{'a' * 250}@example.com"}, "/email"),
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"password": "x" * 300}, "/password"),
        ({"isStaff": True}, "/isStaff"),
        ({"locale": "klingon!"}, "/locale"),
    ],
)
def test_what_cannot_be_used_is_named(api: Api, change: dict[str, object], pointer: str) -> None:
    answer = api.post(REGISTER, body(**change))

    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert not Customer.objects.exists()


def test_asking_which_addresses_have_an_account_soon_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "PROBES_PER_ADDRESS", Limit(name="probes", burst=3, seconds_per_attempt=600))
    a_customer("anna@example.com")

    answers = [api.post(REGISTER, body()) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [409, 409, 409, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].json()["code"] == "too_many_requests"


def test_registrations_that_succeed_are_no_probes(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "PROBES_PER_ADDRESS", Limit(name="probes", burst=3, seconds_per_attempt=600))

    answers = [api.post(REGISTER, body(email=f"anna-{number}@example.com")) for number in range(6)]

    assert {answer.status_code for answer in answers} == {201}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"email": "a@example.com", "password": "drei Esel im Regen", "name": "\\ud800"}',
        b'{"email": "a@\\ud800.com", "password": "drei Esel im Regen", "name": "Anna"}',
        b'{"email": "a@example.com", "password": "drei Esel \\udfff im Regen", "name": "Anna"}',
        b'{"email": "\\u0130@example.com", "password": "drei Esel im Regen", "name": "Anna"}',
        b'{"email": "a@..com", "password": "drei Esel im Regen", "name": "Anna"}',
        b'{"email": "@", "password": "drei Esel im Regen", "name": "Anna"}',
        b'{"email": "a@' + b"x" * 100 + b'.com", "password": "drei Esel im Regen", "name": "Anna"}',
        b'{"email": "a@example.com", "password": "drei Esel im Regen", "name": "Anna", "locale": "\\u0130-"}',
        b'{"email": "a@example.com", "password": "drei Esel im Regen", "name": "Anna", "locale": "-"}',
        b'{"email": ["a@example.com"], "password": {}, "name": true}',
        b'["a@example.com"]',
    ],
)
def test_what_no_keyboard_sends_is_refused_too(api: Api, raw: bytes) -> None:
    answer = api.request("POST", REGISTER, raw)

    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not Customer.objects.exists()
