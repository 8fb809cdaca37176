"""Which side answers, and what each is told."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from typing import ClassVar

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django import Settings

from infra.contracts import registry
from infra.contracts.context import current
from infra.extraction.fence import HOLD_HEADER
from infra.extraction.record import presence
from infra.extraction.record.values import Phase
from infra.facade import actor
from infra.facade.bucket import bucket_for
from tests.api import make_token
from tests.infra.facade.conftest import Record
from tests.infra.facade.front import Answer, Front
from tests.infra.facade.service import Service, answers, breaks

PRODUCTS = "/api/v1/catalog/products"

pytestmark = pytest.mark.usefixtures("database")


def _customer(bucket: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_token(bkt=bucket)}"}


def _is_from_service(answer: Answer) -> bool:
    return answer.body == b'{"from":"service"}'


def test_a_module_that_never_moved_is_answered_here(front: Front, service: Service) -> None:
    assert front.ask("GET", PRODUCTS).status == 200
    assert front.ask("POST", PRODUCTS).status == 405
    assert not service.received


def test_a_share_of_the_reads_is_a_share_of_the_customers(front: Front, service: Service, record: Record) -> None:
    record(shares={"reads": 30})

    for bucket in (0, 29, 30, 99):
        answer = front.ask("GET", PRODUCTS, headers=_customer(bucket))
        assert _is_from_service(answer) == (bucket < 30)
        assert answer.status == 200


def test_reads_and_writes_have_shares_of_their_own(front: Front, service: Service, record: Record) -> None:
    record(shares={"reads": 100})
    assert _is_from_service(front.ask("HEAD", PRODUCTS)) is False
    assert service.received[-1].method == "HEAD"
    assert front.ask("POST", PRODUCTS, b"{}").status == 405  # the monolith's word

    record(shares={"writes": 100})
    assert _is_from_service(front.ask("POST", PRODUCTS, b"{}"))
    assert not _is_from_service(front.ask("GET", PRODUCTS))


def test_a_prefix_that_only_begins_alike_is_not_forwarded(front: Front, service: Service, record: Record) -> None:
    record(Phase.SWITCHED)

    assert front.ask("GET", "/api/v1/catalogue/products").status == 404
    assert not service.received
    assert _is_from_service(front.ask("GET", "/api/v1/catalog"))


def test_after_the_switch_all_of_the_module_goes_to_the_service(front: Front, service: Service, record: Record) -> None:
    record(Phase.SWITCHED, shares={"reads": 0, "writes": 0})

    assert _is_from_service(front.ask("GET", PRODUCTS))
    assert _is_from_service(front.ask("DELETE", f"{PRODUCTS}/1"))
    assert front.ask("GET", "/api/v1/shipping/rates?country=DE&postcode=10115").status == 200  # others stay


def test_a_module_that_left_for_good_is_where_the_settings_say(service: Service, settings: Settings) -> None:
    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "catalog": service.address}
    front = Front()
    try:
        assert _is_from_service(front.ask("GET", PRODUCTS))
        service.stop()
        answer = front.ask("GET", PRODUCTS)
    finally:
        front.stop()

    assert (answer.status, json.loads(answer.body)["code"]) == (503, "module_unavailable")


def test_a_guest_keeps_to_one_side_by_a_cookie_that_only_modules_on_the_move_set(
    front: Front, service: Service, record: Record
) -> None:
    assert "set-cookie" not in front.ask("GET", PRODUCTS).lower
    record(shares={"reads": 50})
    given = front.ask("GET", PRODUCTS).lower["set-cookie"].partition(";")[0]
    bucket = int(given.removeprefix("fb=").partition(".")[0])

    sides = {_is_from_service(front.ask("GET", PRODUCTS, headers={"Cookie": given})) for _ in range(3)}

    assert sides == {bucket < 50}
    assert "set-cookie" not in front.ask("GET", PRODUCTS, headers={"Cookie": given}).lower


def test_the_service_learns_who_asked_and_how(front: Front, service: Service, record: Record) -> None:
    record(Phase.SWITCHED)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    front.ask(
        "POST",
        f"{PRODUCTS}/caf%C3%A9%2Fx?a=1&b=%20",
        b'{"a": 1}',
        {
            **_customer(17),
            "Host": "shop.example.com",
            "Content-Type": "application/json",
            "X-Correlation-Id": "abc-1",
            "traceparent": trace,
            "Accept-Language": "de",
            "User-Agent": "tester/1",
            "If-Match": '"x"',
            "Cookie": "theme=dark; sessionid=secret; csrftoken=secret; fb=1.x; lang=de",
        },
    )

    [received] = service.received
    assert received.target == f"{PRODUCTS}/caf%C3%A9%2Fx?a=1&b=%20"
    assert received.body == b'{"a": 1}'
    headers = received.headers
    assert headers["Host"] == headers["X-Forwarded-Host"] == "shop.example.com"
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"
    assert headers["X-Correlation-Id"] == "abc-1"
    assert headers["traceparent"].split("-")[1] == trace.split("-")[1]
    assert headers["X-Bucket"] == "17"
    assert headers["Accept-Language"] == "de"
    assert headers["User-Agent"] == "tester/1"
    assert headers["If-Match"] == '"x"'
    assert headers["Authorization"].startswith("Bearer ")
    assert headers["Cookie"] == "theme=dark; lang=de"


def test_what_only_we_may_say_is_taken_off_what_clients_send(front: Front, service: Service, record: Record) -> None:
    record(Phase.SWITCHED)
    forged = actor.signed_actor(
        registry.wiring().service_keys, email="x@example.com", audience="catalog", method="GET", path=PRODUCTS
    )

    front.ask(
        "GET",
        PRODUCTS,
        headers={
            "X-Actor": forged,
            "X-Bucket": "3",
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Proto": "https",
            "Forwarded": "for=203.0.113.9",
            "X-Real-IP": "203.0.113.9",
            HOLD_HEADER: "1",
            "Banyan-Caller": "orders@monolith",
            "Connection": "close, X-Private",
            "X-Private": "for this hop",
            "Keep-Alive": "timeout=5",
            "TE": "trailers",
            "Proxy-Authorization": "Basic eA==",
        },
    )

    headers = service.received[0].headers
    for name in ("X-Actor", "Forwarded", "X-Real-IP", HOLD_HEADER, "Banyan-Caller", "X-Private", "TE"):
        assert name not in headers
    assert "Proxy-Authorization" not in headers
    assert headers["X-Bucket"] == str(bucket_for("127.0.0.1"))
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"


def test_the_actor_is_taken_off_requests_that_are_answered_here_too(front: Front, settings: Settings) -> None:
    # A process that serves one module believes the header; nothing gets past the facade with one.
    settings.SERVICE_OF = "catalog"
    path = f"{PRODUCTS}/1"
    forged = actor.signed_actor(
        registry.wiring().service_keys, email="x@example.com", audience="catalog", method="PATCH", path=path
    )

    answer = front.ask("PATCH", path, b"{}", {"X-Actor": forged, "Content-Type": "application/json"})

    assert answer.status == 401


def test_headers_of_one_hop_and_the_services_own_do_not_come_back(
    front: Front, service: Service, record: Record
) -> None:
    record(Phase.SWITCHED)
    service.behaviour = answers(
        headers={"Keep-Alive": "timeout=5", "ETag": '"1"', "X-Own": "kept", "Server": "service"}
    )

    answer = front.ask("GET", PRODUCTS)

    assert "keep-alive" not in answer.lower
    assert "service" not in answer.lower["server"]
    assert answer.lower["etag"] == '"1"'
    assert answer.lower["x-own"] == "kept"


def test_each_cookie_of_the_service_comes_back_as_it_is(front: Front, service: Service, record: Record) -> None:
    record(Phase.SWITCHED)

    def behave(handler: object, received: object) -> None:
        handler.send_response(200)  # type: ignore[attr-defined]
        handler.send_header("Set-Cookie", "a=1; Path=/; Priority=High")  # type: ignore[attr-defined]
        handler.send_header("Set-Cookie", "b=2")  # type: ignore[attr-defined]
        handler.send_header("Content-Length", "0")  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]

    service.behaviour = behave

    assert front.ask("GET", PRODUCTS).headers.get_all("Set-Cookie", [])[:2] == ["a=1; Path=/; Priority=High", "b=2"]


def test_a_service_said_to_be_where_the_request_came_from_is_not_asked_in_circles(
    front: Front, service: Service, record: Record
) -> None:
    record(Phase.SWITCHED, addresses={"service": f"http://127.0.0.1:{front.port}"})

    answer = front.ask("GET", PRODUCTS)

    assert (answer.status, json.loads(answer.body)["code"]) == (508, "facade_loop")


def test_a_host_that_is_not_ours_is_refused_before_it_is_forwarded(
    front: Front, service: Service, record: Record, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["shop.example.com"]
    record(Phase.SWITCHED)

    assert front.ask("GET", PRODUCTS, headers={"Host": "evil.example.com"}).status == 400
    assert front.ask("GET", PRODUCTS, headers={"Host": "shop.example.com"}).status == 200
    assert len(service.received) == 1


class TestStaffSessions:
    """A session is good at home only; the service is told in other words."""

    PATH = f"{PRODUCTS}/1"

    @pytest.fixture
    def cookies(self) -> str:
        client = Client()
        client.force_login(User.objects.create(username="staff", email="staff@example.com", is_staff=True))
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    def test_a_staff_members_session_becomes_a_word_that_only_this_module_believes(
        self, front: Front, service: Service, record: Record, cookies: str
    ) -> None:
        record(Phase.SWITCHED)
        token = "a" * 32

        front.ask("PATCH", self.PATH, b"{}", {"Cookie": f"{cookies}; csrftoken={token}", "X-CSRFToken": token})

        [received] = service.received
        assert "Cookie" not in received.headers
        header = received.headers["X-Actor"]
        assert json.loads(b64decode(header.split(",")[1]))["email"] == "staff@example.com"
        keys = registry.wiring().service_keys
        email = actor.verified_actor(keys, header, audience="catalog", method="PATCH", path=self.PATH)
        assert email == "staff@example.com"

    def test_a_forged_request_is_refused_here_and_not_forwarded(
        self, front: Front, service: Service, record: Record, cookies: str
    ) -> None:
        record(Phase.SWITCHED)

        answer = front.ask("PATCH", self.PATH, b"{}", {"Cookie": cookies})

        assert (answer.status, json.loads(answer.body)["code"]) == (403, "permission_denied")
        assert not service.received
        assert front.ask("GET", self.PATH, headers={"Cookie": cookies}).status == 200  # reads need no proof

    def test_a_session_of_nobody_in_particular_is_a_guest(
        self, front: Front, service: Service, record: Record, cookies: str
    ) -> None:
        record(Phase.SWITCHED)
        User.objects.update(is_staff=False)

        front.ask("PATCH", self.PATH, b"{}", {"Cookie": cookies})
        front.ask("PATCH", self.PATH, b"{}", {"Cookie": f"{settings.SESSION_COOKIE_NAME}=made-up"})

        assert ["X-Actor" in received.headers for received in service.received] == [False, False]

    def test_a_token_goes_before_a_session_as_it_does_at_home(
        self, front: Front, service: Service, record: Record, cookies: str
    ) -> None:
        record(Phase.SWITCHED)

        front.ask("GET", self.PATH, headers={"Cookie": cookies, **_customer(1)})

        assert "X-Actor" not in service.received[0].headers

    def test_a_service_believes_the_word_and_nothing_else(
        self, settings: Settings, client: Client, database: None
    ) -> None:
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "facade" not in name]
        settings.SERVICE_OF = "catalog"
        own_client = Client()
        keys = registry.wiring().service_keys

        def status(**changes: str) -> int:
            asked = {"audience": "catalog", "method": "PATCH", "path": self.PATH, **changes}
            header = actor.signed_actor(keys, email="staff@example.com", **asked)
            answer = own_client.patch(self.PATH, b"{}", content_type="application/json", headers={"X-Actor": header})
            return answer.status_code

        assert status() not in (401, 403)
        assert status(audience="orders") == 401
        assert status(method="GET") == 401
        settings.SERVICE_OF = ""
        assert status() == 401  # the single web app has sessions of its own


class TestFallingBack:
    """Before the switch the monolith can answer whatever the service can't."""

    def test_reads_are_answered_here_when_the_service_is_away(
        self, front: Front, service: Service, record: Record
    ) -> None:
        record(shares={"reads": 100})
        service.stop()

        answer = front.ask("GET", PRODUCTS)

        assert answer.status == 200
        assert not _is_from_service(answer)

    @pytest.mark.parametrize("behaviour", [breaks, answers(b"{}", 500), answers(b"{}", 503)])
    def test_reads_are_answered_here_when_the_service_fails(
        self, front: Front, service: Service, record: Record, behaviour: object
    ) -> None:
        record(Phase.DUAL_WRITE, shares={"reads": 100})
        service.behaviour = behaviour  # type: ignore[assignment]

        assert front.ask("GET", PRODUCTS).status == 200

    def test_writes_that_reached_nobody_are_done_here(self, front: Front, service: Service, record: Record) -> None:
        record(module="orders", shares={"writes": 100})
        service.stop()

        assert front.ask("POST", "/api/v1/orders/carts").status == 201

    def test_a_write_that_was_perhaps_done_is_not_done_again(
        self, front: Front, service: Service, record: Record
    ) -> None:
        record(module="orders", shares={"writes": 100})
        service.behaviour = breaks

        answer = front.ask("POST", "/api/v1/orders/carts")

        assert (answer.status, json.loads(answer.body)["code"]) == (502, "module_answer_lost")
        assert len(service.received) == 1

    def test_a_write_with_a_key_is_done_here_when_the_answer_was_lost(
        self, front: Front, service: Service, record: Record
    ) -> None:
        record(module="orders", shares={"writes": 100})
        service.behaviour = breaks

        by_header = front.ask("POST", "/api/v1/orders/carts", headers={"Idempotency-Key": "k-1"})
        by_member = front.ask(
            "POST", "/api/v1/orders", b'{"idempotencyKey": "k-2"}', {"Content-Type": "application/json"}
        )

        assert by_header.status == 201
        assert by_member.status == 422  # the monolith's word on an order of nothing

    def test_after_the_switch_nobody_else_has_the_truth(self, front: Front, service: Service, record: Record) -> None:
        record(Phase.SWITCHED)
        service.behaviour = breaks
        lost_read, lost_write = front.ask("GET", PRODUCTS), front.ask("POST", PRODUCTS)
        service.stop()
        away = front.ask("GET", PRODUCTS)

        codes = [(one.status, json.loads(one.body)["code"]) for one in (lost_read, lost_write, away)]
        assert codes == [(504, "module_timeout"), (502, "module_answer_lost"), (503, "module_unavailable")]
        assert away.lower["retry-after"] == "1"

    def test_a_failure_of_the_service_comes_back_as_it_is_after_the_switch(
        self, front: Front, service: Service, record: Record
    ) -> None:
        record(Phase.SWITCHED)
        service.behaviour = answers(b'{"code":"internal_error"}', 500)

        assert front.ask("GET", PRODUCTS).body == b'{"code":"internal_error"}'


def test_without_a_record_nothing_is_forwarded(front: Front) -> None:
    assert presence.where("catalog").phase == Phase.IN_PROCESS
    assert front.ask("GET", PRODUCTS, headers={"X-Facade-Forwarded": "catalog"}).status == 200


def test_calls_that_follow_from_a_request_know_the_customers_bucket(
    front: Front, service: Service, record: Record, settings: Settings
) -> None:
    """Orders never moved, but it asks others that have."""
    seen: list[int | None] = []
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:2],
        "tests.infra.facade.test_routing.SeesBucket",
        *settings.MIDDLEWARE[2:],
    ]
    SeesBucket.seen = seen
    own = Front()
    try:
        own.ask("GET", "/api/v1/orders", headers=_customer(42))
        record(shares={"reads": 50})
        own.ask("GET", "/api/v1/orders", headers={**_customer(42), "X-Bucket": "7"})
        own.ask("GET", "/", headers=_customer(43))
    finally:
        own.stop()

    assert seen == [None, 42, 43]


def test_a_service_takes_the_bucket_from_the_facade_and_the_shop_from_nobody(settings: Settings) -> None:
    seen: list[int | None] = []
    SeesBucket.seen = seen
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], "tests.infra.facade.test_routing.SeesBucket"]
    for settings.SERVICE_OF in ("", "catalog"):
        Client().get("/healthz", headers={"X-Bucket": "7"})

    assert seen == [None, 7]


class SeesBucket:
    """Middleware that notes the bucket of the present step."""

    seen: ClassVar[list[int | None]] = []

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(current().bucket)
        return self._get_response(request)
