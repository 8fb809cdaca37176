"""With a broker a consumer's queue stays, and changes its workers when the module moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.events.envelope import encode_runs
from infra.events.tasks import deliver
from tests.extraction.calls.place import Place, record_url
from tests.extraction.calls.test_events import numbers, runs_of
from tests.infra.events.announcing import announce_numbers
from tests.infra.events.brokers import empty_broker_url
from tests.infra.events.processes import environment, process, relay_command, worker_command
from tests.waiting import eventually

__all__ = ["empty_broker_url"]


@pytest.mark.usefixtures("hearing")
def test_a_message_that_reaches_the_old_sides_worker_is_handed_on(place: Place) -> None:
    announce_numbers("k", 1)
    runs = runs_of("catalog")
    place.switch()

    deliver.apply(kwargs={"consumer": "orders", "runs": encode_runs(runs)}, throw=True)

    assert (numbers(place.monolith), numbers(place.service)) == ([], [1])


def test_a_queue_changes_its_workers_with_the_module(
    place: Place, live_server_address: str, empty_broker_url: str, tmp_path: Path
) -> None:
    monolith = environment(tmp_path, empty_broker_url) | {"BANYAN_TEST_RECORD": record_url()}
    service = place.environment(live_server_address, tmp_path) | {"CELERY_BROKER_URL": empty_broker_url}
    with (
        process(relay_command(), tmp_path / "relay.log", monolith),
        process(worker_command(processes=1), tmp_path / "worker.log", monolith),
        process(
            [
                *worker_command(processes=1),
                "--hostname",
                "orders@%h",
            ],  # two workers of one name get in each other's way
            tmp_path / "service-worker.log",
            service,
        ),
    ):
        place.tell_service("relay")  # it tries again what a broker delivered twice, and so with caution
        expected = []
        for number, side in enumerate(("monolith", "service", "monolith"), 1):
            if number > 1:
                place.switch(to=side)
            announce_numbers("k", number, number + 10)
            expected += [number, number + 10]
            at = place.monolith if side == "monolith" else place.service
            eventually(lambda at=at: numbers(at) == expected, f"{expected} at the {side}", seconds=90)  # type: ignore[misc]  # noqa: B023

        by = place.monolith.all("SELECT process FROM orders.test_effect ORDER BY position")
        assert not {*by[:2], *by[4:]} & {*by[2:4]}
        place.tell_service("rest")
