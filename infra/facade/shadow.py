"""Shadow reads: a share of what was answered here is asked of the service as well, and the answers are compared.

Nobody waits for it: the question is put into a short queue after the answer was made, and dropped when the queue is full.
Writes are never asked twice. A difference counts when it stands: both sides are asked again, and when the service answers from
a copy of the data, that has to have seen first what the monolith had answered from.
"""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from infra.contracts.context import carrying, current
from infra.extraction.record import presence
from infra.extraction.record.models import Progress, ShadowDifference
from infra.extraction.record.values import MONOLITH, SERVICE, Phase, Where
from infra.facade import messages, metrics
from infra.facade.bucket import BUCKETS
from infra.facade.forwarding import ForwardingFailed, Peer
from infra.facade.messages import Incoming, Outgoing
from infra.http.encoding import canonical

logger = logging.getLogger(__name__)

THREADS = 2  # so many shadow reads run at once
WAITING = 64  # and so many wait; a page takes milliseconds
TOO_OLD_SECONDS = 10.0  # a question that has waited for so long compares other times
READ_SECONDS = 5.0
# How long a copy may take to see what the monolith saw before a comparison is given up. It lags by milliseconds.
COPY_SECONDS = 5.0
# A row may change while it is compared; after so many rounds a read is given up as one that never stands still.
ROUNDS = 3
# A report is of a moment before it is written, and of a machine with a clock of its own.
_REPORT_AGE = timedelta(seconds=1)
LONGEST_TEXT = 4000
# What is stored of one module by one process; the rest is counted. After some hundred, all are of the same few kinds.
MOST_STORED = 500
_LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is compared of an answer."""

    status: int
    kind: str
    etag: str
    body: bytes

    def text(self, ignored: frozenset[str]) -> str:
        """Return it as canonical text, the same for answers that say the same."""
        body: Any = self.body
        if "json" in self.kind:
            with suppress(msgspec.DecodeError):
                body = canonical(_without(msgspec.json.decode(self.body), ignored))
        head = f"{self.status} {self.kind} {self.etag}".rstrip()
        return f"{head}\n{bytes(body).decode('utf-8', 'backslashreplace')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    module: str
    sent: Outgoing
    environ: dict[str, Any]
    expected: Answer
    asked_at: float  # on the monotonic clock
    correlation_id: str | None


class Shadow:
    """The shadow reads of one process.

    Args:
        answer_here: asks the monolith, past the facade.
    """

    def __init__(self, answer_here: Any, *, waiting: int = WAITING, threads: int = THREADS) -> None:
        self._answer_here = answer_here
        self._ignored = frozenset(settings.SHADOW_IGNORES)
        self._questions: queue.Queue[_Question] = queue.Queue(maxsize=waiting)
        self._most_threads = threads
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._peers: dict[str, Peer] = {}
        self._stored: Counter[str] = Counter()

    def compare(self, request: HttpRequest, module: str, where: Where, response: HttpResponseBase) -> None:
        """Compare this answer later, if the share says so. Never waits and never raises."""
        share = where.share("shadow")
        if not share or random.randrange(BUCKETS) >= share:  # noqa: S311
            return
        if (
            not isinstance(response, HttpResponse)
            or len(response.content) > _LARGEST_BODY
            or settings.SESSION_COOKIE_NAME in request.COOKIES  # a staff member's word is good for one request
            or not where.service
            or not hasattr(request, "environ")
        ):
            return
        try:
            self._questions.put_nowait(
                _Question(
                    module=module,
                    sent=messages.outgoing(request, module),
                    environ=request.environ,
                    expected=_answer_of(response),
                    asked_at=time.monotonic(),
                    correlation_id=current().correlation_id,
                )
            )
        except queue.Full:
            metrics.shadows.labels(module, "dropped").inc()
            return
        if len(self._threads) < self._most_threads:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if len(self._threads) < self._most_threads:
                thread = threading.Thread(target=self._run, name="shadow-reads", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self) -> None:
        while True:
            question = self._questions.get()
            try:
                outcome = self._settle(question)
            except Exception:
                logger.exception("A shadow read of %s failed.", question.module)
                outcome = "failed"
            finally:
                connections.close_all()  # what the views opened in this thread
            metrics.shadows.labels(question.module, outcome).inc()

    def _settle(self, question: _Question) -> str:
        if time.monotonic() - question.asked_at > TOO_OLD_SECONDS:
            return "dropped"
        expected = question.expected.text(self._ignored)
        for round_ in range(ROUNDS):
            where = presence.where(question.module)
            if where.home != MONOLITH or not where.service or where.phase in (Phase.IN_PROCESS, Phase.SPLIT):
                return "dropped"  # it has moved meanwhile
            got = self._ask_service(question, where)
            if got is None:
                return "failed"
            if got == expected and round_ == 0:
                return "same"
            now = self._ask_here(question)
            if got == now:
                return "same"
            if round_ and now == expected:
                # The same difference, twice, while the monolith stood still.
                self._store(question, expected, got)
                return "different"
            expected = now
            if where.database == SERVICE and not _copy_has_seen(question.module, timezone.now()):
                return "unsettled"
        return "unsettled"

    def _ask_service(self, question: _Question, where: Where) -> str | None:
        peer = self._peers.get(where.service)
        if peer is None:  # with places of its own: shadows take none from customers
            peer = self._peers.setdefault(where.service, Peer(where.service, slots=self._most_threads))
        try:
            answer = peer.send(question.sent, seconds=READ_SECONDS, may_wait=False)
        except ForwardingFailed:
            return None
        return _answer_from(answer).text(self._ignored)

    def _ask_here(self, question: _Question) -> str:
        request = WSGIRequest({**question.environ, "wsgi.input": _nothing})
        with carrying(correlation_id=question.correlation_id):
            response = self._answer_here(request)
        response.close()
        return _answer_of(response).text(self._ignored)

    def _store(self, question: _Question, expected: str, got: str) -> None:
        self._stored[question.module] += 1
        if self._stored[question.module] > MOST_STORED:
            return
        ShadowDifference.objects.using("default").create(
            module=question.module,
            at=timezone.now(),
            path=question.sent.target[:LONGEST_TEXT],
            expected=expected[:LONGEST_TEXT],
            got=got[:LONGEST_TEXT],
        )


class _Nothing:
    """The body of a GET."""

    def read(self, size: int = -1) -> bytes:
        return b""

    def readline(self, size: int = -1) -> bytes:
        return b""


_nothing = _Nothing()


def _copy_has_seen(module: str, at: datetime) -> bool:
    """Return, after some time at most, whether the service's copy holds all that was committed before `at`.

    The carrier reports each second whether anything waits to be carried.
    """
    deadline = time.monotonic() + COPY_SECONDS
    while time.monotonic() < deadline:
        row = Progress.objects.using("default").filter(pk=module).values_list("at", "facts").first()
        if row is not None:
            facts = row[1]
            carried = facts.get("waiting") == 0 and facts.get("consistent") is True and not facts.get("problem")
            if carried and row[0] > at + _REPORT_AGE:
                return True
        time.sleep(0.1)
    return False


def _without(value: Any, ignored: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, ignored) for name, inner in value.items() if name not in ignored}
    if isinstance(value, list):
        return [_without(inner, ignored) for inner in value]
    return value


def _answer_of(response: HttpResponseBase) -> Answer:
    content = getattr(response, "content", b"")
    return Answer(
        status=response.status_code,
        kind=response.headers.get("Content-Type", ""),
        etag=response.headers.get("ETag", ""),
        body=bytes(content),
    )


def _answer_from(answer: Incoming) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers}
    body = answer.body
    if answer.rest is not None:
        body = b"".join(answer.rest)
    return Answer(status=answer.status, kind=headers.get("content-type", ""), etag=headers.get("etag", ""), body=body)
