"""The tests of payments, run in its service; and the service itself, started and asked."""

from pathlib import Path

from tests.extracted.own_suite import run_own_suite
from tests.extracted.running import RunningService


def test_the_modules_own_tests_pass_in_its_service() -> None:
    passed = run_own_suite("payments")

    assert passed > 0


def test_the_service_starts_and_answers(tmp_path: Path) -> None:
    with RunningService("payments", tmp_path) as service:
        service.answers_as_every_service_does()
