"""Address books."""

from __future__ import annotations

from typing import Any

import pytest

from modules.users.models import Address
from modules.users.use_cases import addresses
from tests.api import Api
from tests.users.factories import PARIS, a_customer, an_address
from tests.users.fakes import BERLIN

pytestmark = pytest.mark.usefixtures("database")

ADDRESSES = "/api/v1/users/me/addresses"
BODY = {"name": "Anna", "line1": "Unter den Linden 1", "city": "Berlin", "postcode": "10117", "country": "DE"}


@pytest.fixture
def anna(api: Api) -> Api:
    return api.as_customer(a_customer().id)


def test_an_address_is_added_and_read_again(anna: Api) -> None:
    answer = anna.post(ADDRESSES, BODY)

    assert answer.status_code == 201
    assert answer.json() == {**BODY, "id": answer.json()["id"], "line2": None, "region": None}
    assert answer.headers["Location"] == f"{ADDRESSES}/{answer.json()['id']}"
    again = anna.get(answer.headers["Location"])
    assert again.json() == answer.json()
    assert again.headers["ETag"] == answer.headers["ETag"]


def test_an_address_is_written_as_its_country_writes_it(anna: Api) -> None:
    body = {
        "name": "Jo",
        "line1": "1600 Amphitheatre Pkwy",
        "city": "Mountain View",
        "region": "California",
        "postcode": "94043",
        "country": "US",
    }

    assert anna.post(ADDRESSES, body).json()["region"] == "CA"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"postcode": "ABC"}, "/postcode"),
        ({"country": "XX"}, "/country"),
        ({"country": "Germany"}, "/country"),
        ({"city": None}, "/city"),
        ({"line1": ""}, "/line1"),
        ({"street": "x"}, "/street"),
        ({"id": "x"}, "/id"),
    ],
)
def test_what_is_wrong_with_an_address_is_named(anna: Api, change: dict[str, Any], pointer: str) -> None:
    answer = anna.post(ADDRESSES, {**BODY, **change})

    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert not Address.objects.exists()


def test_one_member_is_changed_and_the_whole_address_is_checked(anna: Api) -> None:
    path = anna.post(ADDRESSES, BODY).headers["Location"]

    changed = anna.patch(path, {"line2": "3. OG"})
    refused = anna.patch(path, {"country": "US"})

    assert changed.status_code == 200
    assert changed.json()["line2"] == "3. OG"
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} >= {"/region"}
    assert anna.get(path).json() == changed.json()


def test_a_change_or_removal_based_on_an_older_version_is_refused(anna: Api) -> None:
    created = anna.post(ADDRESSES, BODY)
    path, stale = created.headers["Location"], created.headers["ETag"]
    anna.patch(path, {"name": "Anna Meier"}, headers={"If-Match": stale})

    assert anna.patch(path, {"name": "Anna Müller"}, headers={"If-Match": stale}).status_code == 412
    assert anna.delete(path, headers={"If-Match": stale}).status_code == 412
    assert anna.get(path).json()["name"] == "Anna Meier"


def test_a_removed_address_is_gone(anna: Api) -> None:
    path = anna.post(ADDRESSES, BODY).headers["Location"]

    assert anna.delete(path).status_code == 204
    assert anna.get(path).status_code == 404
    assert anna.delete(path).status_code == 404


def test_addresses_are_listed_page_by_page(anna: Api) -> None:
    ids = [anna.post(ADDRESSES, {**BODY, "name": f"Anna {number}"}).json()["id"] for number in range(5)]

    first = anna.get(f"{ADDRESSES}?limit=3").json()
    second = anna.get(f"{ADDRESSES}?limit=3&after={first['next']}").json()

    assert [entry["id"] for entry in first["data"] + second["data"]] == ids
    assert second["next"] is None


def test_an_unknown_parameter_is_refused(anna: Api) -> None:
    assert anna.get(f"{ADDRESSES}?page=2").status_code == 400


def test_nobody_reads_or_writes_another_s_addresses(api: Api) -> None:
    anna, boris = a_customer(), a_customer()
    annas = an_address(anna, BERLIN)
    path = f"{ADDRESSES}/{annas.address_id}"
    client = api.as_customer(boris.id)
    an_address(boris, PARIS)

    answers = [client.get(path), client.patch(path, {"name": "Boris"}), client.delete(path)]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert {answer.json()["code"] for answer in answers} == {"users.address_not_found"}
    assert [entry["country"] for entry in client.get(ADDRESSES).json()["data"]] == ["FR"]
    assert api.as_customer(anna.id).get(path).json()["name"] == BERLIN.name


def test_staff_rights_open_nobody_s_address_book(api: Api) -> None:
    entry = an_address(a_customer())

    assert api.as_staff().get(f"{ADDRESSES}/{entry.address_id}").status_code == 404


def test_an_address_book_has_an_end(anna: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "MOST_ADDRESSES", 2)
    for _ in range(2):
        anna.post(ADDRESSES, BODY)

    answer = anna.post(ADDRESSES, BODY)

    assert answer.status_code == 409
    assert answer.json()["code"] == "users.address_book_full"


def test_the_address_of_a_closed_account_cannot_be_reached(api: Api) -> None:
    customer = a_customer()
    entry = an_address(customer)
    type(customer).objects.update(is_active=False)
    client = api.as_customer(customer.id)

    assert client.get(f"{ADDRESSES}/{entry.address_id}").status_code == 404
    assert client.post(ADDRESSES, BODY).status_code == 401
