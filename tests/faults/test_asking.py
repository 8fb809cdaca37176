"""A client of the workload sees what a customer would: failures, two effects of one key, answers that no rule allows."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.faults.workload import asking
from tests.faults.workload.asking import Client, GaveUp, Ground
from tests.faults.workload.journal import Journal, read
from tests.faults.workload.statistics import Statistics

OUTCOMES = {"buy": frozenset({"201", "409 sold_out"}), "look": frozenset({"200"})}
BOUGHT = (201, {"id": "order-1"})
BROKEN = (503, {"code": "temporarily_unavailable"})


@contextmanager
def shop(*answers: tuple[int, dict[str, Any]]) -> Iterator[str]:
    """Have a shop that gives these answers one after the other, the last one for ever; status 0 hangs up."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = left.pop(0) if len(left) > 1 else left[0]
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not status:
                self.close_connection = True
                return
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 (the library's name)

        def log_message(self, *arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Visit:
    """A client at such a shop, and what came of it."""

    def __init__(self, stack: ExitStack, folder: Path, *answers: tuple[int, dict[str, Any]]) -> None:
        self.journal_file = folder / "journal.jsonl"
        self.statistics = Statistics()
        journal = stack.enter_context(Journal(self.journal_file))
        self.ground = Ground(stack.enter_context(shop(*answers)), journal, self.statistics, OUTCOMES)
        self.client = Client(self.ground, "tester", random.Random(1))
        stack.callback(self.client.close)

    def buys(self) -> asking.Answer:
        return self.client.ask("buy", "POST", "/orders", body={"of": "lamps"}, key="key-1")

    def verdicts(self) -> list[str]:
        return [answer.verdict for operation in read(self.journal_file) for answer in operation.answers]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


@pytest.fixture(autouse=True)
def never_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "REPEATED_SHARE", 0.0)


def test_a_failure_counts_also_when_the_same_request_is_answered_later(stack: ExitStack, tmp_path: Path) -> None:
    visit = Visit(stack, tmp_path, BROKEN, (0, {}), BOUGHT)

    answer = visit.buys()

    assert answer.status == 201
    assert visit.verdicts() == ["failed", "failed", "done"]
    assert len(visit.statistics.summary().failures) == 2


def test_under_an_announced_fault_failures_are_told_apart(stack: ExitStack, tmp_path: Path) -> None:
    visit = Visit(stack, tmp_path, BROKEN, BOUGHT)

    with visit.ground.fault("something is killed", lasting=0.0):
        visit.buys()

    summary = visit.statistics.summary()
    assert (len(summary.failures), len(summary.forgiven)) == (0, 1)


def test_what_the_shop_may_refuse_is_no_failure_and_everything_else_is(stack: ExitStack, tmp_path: Path) -> None:
    visit = Visit(stack, tmp_path, (409, {"code": "sold_out"}), (409, {"code": "made_up"}))

    assert visit.buys().status == 409
    with pytest.raises(GaveUp):
        visit.buys()

    assert visit.verdicts() == ["refused", "failed"]


def test_a_request_without_a_key_is_not_sent_again(stack: ExitStack, tmp_path: Path) -> None:
    visit = Visit(stack, tmp_path, BROKEN, BOUGHT)

    with pytest.raises(GaveUp):
        visit.client.ask("buy", "POST", "/orders", body={})

    assert visit.verdicts() == ["failed"]


@pytest.mark.parametrize("seed", range(4))  # in turn, and both at the same moment
def test_two_effects_of_one_key_are_seen(
    seed: int, stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "REPEATED_SHARE", 1.0)
    visit = Visit(stack, tmp_path, BOUGHT, (201, {"id": "order-2"}))
    visit.client.dice.seed(seed)

    visit.buys()

    (failure,) = visit.statistics.summary().failures
    assert "had two effects" in failure.text


def test_an_intent_is_written_before_it_is_sent(stack: ExitStack, tmp_path: Path) -> None:
    visit = Visit(stack, tmp_path, BROKEN)
    cut_off = visit.journal_file

    with pytest.raises(GaveUp):
        visit.client.ask("buy", "POST", "/orders", body={})
    whole = cut_off.read_bytes()
    cut_off.write_bytes(whole[: whole.index(b"\n") + 20])  # the answer's line was being written

    (operation,) = read(cut_off)
    assert (operation.intent.operation, operation.answers) == ("buy", ())
