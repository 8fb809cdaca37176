from __future__ import annotations

import logging
import time

import pytest
from pytest_django import Settings

from infra.boundaries.findings import Finding
from infra.boundaries.runtime import rules
from infra.boundaries.runtime.latency import delay
from infra.boundaries.runtime.policy import collected, findings_seen, lines, settle
from infra.contracts.declaration import declaration_of
from tests.infra.contracts.echo import EchoContract

METHOD = declaration_of(EchoContract).methods["travelled"]


class PlantedError(Exception):
    pass


def finding(line: int) -> Finding:
    return Finding(
        rule=rules.CIRCLE,
        module="orders",
        source="modules.orders.planted",
        target="echo.v1",
        detail="Planted.",
        path="modules/orders/planted.py",
        line=line,
    )


def test_raising_says_what_why_and_what_to_do() -> None:
    with pytest.raises(PlantedError) as caught:
        settle(finding(1), PlantedError)

    assert str(caught.value) == f"BND407: Planted. {rules.CIRCLE.why} {rules.CIRCLE.recipe}"


def test_logging_counts_each_and_says_one_line_per_place_and_minute(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GUARD_POLICY = "log"
    lines.forget()
    now = time.monotonic()
    monkeypatch.setattr("infra.boundaries.runtime.policy.time.monotonic", lambda: now)
    before = findings_seen.labels("BND407", "orders", "echo.v1")._value.get()

    with caplog.at_level(logging.ERROR, logger="infra.boundaries.runtime"):
        for _ in range(1000):
            settle(finding(1), PlantedError)
        settle(finding(2), PlantedError)
        now += 61
        settle(finding(1), PlantedError)

    assert findings_seen.labels("BND407", "orders", "echo.v1")._value.get() == before + 1002
    assert [vars(record)["call_site"].rpartition(":")[2] for record in caplog.records] == ["1", "2", "1"]
    assert "999 more of it since the last line" in caplog.records[-1].getMessage()


def test_who_listens_hears_under_either_policy_and_not_afterwards(settings: Settings) -> None:
    with collected() as found:
        with pytest.raises(PlantedError):
            settle(finding(1), PlantedError)
        settings.GUARD_POLICY = "log"
        settle(finding(2), PlantedError)
    settle(finding(3), PlantedError)

    assert [one.line for one in found] == [1, 2]


def test_calls_in_process_can_be_made_as_slow_as_a_network(settings: Settings) -> None:
    settings.CONTRACT_LATENCY_MS = 20
    begun = time.monotonic()

    delay(METHOD, "tests")

    assert time.monotonic() - begun >= 0.02


def test_calls_to_a_service_are_slow_enough_by_themselves(settings: Settings) -> None:
    settings.CONTRACT_LATENCY_MS = 60_000
    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, "echo": "http://echo.example"}

    delay(METHOD, "tests")
