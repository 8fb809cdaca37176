from collections.abc import Iterator
from typing import Any

import pytest

from infra.schedule import declaration, runs
from infra.schedule.declaration import periodic
from infra.schedule.testing import run_all_due

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _no_other_tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setattr(declaration, "_tasks", {})
        yield


def declare(run: Any, **options: Any) -> None:
    periodic(**{"every_seconds": 3600, "module": "orders", "name": "orders.counted", **options})(run)


def test_a_task_runs_once_per_period() -> None:
    ran: list[int] = []
    declare(lambda: ran.append(1))

    assert run_all_due() == ["orders.counted"]
    assert run_all_due() == []
    assert run_all_due(regardless_of_time=True) == ["orders.counted"]
    assert len(ran) == 2


def test_a_task_that_is_under_way_is_not_given_to_another_process() -> None:
    declare(lambda: None)
    runs.ensure_rows("orders")

    claims = runs.claim_due("orders")
    others = runs.claim_due("orders", regardless_of_time=True)

    assert [claim.name for claim in claims] == ["orders.counted"]
    assert others == []
