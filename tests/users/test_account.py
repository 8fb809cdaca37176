"""What a signed-in customer sees and changes of the account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from django.utils import timezone

from infra.events.testing import published
from modules.users.events import CustomerErased
from modules.users.models import Customer, MailToken, Notification, NotificationKind, RefreshToken
from modules.users.use_cases.notifications import note
from tests.api import Api
from tests.users.factories import PASSWORD, a_customer, an_address, post_office
from tests.users.racing import wait_until, waiting_for_a_lock

pytestmark = pytest.mark.usefixtures("database")

ME = "/api/v1/users/me"
PREFERENCES = "/api/v1/users/me/preferences"


def test_a_customer_sees_the_own_account(api: Api) -> None:
    customer = a_customer(name="Anna Schmidt")

    answer = api.as_customer(customer.id).get(ME)

    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(customer.id),
        "email": customer.email,
        "name": "Anna Schmidt",
        "emailVerified": False,
        "isStaff": False,
        "createdAt": customer.created_at.isoformat().replace("+00:00", "Z"),
    }


def test_an_account_that_has_not_changed_is_not_sent_again(api: Api) -> None:
    anna = api.as_customer(a_customer().id)
    etag = anna.get(ME).headers["ETag"]

    assert anna.get(ME, headers={"If-None-Match": etag}).status_code == 304
    anna.patch(ME, {"name": "Anna Meier"})
    assert anna.get(ME, headers={"If-None-Match": etag}).status_code == 200


def test_a_name_is_changed_and_the_etag_with_it(api: Api) -> None:
    anna = api.as_customer(a_customer().id)
    before = anna.get(ME).headers["ETag"]

    answer = anna.patch(ME, {"name": "Anna Meier"}, headers={"If-Match": before})

    assert answer.status_code == 200
    assert answer.json()["name"] == "Anna Meier"
    assert answer.headers["ETag"] != before
    assert anna.get(ME).headers["ETag"] == answer.headers["ETag"]
    assert anna.patch(ME, {"name": "Anna Meier"}).headers["ETag"] == answer.headers["ETag"]


def test_a_change_based_on_an_older_version_is_refused(api: Api) -> None:
    anna = api.as_customer(a_customer(name="Anna").id)
    stale = anna.get(ME).headers["ETag"]
    current = anna.patch(ME, {"name": "Anna Meier"}).headers["ETag"]

    answer = anna.patch(ME, {"name": "Anna Müller"}, headers={"If-Match": stale})

    assert answer.status_code == 412
    assert answer.headers["ETag"] == current
    assert anna.get(ME).json()["name"] == "Anna Meier"


def test_of_two_editors_who_saw_the_same_one_succeeds(api: Api) -> None:
    customer = a_customer()
    etag = api.as_customer(customer.id).get(ME).headers["ETag"]

    def edit(number: int) -> int:
        try:
            anna = Api().as_customer(customer.id)
            return anna.patch(ME, {"name": f"Anna {number}"}, headers={"If-Match": etag}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as threads:
        with transaction.atomic(using="users"):
            Customer.objects.select_for_update().get()
            running = [threads.submit(edit, number) for number in range(3)]
            wait_until(lambda: waiting_for_a_lock() == 3)
        answers = sorted(future.result(timeout=60) for future in running)

    assert answers == [200, 412, 412]


@pytest.mark.parametrize("member", ["email", "isStaff", "id", "password", "emailVerified"])
def test_what_a_customer_may_not_change_is_refused_by_name(api: Api, member: str) -> None:
    customer = a_customer()

    answer = api.as_customer(customer.id).patch(ME, {member: True})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": f"/{member}", "code": "unknown_field", "detail": "There is no such member here."}
    ]
    unchanged = Customer.objects.get()
    assert (unchanged.email, unchanged.is_staff, unchanged.version) == (customer.email, False, 1)


@pytest.mark.parametrize("path", [ME, PREFERENCES, f"{ME}/addresses", f"{ME}/export"])
def test_a_guest_is_asked_to_sign_in(api: Api, path: str) -> None:
    answer = api.get(path)

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", [ME, PREFERENCES, f"{ME}/export"])
def test_a_token_that_outlives_its_account_opens_nothing(api: Api, path: str) -> None:
    customer = a_customer(is_active=False)

    assert api.as_customer(customer.id).get(path).status_code == 401
    assert api.as_customer().get(path).status_code == 401


def test_preferences_are_changed_one_by_one(api: Api) -> None:
    anna = api.as_customer(a_customer().id)
    assert anna.get(PREFERENCES).json() == {
        "locale": "en",
        "currency": "EUR",
        "marketingConsent": False,
        "marketingConsentAt": None,
    }

    answer = anna.patch(PREFERENCES, {"locale": "de-at"})

    assert answer.status_code == 200
    assert answer.json()["locale"] == "de-AT"
    assert anna.patch(PREFERENCES, {"currency": "CHF"}).json()["currency"] == "CHF"
    assert anna.get(PREFERENCES).json()["locale"] == "de-AT"


def test_consent_carries_the_instant_it_was_given_or_withdrawn(api: Api) -> None:
    anna = api.as_customer(a_customer().id)
    started = timezone.now()

    given = anna.patch(PREFERENCES, {"marketingConsent": True}).json()
    repeated = anna.patch(PREFERENCES, {"marketingConsent": True, "currency": "USD"}).json()
    withdrawn = anna.patch(PREFERENCES, {"marketingConsent": False}).json()

    assert given["marketingConsentAt"] >= started.isoformat()
    assert repeated["marketingConsentAt"] == given["marketingConsentAt"]
    assert withdrawn["marketingConsentAt"] > given["marketingConsentAt"]


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "EURO"},
        {"currency": "XXY"},
        {"locale": "klingon!"},
        {"marketingConsent": "on"},
        {"marketingConsent": 1},
        {"marketingConsent": None},
        {"marketingConsentAt": "2020-01-01T00:00:00Z"},
    ],
)
def test_preferences_that_cannot_be_used_are_refused(api: Api, change: dict[str, object]) -> None:
    anna = api.as_customer(a_customer().id)

    answer = anna.patch(PREFERENCES, change)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(change))}"


def test_a_known_password_is_changed_and_every_sign_in_ends(api: Api) -> None:
    customer = a_customer()
    signed_in = api.post("/api/v1/users/tokens", {"email": customer.email, "password": PASSWORD}).json()
    anna = api.with_token(signed_in["access"])

    wrong = anna.post(f"{ME}/password", {"currentPassword": "wrong", "newPassword": "vier Katzen im Schnee"})
    weak = anna.post(f"{ME}/password", {"currentPassword": PASSWORD, "newPassword": "12345678"})
    right = anna.post(f"{ME}/password", {"currentPassword": PASSWORD, "newPassword": "vier Katzen im Schnee"})

    assert [wrong.status_code, weak.status_code, right.status_code] == [401, 422, 204]
    assert weak.json()["errors"][0]["pointer"] == "/newPassword"
    assert api.post("/api/v1/users/tokens/refresh", {"refresh": signed_in["refresh"]}).status_code == 401
    assert Customer.objects.get().check_password("vier Katzen im Schnee")


def test_customers_can_take_everything_along(api: Api) -> None:
    customer = a_customer()
    an_address(customer)
    api.post("/api/v1/users/tokens", {"email": customer.email, "password": PASSWORD})
    post_office()

    answer = api.as_customer(customer.id).get(f"{ME}/export")

    assert answer.status_code == 200
    data = answer.json()
    assert data["account"]["email"] == customer.email
    assert data["addresses"][0]["address"]["line1"] == "Unter den Linden 1"
    assert len(data["signIns"]) == 1
    assert data["emails"][0]["kind"] == "VERIFY_EMAIL"
    assert customer.password not in answer.content.decode()


def test_an_erased_customer_is_unrecognisable_and_may_come_back_as_somebody_new(api: Api) -> None:
    customer, other = a_customer("anna@example.com", name="Anna Schmidt"), a_customer()
    an_address(customer)
    api.post("/api/v1/users/tokens", {"email": customer.email, "password": PASSWORD})
    note(
        kind=NotificationKind.ORDER_CANCELLED,
        fact="order",
        email=customer.email,
        facts={"recipient": "Anna Schmidt"},
        noted_at=timezone.now(),
    )
    post_office()
    anna = api.as_customer(customer.id)

    answer = anna.delete(ME)

    assert answer.status_code == 204
    kept = str([*Customer.objects.filter(id=customer.id).values(), *Notification.objects.exclude(email=other.email)])
    assert "anna@example.com" not in kept
    assert "Schmidt" not in kept
    assert not customer.addresses.exists()
    assert not RefreshToken.objects.exists()
    assert not MailToken.objects.filter(customer=customer).exists()
    assert published(CustomerErased) == [CustomerErased(customer_id=customer.id)]
    assert anna.get(ME).status_code == 401
    assert api.post("/api/v1/users/tokens", {"email": "anna@example.com", "password": PASSWORD}).status_code == 401
    assert api.as_customer(other.id).get(ME).status_code == 200
    assert a_customer("anna@example.com").id != customer.id
