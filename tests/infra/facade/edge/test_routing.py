"""What goes where, and what does not get through."""

from __future__ import annotations

import ssl
import threading
import time
from pathlib import Path

import httpx
import pytest

from infra.extraction.record.values import Phase, Where
from infra.facade.edge.caddy import Caddy
from infra.facade.edge.configuration import INNER_PATHS, configuration, written
from infra.facade.edge.routes import NOWHERE, NotPlainHttp, Route, RouteFiles, dial_of, route_of
from tests.infra.facade.edge.behind import Behind
from tests.infra.facade.edge.conftest import MANIFESTS, MODULE, PREFIX, Edge, structure
from tests.waiting import eventually


def test_everything_goes_to_the_web_app_while_nothing_has_moved(edge: Edge) -> None:
    for path in ("/", f"{PREFIX}/1", PREFIX, "/api/v1/chairs/1", "/admin/"):
        assert edge.answered_by(path=path) == "monolith"


def test_a_module_that_has_left_is_reached_at_its_service_by_its_exact_addresses_only(edge: Edge) -> None:
    edge.home("service")

    for path in (PREFIX, f"{PREFIX}/", f"{PREFIX}/1?q=2", f"{PREFIX}/a/b", "/.well-known/lamps.json"):
        assert edge.answered_by(path=path) == "service"
    for path in (
        "/",
        "/api/v1/lampshades",
        "/api/v1/lamp",
        "/.well-known/lamps.json/x",
        "/x/api/v1/lamps/1",
        "/api/v1/chairs/1",
    ):
        assert edge.answered_by(path=path) == "monolith"


@pytest.mark.parametrize("shares", [{}, {"reads": 50, "writes": 50}, {"reads": 100, "writes": 100, "shadow": 100}])
def test_while_both_sides_may_answer_the_facade_in_the_web_app_decides(edge: Edge, shares: dict[str, int]) -> None:
    for phase in (Phase.SHARED_DATABASE, Phase.DUAL_WRITE):
        edge.say(phase=phase, shares=shares)

        assert edge.answered_by() == "monolith"
        assert edge.answered_by("POST", content=b"x") == "monolith"


def test_a_request_with_a_staff_members_session_goes_through_the_facade(edge: Edge) -> None:
    edge.home("service")

    for cookie in ("sessionid=abc", "a=b; sessionid=abc"):
        assert edge.answered_by(headers={"Cookie": cookie}) == "monolith"
    for cookie in ("a=b", "notsessionid=abc"):
        assert edge.answered_by(headers={"Cookie": cookie}) == "service"


def test_what_clients_may_not_say_does_not_get_through_and_what_they_may_does(edge: Edge) -> None:
    edge.home("service")
    forged = {
        "X-Bucket": "7",
        "X-Actor": "me",
        "X-Module-Hold": "1",
        "X-Facade-Forwarded": "lamps",
        "Banyan-Caller": "monolith",
        "Forwarded": "for=1.2.3.4",
        "X-Real-Ip": "1.2.3.4",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
    }

    for path in (f"{PREFIX}/1", "/"):
        answer = edge.client.get(path, headers={**forged, "Authorization": "Bearer x", "Idempotency-Key": "k"})
        reached = {name.lower(): value for name, value in answer.json()["headers"].items()}
        assert not reached.keys() & {
            "x-bucket",
            "x-actor",
            "x-module-hold",
            "x-facade-forwarded",
            "banyan-caller",
            "forwarded",
            "x-real-ip",
        }
        assert reached["x-forwarded-for"] == "127.0.0.1"
        assert reached["x-forwarded-proto"] == "http"
        assert (reached["authorization"], reached["idempotency-key"]) == ("Bearer x", "k")
        assert reached["host"] == edge.url.removeprefix("http://")


@pytest.mark.parametrize("path", [path.replace("*", "lamps.v1/sell") for path in INNER_PATHS])
@pytest.mark.parametrize(
    "spelled",
    [lambda path: path, lambda path: f"/{path}", lambda path: path.replace("_", "%5F").replace("m", "%6d"), str.upper],
)
def test_what_is_for_the_inside_is_not_found_from_outside(edge: Edge, path: str, spelled: object) -> None:
    assert callable(spelled)
    for method in ("GET", "POST"):
        answer = edge.client.request(method, f"{edge.url}{spelled(path)}")

        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"
    assert edge.monolith.writes == []


def test_a_file_that_is_missing_or_damaged_means_the_web_app(edge: Edge) -> None:
    edge.home("service")
    file = edge.routes.file(MODULE)

    for damage in ("", "garbage", "127.0.0.1:1", "a b c", "x" * 5000):
        file.write_text(damage)
        assert edge.answered_by() == "monolith"
    file.unlink()
    assert edge.answered_by() == "monolith"
    assert edge.answered_by("POST", content=b"x") == "monolith"


def test_where_nobody_answers_the_client_gets_a_problem_that_it_can_read(edge: Edge) -> None:
    edge.monolith.close()

    answer = edge.client.get("/")

    assert answer.status_code in (502, 503)
    assert answer.headers["Retry-After"] == "1"
    assert answer.json() == {
        "type": "about:blank",
        "title": "The shop cannot be reached at the moment",
        "status": answer.status_code,
        "code": "temporarily_unavailable",
    }


def test_a_server_that_restarts_is_waited_for(edge: Edge) -> None:
    edge.home("service")
    port = edge.service.port
    edge.service.close()
    sent = edge.in_background("POST", content=b"during the restart")

    edge.service = Behind("service", port)

    assert sent.wait().json()["from"] == "service"
    assert edge.service.writes == ["during the restart"]


def test_an_answer_that_was_lost_is_asked_for_again_only_where_that_does_no_harm(edge: Edge) -> None:
    edge.home("service")

    edge.service.break_next = 1
    assert edge.answered_by() == "service"
    edge.service.break_next = 1
    assert edge.answered_by("POST", content=b"keyed", headers={"Idempotency-Key": "k"}) == "service"
    edge.service.break_next = 1
    lost = edge.client.post(f"{PREFIX}/1", content=b"once")

    assert lost.status_code == 502
    assert lost.json()["code"] == "temporarily_unavailable"
    assert edge.service.writes == ["keyed"]


def test_a_large_body_gets_through_whole(edge: Edge) -> None:
    answer = edge.client.post(f"{PREFIX}/1", content=b"x" * 3_000_000)

    assert answer.json()["size"] == 3_000_000


def test_a_module_that_left_for_good_by_a_setting_is_reached_directly(tmp_path: Path) -> None:
    routes = RouteFiles(tmp_path, [MODULE], "web:8000", {MODULE: "http://lamps:80"})

    routes.write({})

    assert routes.file(MODULE).read_text() == "lamps:80 lamps:80"


@pytest.mark.parametrize(
    ("where", "route"),
    [
        (Where(module=MODULE), Route("web:1", "web:1")),
        (Where(module=MODULE, hold=True), Route("web:1", NOWHERE)),
        (Where(module=MODULE, phase=Phase.SWITCHED), Route("web:1", "web:1")),  # nobody said where it is
        (Where(module=MODULE, phase=Phase.SWITCHED, addresses={"service": "http://s"}), Route("s:80", "s:80")),
        (
            Where(module=MODULE, phase=Phase.SWITCHED, addresses={"service": "http://[::1]:9/"}, hold=True),
            Route("[::1]:9", NOWHERE),
        ),
        (Where(module=MODULE, phase=Phase.SPLIT, addresses={"service": "https://s"}), Route("web:1", "web:1")),
    ],
)
def test_the_record_says_where_requests_go(where: Where, route: Route) -> None:
    assert route_of(where, "web:1") == route


@pytest.mark.parametrize("url", ["https://shop", "shop:8000", "http://shop/path", ""])
def test_an_address_that_is_not_plain_http_is_refused_by_name(url: str) -> None:
    with pytest.raises(NotPlainHttp, match="no address like http://host:port"):
        dial_of(url)


def test_a_hold_that_nobody_ends_ends(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    edge.home("monolith", hold=True)
    sent = edge.in_background("POST", content=b"x")
    edge.routes.end_long_holds()
    assert edge.routes.file(MODULE).read_text().endswith(NOWHERE)

    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    edge.routes.end_long_holds()
    monkeypatch.undo()

    assert sent.wait().json()["from"] == "monolith"


def test_files_that_say_so_already_stay(tmp_path: Path) -> None:
    routes = RouteFiles(tmp_path, [MODULE, "chairs"], "web:1")
    routes.write({})
    before = routes.file("chairs").stat().st_ino

    routes.write({MODULE: Where(module=MODULE, hold=True)})

    assert routes.file("chairs").stat().st_ino == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chairs.route", "lamps.route"]


def test_the_configuration_says_nothing_of_where_modules_are(tmp_path: Path) -> None:
    made = structure(tmp_path, "web:1")

    assert written(made, MANIFESTS) == written(made, MANIFESTS)
    assert configuration(made, MANIFESTS)["admin"]["listen"].endswith("|0600")


def test_a_caddy_that_was_left_behind_makes_room(edge: Edge, tmp_path: Path) -> None:
    made = structure(tmp_path, edge.monolith.dial)
    after = Caddy(tmp_path, made.admin)

    after.start(written(made, MANIFESTS))
    try:
        assert httpx.get(f"http://{made.listen}/").json()["from"] == "monolith"
        eventually(lambda: edge.caddy.ended() is not None, "the first one has ended")
    finally:
        after.stop()


def test_requests_in_flight_are_answered_before_it_ends(edge: Edge) -> None:
    with edge.monolith.slow():
        sent = edge.in_background("POST", content=b"x")
        eventually(lambda: edge.monolith.waiting, "the request is there")
        ending = threading.Thread(target=edge.caddy.stop)
        ending.start()

        def refused() -> bool:
            try:
                httpx.get(f"{edge.url}/", timeout=0.2)
            except httpx.TransportError:
                return True
            return False

        eventually(refused, "new connections are refused")
    assert sent.wait().status_code == 200
    ending.join(60)
    assert edge.caddy.ended() == 0


def test_proxies_in_front_are_believed_and_what_is_behind_sees_one_hop(edge: Edge, tmp_path: Path) -> None:
    made = structure(tmp_path / "behind", edge.monolith.dial, trusted_proxies=("127.0.0.0/8",))
    caddy = Caddy(tmp_path / "behind", made.admin)
    caddy.start(written(made, MANIFESTS))
    try:
        sent = {"X-Forwarded-For": "6.6.6.6, 9.9.9.9, 127.0.0.2", "X-Forwarded-Proto": "https"}
        reached = httpx.get(f"http://{made.listen}/", headers=sent).json()["headers"]
    finally:
        caddy.stop()

    assert (reached["X-Forwarded-For"], reached["X-Forwarded-Proto"]) == ("9.9.9.9", "https")


def test_it_ends_tls_with_an_authority_of_its_own(edge: Edge, tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    made = structure(folder, edge.monolith.dial, tls_names=("localhost",))
    caddy = Caddy(folder, made.admin)
    caddy.start(written(made, MANIFESTS))
    try:
        root = folder / "certificates" / "pki" / "authorities" / "local" / "root.crt"
        eventually(root.exists, "the authority's certificate is there")
        port = made.listen.rpartition(":")[2]
        context = ssl.create_default_context(cafile=str(root))

        def served() -> bool:
            try:
                answer = httpx.get(f"https://localhost:{port}/", verify=context)
            except httpx.TransportError:
                return False
            return bool(answer.json()["headers"]["X-Forwarded-Proto"] == "https")

        eventually(served, "it answers with a certificate that is good")
    finally:
        caddy.stop()
