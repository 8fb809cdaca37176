"""The console of modules on the move, in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from selenium.webdriver import Keys

from infra.extraction.record.models import Request
from infra.extraction.record.values import Phase
from tests.browser.visitor import DESK, PHONE, Visitor
from tests.monolith import moves
from tests.waiting import eventually

MODULE = settings.MANIFESTS[0].name
PAGE = f"/console/extraction/{MODULE}"
Visit = Callable[[str], Visitor]
LOOKS = [
    (PHONE, {"color_scheme": "light"}),
    (PHONE, {"color_scheme": "dark"}),
    (DESK, {"color_scheme": "light"}),
    (DESK, {"color_scheme": "dark", "reduced_motion": "reduce"}),
]
NOT_RELOADED = "return window.notReloaded === true"


@pytest.fixture(autouse=True)
def carrier(database: None) -> Iterator[None]:
    with moves.living_carrier():
        yield


def plant(phase: Phase) -> None:
    moves.moved_to(MODULE, phase, facts=moves.DIFFERING if phase == Phase.SWITCHED else moves.COPIED)
    moves.shadow_difference(MODULE, f"/api/v1/{MODULE}/{'x' * 90}", '{"total": 1200}' * 40, "<b>no</b>")
    moves.request(
        MODULE, "verify", "refused", "comparing", "a very long line without any room to break it " + "x" * 120
    )
    if phase == Phase.DUAL_WRITE:
        moves.step(MODULE, "switch", hold=True)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("path", ["/console/extraction/", PAGE])
def test_each_phase_can_be_read_by_day_and_night_on_a_desk_and_a_telephone(
    phase: Phase, path: str, visit: Visit
) -> None:
    plant(phase)
    person = visit(path)

    for size, preferences in LOOKS:
        person.holds(size)
        person.sees(**preferences)
        person.go(path)
        eventually(lambda: "Live" in person.text("[data-freshness]"), "the page is live")
        assert person.cannot_read() == []
        assert person.must_scroll_sideways() == 0
        assert person.nameless() == []
        assert person.complaints() == []
        if size == PHONE:
            assert person.cannot_hit() == []


def test_night_looks_otherwise_than_day(visit: Visit) -> None:
    person = visit(PAGE)
    paper = "return getComputedStyle(document.body).backgroundColor"

    person.sees(color_scheme="light")
    by_day = person.asks(paper)
    person.sees(color_scheme="dark")

    assert person.asks(paper) != by_day


def test_progress_is_shown_without_reloading(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COPIED)
    person = visit(PAGE)
    person.asks("window.notReloaded = true")
    assert person.value("copied") == "23"

    moves.carrier_notes(MODULE, moves.COMPLETE)
    eventually(lambda: "Everything is copied" in person.text("#copy"), "the bar is full")
    moves.step(MODULE, "switch", hold=True)
    eventually(lambda: "Writes are held." in person.text("#phase"), "the hold is seen")
    moves.step(MODULE, "switch", hold=False, phase=Phase.SWITCHED)
    eventually(lambda: "phase 4 of 5" in person.text("#phase"), "the new phase is seen")

    assert person.asks(NOT_RELOADED)
    assert ": switched." in person.asks("return document.querySelector('[role=status]').textContent")


def test_what_is_being_typed_stays_while_the_page_changes_around_it(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COPIED)
    person = visit(PAGE)
    person.types("why-verify", "half of a sen")

    moves.carrier_notes(MODULE, moves.COMPLETE)
    eventually(
        lambda: person.asks("return !document.querySelector('#do-switch').disabled"), "the switch may be asked for"
    )
    person.presses("tence")

    assert person.value("why-verify") == "half of a sentence"


def test_where_the_focused_button_goes_away_the_reader_stays_in_its_part(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)
    person = visit(PAGE)
    person.asks("document.querySelector('#do-begin_copy').focus()")

    moves.step(MODULE, "somebody else did it", phase=Phase.DUAL_WRITE)
    eventually(lambda: "Switch to the service" in person.text("#steps"), "the next steps are others")

    assert person.asks("return document.activeElement.id") == "steps-title"


def test_the_next_step_is_asked_for_by_keyboard_alone(visit: Visit) -> None:
    person = visit(PAGE)
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)  # so that the script puts a new form in place
    eventually(lambda: "Begin the copy" in person.text("#steps"), "the next step is shown")
    person.asks("document.activeElement.blur(); window.scrollTo(0, 0)")

    met = person.tabs_to("why-begin_copy")
    person.presses(*"by hand", Keys.ENTER)
    eventually(Request.objects.exists, "it was asked for")

    assert met[0] == "Skip to the content"
    request = Request.objects.get()
    assert (request.verb, request.options["why"], request.who) == ("begin_copy", "by hand", "staff")
    eventually(lambda: "Begin the copy" in person.text("#requests"), "the page tells of it")
    assert person.asks("return document.querySelector('#do-begin_copy').disabled")


def test_the_enter_key_in_a_field_of_the_traffic_switches_nothing(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COMPLETE)
    person = visit(PAGE)

    person.types("to-reads", "40", Keys.ENTER)
    eventually(Request.objects.exists, "it was asked for")

    assert Request.objects.get().verb == "shift"
    assert Request.objects.get().options["reads"] == 40


def test_a_switch_needs_the_modules_name(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COMPLETE)
    person = visit(PAGE)

    person.types("typed-switch", "yes", Keys.ENTER)
    assert person.asks("return document.querySelector('#typed-switch').validity.patternMismatch")
    person.types("typed-switch", MODULE, Keys.ENTER)
    eventually(Request.objects.exists, "it was asked for")

    assert [request.verb for request in Request.objects.all()] == ["switch"]


def test_without_scripts_the_page_shows_and_asks_as_well(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.SHARED_DATABASE)
    person = visit(PAGE)
    person.without_scripts()
    person.go(PAGE)

    person.clicks("do-begin_copy")
    eventually(Request.objects.exists, "it was asked for")

    person.go(PAGE)
    assert "Begin the copy" in person.text("#requests")
    assert "Reload the page" in person.text("[data-freshness]")


def test_a_page_out_of_sight_asks_nothing_and_goes_on_when_it_is_seen_again(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COPIED)
    person = visit(PAGE)
    asked = "return performance.getEntriesByType('resource').filter((each) => each.name.endsWith('.json')).length"
    eventually(lambda: person.asks(asked) >= 2, "the page is live")

    person.browser.minimize_window()
    eventually(lambda: person.asks("return document.hidden"), "the page is out of sight")
    before = person.asks(asked)
    person.waits(2.5)
    later = person.asks(asked)
    person.browser.set_window_rect(0, 0, *DESK)

    assert later - before <= 1  # one may have been under way
    eventually(lambda: person.asks(asked) > later, "the page is live again")


def test_a_page_that_cannot_reach_the_shop_says_so_and_comes_back(visit: Visit) -> None:
    moves.moved_to(MODULE, Phase.DUAL_WRITE, facts=moves.COPIED)
    person = visit(PAGE)

    person.online(False)
    eventually(lambda: "Not live" in person.text("[data-freshness]"), "it says that it is not live")
    person.online(True)
    eventually(lambda: person.text("[data-freshness]").startswith("Live"), "it is live again")


def test_who_was_signed_out_is_told(visit: Visit) -> None:
    person = visit(PAGE)
    Session.objects.all().delete()

    eventually(lambda: "You are signed out" in person.text("[data-freshness]"), "it says so")
