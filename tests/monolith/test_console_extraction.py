"""The pages of modules on the move: what staff see in each phase, and what they may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client

from infra.extraction.move import requests
from infra.extraction.move.status import status
from infra.extraction.record.changing import read
from infra.extraction.record.models import Request
from infra.extraction.record.values import Phase
from monolith.console.extraction import words
from monolith.console.extraction.state import move_of
from monolith.console.extraction.steps import SHIFT, VERBS
from tests.monolith import moves
from tests.monolith.test_storefront import Page

pytestmark = pytest.mark.usefixtures("database")
carried = pytest.mark.usefixtures("carrier")

MODULE = settings.MANIFESTS[0].name  # any: the pages know none by name
PAGE = f"/console/extraction/{MODULE}"
PATHS = ["/console/extraction/", "/console/extraction.json", PAGE, f"{PAGE}.json"]
PHASES = list(Phase)


@pytest.fixture(autouse=True)
def service_address(settings: Any) -> None:
    settings.SERVICE_ADDRESSES = {MODULE: moves.ADDRESS}


@pytest.fixture
def carrier() -> Iterator[None]:
    with moves.living_carrier():
        yield


@pytest.fixture
def staff() -> Client:
    client = Client(enforce_csrf_checks=False)
    client.force_login(User.objects.create_superuser("staff", "staff@example.com", "secret"))
    return client


def shown(client: Client, path: str = PAGE, status: int = 200) -> Page:
    response = client.get(path)
    assert response.status_code == status
    return Page(response.content.decode())


def buttons(page: Page) -> dict[str, bool]:
    """Return by verb whether its button can be pressed."""
    return {
        (button["id"] or "").removeprefix("do-"): "disabled" not in button
        for button in page.all("button")
        if (button.get("id") or "").startswith("do-")
    }


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_for_staff_only(path: str, staff: Client) -> None:
    somebody = Client()
    somebody.force_login(User.objects.create_user("anna"))

    for stranger in (Client(), somebody):
        assert stranger.get(path).status_code == 302
        assert stranger.post(path, {"verb": "share"}).status_code == 302
    answer = staff.get(path)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert not Request.objects.exists()


def test_only_pages_that_keep_themselves_up_to_date_may_run_a_script_and_only_the_shops_own(staff: Client) -> None:
    for path in PATHS:
        policy = staff.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'; connect-src 'self'" in policy
    assert "script-src" not in staff.get("/console/").headers["Content-Security-Policy"]


def test_nothing_on_a_page_is_styled_or_scripted_in_line_for_browsers_would_refuse_it(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.DIFFERING)

    page = shown(staff)

    assert [script for script in page.all("script") if not script.get("src")] == []
    assert not [name for tag, names in page.elements for name in names if name == "style" or name.startswith("on")]
    assert not page.all("style")


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_is_shown_as_a_line_and_in_a_sentence(phase: Phase, staff: Client) -> None:
    moves.moved_to(MODULE, phase, facts=moves.COMPLETE)

    page = shown(staff)

    assert len([stop for stop in page.all("li") if stop.get("aria-current") == "step"]) == 1
    assert f"{MODULE} is in phase {PHASES.index(phase) + 1} of 5, {words.PHASES[phase]}." in page.text
    assert words.PHASES[phase] in shown(staff, "/console/extraction/").text


@carried
@pytest.mark.parametrize(
    ("phase", "verbs"),
    [
        (Phase.IN_PROCESS, {"share"}),
        (Phase.SHARED_DATABASE, {"begin_copy", "cancel", "shift"}),
        (Phase.DUAL_WRITE, {"switch", "verify", "cancel", "shift"}),
        (Phase.SWITCHED, {"complete", "verify", "reverse"}),
        (Phase.SPLIT, set()),
    ],
)
def test_each_phase_offers_what_leads_on_and_back_and_nothing_else(
    phase: Phase, verbs: set[str], staff: Client
) -> None:
    moves.moved_to(MODULE, phase, facts=moves.COMPLETE)

    assert buttons(shown(staff)) == dict.fromkeys(verbs, True)


def test_a_copy_is_shown_by_table_and_whole_with_rate_and_time_left(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COPIED)

    page = shown(staff)

    text = page.text.replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "201 250 of about 870 000 rows" in text
    assert "21 430 rows a second" in text
    assert "about 31.2 s left" in text
    assert "42 ms" in text
    bars = {
        bar.get("aria-label") or bar.get("id") or bar.get("aria-labelledby"): bar["value"]
        for bar in page.all("progress")
    }
    assert bars["copied"] == "23"
    assert bars["payments_ledgerentry"] == "32"
    assert bars["share-reads"] == "25"


@pytest.mark.parametrize("phase", PHASES)
def test_the_pages_know_the_same_verbs_as_the_command(phase: Phase) -> None:
    moves.moved_to(MODULE, phase)

    offered = {verb.name for verb in (*VERBS, SHIFT) if phase in verb.phases}
    assert offered == {each.verb for each in status(MODULE).next}


def test_what_keeps_the_carrier_from_carrying_is_told(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts={**moves.COMPLETE, "problem": "The disk is full.", "incidents": 2})

    text = shown(staff).text

    assert "The carrier cannot go on. The disk is full." in text
    assert "2 rows ever differed" in text


@carried
def test_a_switch_is_not_offered_before_everything_is_copied_and_found_equal(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COPIED)

    page = shown(staff)
    asked = staff.post(PAGE, {"verb": "switch", "typed": MODULE})

    assert buttons(page)["switch"] is False
    assert "The copy is not complete: 23 %." in page.text
    assert "Both sides were not compared yet." in page.text
    assert asked.status_code == 409
    assert "The copy is not complete: 23 %." in Page(asked.content.decode()).text
    assert not Request.objects.exists()


@carried
def test_rows_that_differ_are_listed_and_stop_a_switch(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.DIFFERING)

    page = shown(staff)

    assert "1 row differs" in page.text
    assert "payments_posting (4711): missing" in page.text
    assert buttons(page)["switch"] is False


def test_answers_that_differed_can_be_read_and_are_no_markup(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)
    moves.shadow_difference(MODULE, "/api/v1/payments/7", '{"status":"captured"}', "<script>alert(1)</script>")

    response = staff.get(PAGE).content.decode()

    assert "/api/v1/payments/7" in response
    assert "&lt;script&gt;alert(1)" in response
    assert "<script>alert" not in response


def test_without_a_carrier_the_page_says_so_and_how_to_start_one_and_offers_nothing(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE)
    moves.carrier_notes(MODULE, moves.COMPLETE, ago=60)

    page = shown(staff)

    assert "No carrier lives." in page.text
    assert "python manage.py carry" in page.text
    assert set(buttons(page).values()) == {False}
    assert staff.post(PAGE, {"verb": "verify"}).status_code == 409


def test_a_shop_that_never_had_a_carrier_says_so_too(staff: Client) -> None:
    assert "None has noted anything yet." in shown(staff).text


def test_a_hold_is_shown_while_it_lasts_and_its_length_afterwards(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COMPLETE)
    moves.step(MODULE, "switch", hold=True)
    during = shown(staff)
    moves.step(MODULE, "switch", hold=False, phase=Phase.SWITCHED)
    moves.step(MODULE, "back", hold=True)
    moves.step(MODULE, "back", hold=False)

    after = shown(staff)

    assert "Writes are held." in during.text
    assert buttons(during)["switch"] is False
    assert "goes on" in during.text
    assert "Writes are held." not in after.text
    given_up, done = move_of(MODULE).holds
    assert done.outcome == "dual write to switched"
    assert given_up.outcome == "given up; nothing changed"
    assert done.seconds is not None
    assert 0 < done.seconds < 60
    assert words.duration(done.seconds) in after.text


def test_each_change_tells_who_when_from_what_to_what_and_why(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.SWITCHED)

    told = [(change.who, change.why, change.says) for change in move_of(MODULE).changes]
    text = shown(staff).text

    assert (moves.WHO, "try it", ("reads: 0 to 25 %", "shadow: 0 to 5 %", "writes: 0 to 10 %")) in told
    assert "phase: in process to shared database; the service is at http://127.0.0.1:1" in text
    assert "phase: dual write to switched; writes go on" in text


@carried
def test_what_is_asked_for_becomes_a_request_of_the_carrier_once(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.IN_PROCESS)

    answer = staff.post(PAGE, {"verb": "share", "why": "the autumn's plan"})
    again = staff.post(PAGE, {"verb": "share"})

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{PAGE}#requests"
    assert again.status_code == 409
    request = Request.objects.get()
    assert (request.module, request.verb, request.who, request.state) == (MODULE, "share", "staff", "asked")
    assert request.options == {"why": "the autumn's plan", "address": moves.ADDRESS}
    assert "“Let the service answer, too” of staff is not done yet." in shown(staff).text


@carried
def test_traffic_is_shifted_by_what_was_changed_only(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)

    staff.post(PAGE, {"verb": "shift", "reads": "50", "writes": "10", "shadow": "", "why": ""})

    assert Request.objects.get().options == {"reads": 50, "why": "asked for at the console"}


@carried
@pytest.mark.parametrize("reads", ["101", "-1", "many", "1.5", "²"])
def test_a_share_that_is_none_is_refused(reads: str, staff: Client) -> None:
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)

    answer = staff.post(PAGE, {"verb": "shift", "reads": reads})

    assert answer.status_code == 409
    assert "a whole number from 0 to 100" in answer.content.decode()
    assert not Request.objects.exists()


@carried
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb.is_dangerous], ids=lambda verb: verb.name)
def test_what_is_dangerous_needs_the_modules_name_typed(verb: Any, staff: Client) -> None:
    moves.moved_to(MODULE, Phase(verb.phases[0]), facts=moves.COMPLETE)
    page = shown(staff)

    assert [field for field in page.all("input") if field.get("id") == f"typed-{verb.name}" and "required" in field]
    for typed in ("", "yes", MODULE.upper()):
        assert staff.post(PAGE, {"verb": verb.name, "typed": typed}).status_code == 409
    assert not Request.objects.exists()
    assert staff.post(PAGE, {"verb": verb.name, "typed": f" {MODULE} "}).status_code == 302
    assert Request.objects.get().verb == verb.name


@carried
def test_the_way_back_is_open_while_rows_differ(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.SWITCHED, facts=moves.DIFFERING)

    assert buttons(shown(staff)) == {"complete": False, "verify": True, "reverse": True}


@carried
def test_a_request_that_was_refused_shows_the_carriers_words(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COMPLETE)
    moves.request(MODULE, "switch", "refused", "comparing once more", "3 rows differ in payments_posting")

    page = shown(staff)

    assert "3 rows differ in payments_posting" in page.text
    assert buttons(page)["switch"] is True


@carried
def test_the_carrier_understands_what_is_asked_for_here(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)
    staff.post(PAGE, {"verb": "shift", "reads": "50", "why": "a second step"})

    request = requests.claim(None)
    assert request is not None
    requests.carry_out(request)

    assert read(MODULE).share("reads") == 50
    told = move_of(MODULE)
    assert (told.requests[0].state, told.changes[0].who, told.changes[0].why) == ("done", "staff", "a second step")
    assert "reads: 25 to 50 %" in shown(staff).text
    assert buttons(shown(staff))["shift"] is True


@carried
def test_what_the_carrier_refuses_is_read_here(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.IN_PROCESS)
    staff.post(PAGE, {"verb": "share"})

    request = requests.claim(None)
    assert request is not None
    requests.carry_out(request)

    assert move_of(MODULE).requests[0].state == "refused"
    assert f"The service of {MODULE} does not answer at {moves.ADDRESS}" in shown(staff).text


@carried
def test_a_form_from_elsewhere_is_refused() -> None:
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(User.objects.create_superuser("staff"))
    moves.moved_to(MODULE, Phase.IN_PROCESS)
    token = next(field["value"] for field in shown(guarded).all("input") if field["name"] == "csrfmiddlewaretoken")

    assert guarded.post(PAGE, {"verb": "share"}).status_code == 403
    assert not Request.objects.exists()
    assert guarded.post(PAGE, {"verb": "share", "csrfmiddlewaretoken": token or ""}).status_code == 302


@carried
def test_staff_without_the_permission_look_and_do_not_ask() -> None:
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)
    user = User.objects.create_user("looker", is_staff=True)
    looker = Client()
    looker.force_login(user)

    assert set(buttons(shown(looker)).values()) == {False}
    assert looker.post(PAGE, {"verb": "begin_copy"}).status_code == 409
    user.user_permissions.add(
        Permission.objects.get(codename="add_request", content_type__app_label="extraction_record")
    )
    assert looker.post(PAGE, {"verb": "begin_copy"}).status_code == 302


@carried
def test_the_json_says_what_the_page_says_and_nothing_twice(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COPIED)

    answer = staff.get(f"{PAGE}.json")
    body = answer.json()

    assert answer.headers["Content-Type"] == "application/json"
    assert body["module"] == MODULE
    assert body["where"]["phase"] == "dual_write"
    assert body["where"]["shares"] == {"reads": 25, "writes": 10, "shadow": 5}
    assert body["copy"]["rowsPerSecond"] == 21430.4
    assert body["copy"]["tables"][1] == {
        "name": "payments_ledgerentry",
        "copied": 81250,
        "expected": 250000,
        "complete": False,
    }
    assert body["stream"] == {"waiting": 12, "lagP50Ms": 3.2, "lagP99Ms": 41.7}
    assert body["carrier"]["holder"].startswith("carrier of the tests")
    assert {step["verb"]: step["open"] for step in body["steps"]} == {
        "switch": False,
        "verify": True,
        "cancel": True,
        "shift": True,
    }
    assert body["summary"] == f"{MODULE}: dual write. 20 % are copied."
    page = staff.get(PAGE).content.decode()
    for name, part in body["sections"].items():
        assert f'data-section="{name}"' in page
        assert "csrfmiddlewaretoken" not in part
    again = staff.get(f"{PAGE}.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    moves.carrier_notes(MODULE, moves.COMPLETE)
    assert staff.get(f"{PAGE}.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_the_json_of_all_modules_names_each(staff: Client) -> None:
    moves.moved_to(MODULE, Phase.SWITCHED)

    body = staff.get("/console/extraction.json").json()

    assert [each["module"] for each in body["modules"]] == [manifest.name for manifest in settings.MANIFESTS]
    assert body["summary"].startswith(f"{MODULE}: switched.")


@pytest.mark.parametrize(
    "facts",
    [
        {"tables": None, "lag_ms": None, "comparison": None, "carrier": None},
        {"tables": [{"name": "one"}], "lag_ms": 7, "waiting": None, "comparison": {}, "carrier": {}},
        {"tables": [], "comparison": {"differences": 3, "at": "never"}, "seconds_left": "soon"},
    ],
)
def test_facts_that_lack_something_or_are_odd_are_shown_as_not_known(facts: dict[str, Any], staff: Client) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=facts)

    shown(staff)
    assert staff.get(f"{PAGE}.json").status_code == 200


def test_a_module_that_there_is_not_is_not_found(staff: Client) -> None:
    for path in ("/console/extraction/nothing", "/console/extraction/nothing.json"):
        assert staff.get(path).status_code == 404


def test_the_pages_lead_to_each_other(staff: Client) -> None:
    assert "/console/extraction/" in shown(staff, "/console/").links()
    assert PAGE in shown(staff, "/console/").links()
    assert PAGE in shown(staff, f"/console/modules/{MODULE}").links()
    assert PAGE in shown(staff, "/console/extraction/").links()
    assert "/console/" in Page(Client().get("/").content.decode()).links()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.038, "38 ms"), (4.21, "4.2 s"), (200, "3 min 20 s"), (180, "3 min"), (18_600, "5 h 10 min")],
)
def test_a_time_is_told_as_people_say_it(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said
