"""Rate, errors and duration per module, and what events wait, as Prometheus reads them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections
from prometheus_client.parser import text_string_to_metric_families

from infra.observability import lag_metrics, worker_processes
from tests.api import Api


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag_metrics, "ANSWER_SECONDS", 10.0)  # a busy machine is no failure


REQUESTS = "banyan_http_requests_total"
pytestmark = pytest.mark.usefixtures("database")


def figures(api: Api) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def _requests(api: Api, module: str, route: str, status: int, method: str = "GET") -> float:
    labels = {"module": module, "method": method, "route": route, "status": str(status)}
    return figures(api).get((REQUESTS, tuple(sorted(labels.items()))), 0.0)


def test_requests_are_counted_by_module_route_and_status(api: Api) -> None:
    route = "api/v1/users/anybody/<uuid:id_>"
    before = _requests(api, "users", route, 200), _requests(api, "users", "api/v1/users/me", 401)

    for _ in range(3):
        api.get("/api/v1/users/anybody/6b1f9a8e-6a0c-4d2e-8f43-0d1a6a6f5b10")
    api.get("/api/v1/users/me")

    after = _requests(api, "users", route, 200), _requests(api, "users", "api/v1/users/me", 401)
    assert (after[0] - before[0], after[1] - before[1]) == (3, 1)
    durations = (("method", "GET"), ("module", "users"), ("route", route))
    assert figures(api)["banyan_http_request_duration_seconds_count", durations] >= 3


def test_made_up_addresses_and_methods_do_not_make_series(api: Api) -> None:
    before = _requests(api, "platform", "unmatched", 404)
    for number in range(5):
        api.get(f"/made/up/{number}")
        api.request(f"BREW{number}", "/api/v1/users/anybody")

    assert _requests(api, "platform", "unmatched", 404) - before == 5
    assert not any("BREW" in str(key) for key in figures(api))


def test_events_that_wait_are_figures(api: Api) -> None:
    found = figures(api)

    for module in ("catalog", "orders", "payments", "shipping", "users"):
        labels = (("module", module),)
        assert found["banyan_events_readable", labels] == 1
        assert found["banyan_events_ready", labels] == 0
        assert found["banyan_events_dead", labels] == 0
        assert found["banyan_events_oldest_unsettled_seconds", labels] == 0


def test_a_database_that_does_not_answer_costs_its_own_figures_only(api: Api) -> None:
    login = connections.settings["orders"]
    port, login["PORT"] = login["PORT"], "1"
    pool = login["OPTIONS"].pop("pool", None)
    connections["orders"].close()
    try:
        found = figures(api)
    finally:
        login["PORT"] = port
        if pool is not None:
            login["OPTIONS"]["pool"] = pool

    assert found["banyan_events_readable", (("module", "orders"),)] == 0
    assert found["banyan_events_readable", (("module", "catalog"),)] == 1
    assert ("banyan_events_ready", (("module", "orders"),)) not in found


def test_processes_count_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(worker_processes, "_PARENT", tmp_path)
    (tmp_path / "banyan-metrics-999999999-left").mkdir()
    worker_processes.prepare_metrics()
    folder = Path(os.environ[worker_processes.VARIABLE])
    try:
        assert [entry.name for entry in tmp_path.iterdir()] == [folder.name]  # what a killed process left is gone
        count = "from infra.observability.metrics import observe; observe('orders', 'GET', 'a', 200, 0.2)"
        workers = [subprocess.Popen([sys.executable, "-c", count]) for _ in range(2)]
        for worker in workers:
            assert worker.wait(60) == 0
            worker_processes.forget_worker(worker.pid)
        tell = "from infra.observability.metrics import exposition; print(exposition().decode())"

        text = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True).stdout
    finally:
        worker_processes.discard_metrics()

    assert f'{REQUESTS}{{method="GET",module="orders",route="a",status="200"}} 2.0' in text
    assert not folder.exists()
    assert worker_processes.VARIABLE not in os.environ
