"""The carrier beside the verbs: what the console asks for, faults that it finds, logs that grow, a second carrier."""

from __future__ import annotations

import signal

import psycopg
from django.conf import settings
from django.utils import timezone

from infra.databases import pools
from infra.extraction.move.status import status
from infra.extraction.record.changing import history, read
from infra.extraction.record.models import Request
from tests.databases import admin_url
from tests.extraction.move.place import MODULE, Place
from tests.extraction.move.test_verbs import objects_of
from tests.waiting import eventually


def asked(verb: str, **options: object) -> Request:
    return Request.objects.using("default").create(
        module=MODULE, verb=verb, options=options, who="the console", asked_at=timezone.now()
    )


def outcome(request: Request) -> str:
    eventually(
        lambda: Request.objects.using("default").get(pk=request.pk).state not in ("asked", "running"),
        f"{request.verb} was carried out",
        seconds=90,
    )
    request.refresh_from_db()
    return request.state


def test_what_the_console_asks_for_is_done_or_refused_with_the_reason(place: Place) -> None:
    place.start("carrier")

    early = asked("switch")
    assert outcome(early) == "refused"
    assert "only one side has its rows" in early.said[-1]
    assert [outcome(asked(verb)) for verb in ("share", "begin_copy")] == ["done", "done"]
    eventually(lambda: status(MODULE).copied, "the carrier copied", seconds=60)
    assert outcome(asked("shift", reads=5)) == "done"
    assert outcome(asked("verify")) == "done"
    there = asked("switch", why="it is time")
    assert outcome(there) == "done"
    assert "the service's tables are the truth" in there.said[-1]
    assert outcome(asked("fly")) == "refused"

    assert (read(MODULE).phase, history(MODULE)[0].who, history(MODULE)[0].why) == (
        "switched",
        "the console",
        "it is time",
    )


def test_a_row_written_past_the_module_is_found_counted_and_repaired(place: Place) -> None:
    monolith, service = place.sides
    place.start("carrier")
    place.begin()
    eventually(lambda: status(MODULE).comparison, "the carrier compared", seconds=60)
    with psycopg.connect(service.owner_url, options="-c banyan.carries=yes") as owner:
        owner.execute("UPDATE ledger.ledger_account SET balance = 77 WHERE number = 3")

    eventually(lambda: status(MODULE).incidents == 1, "it is counted", seconds=60)
    eventually(lambda: place.rows(monolith) == place.rows(service), "it is repaired", seconds=60)


def test_it_goes_on_after_the_records_database_was_away(place: Place) -> None:
    monolith, service = place.sides
    with psycopg.connect(admin_url(settings.DATABASES["default"]["NAME"]), autocommit=True) as administrator:
        before = [row[0] for row in administrator.execute("SELECT pid FROM pg_stat_activity")]
        place.start("carrier")
        place.begin()
        eventually(lambda: status(MODULE).copied, "the carrier copied", seconds=60)

        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND NOT pid = ANY(%s)",
            [before],
        )
    pools.close_all()  # what this process had is gone as well

    log = place.folder / "carrier-0.log"
    eventually(lambda: log.read_text().count("carries every module") > 1, "it has given all up, and begins again")
    place.write(monolith)
    eventually(lambda: place.rows(monolith) == place.rows(service), "it carries again")


def test_a_log_that_grows_beyond_its_limit_ends_the_move_and_not_the_shop(place: Place) -> None:
    monolith, _ = place.sides
    before = objects_of(monolith)
    place.extra["log_megabytes"] = 0
    place.begin()
    place.start("carrier")

    eventually(lambda: read(MODULE).phase == "in_process", "the move is given up", seconds=60)
    eventually(lambda: objects_of(monolith) == before, "nothing is captured any more")
    assert history(MODULE)[0].who.startswith("carrier")
    assert "fills the disk" in history(MODULE)[0].why
    place.write(monolith)


def test_a_frozen_carrier_is_superseded_and_does_no_harm_when_it_wakes(place: Place) -> None:
    monolith, service = place.sides
    first = place.start("carrier")
    place.begin()
    eventually(lambda: status(MODULE).copied, "the carrier copied", seconds=60)
    second = place.start("carrier")
    name = str(status(MODULE).carrier)
    assert str(first.pid) in name

    first.send_signal(signal.SIGSTOP)
    place.write(monolith)
    eventually(lambda: str(second.pid) in str(status(MODULE).carrier), "the second took over", seconds=60)
    eventually(lambda: place.rows(monolith) == place.rows(service), "it carries", seconds=60)
    first.send_signal(signal.SIGCONT)
    place.write(monolith)
    eventually(lambda: place.rows(monolith) == place.rows(service), "it still carries", seconds=60)
    for carrier in (first, second):
        carrier.send_signal(signal.SIGTERM)
        assert carrier.wait(30) == 0
