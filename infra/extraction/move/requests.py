"""What the console asks for, carried out: by the carrier, which alone has the owners' logins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connections
from django.utils import timezone

from infra.extraction.move import operations
from infra.extraction.move.errors import MoveRefused
from infra.extraction.record.changing import ALIAS
from infra.extraction.record.models import Request

logger = logging.getLogger(__name__)
ASKED, RUNNING, DONE, REFUSED, FAILED = "asked", "running", "done", "refused", "failed"
Verb = Callable[..., Any]
_VERBS: dict[str, Verb] = {
    "share": operations.share,
    "begin_copy": operations.begin_copy,
    "switch": operations.switch,
    "reverse": operations.reverse,
    "cancel": operations.cancel,
}
# What a request may say besides who and why.
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "share": ("address",),
    "shift": ("reads", "writes", "shadow", "database"),
    "verify": ("everything", "as_text"),
}


def offer(name: str, verb: Verb) -> None:
    """Have requests for `name` carried out by `verb(module, who=, why=, report=)`."""
    _VERBS[name] = verb


def carry_out(request: Request) -> None:
    """Do what was asked, and write down what was said; never raises for what the verb refused or failed at."""
    said: list[str] = []

    def report(line: str) -> None:
        said.append(line)
        Request.objects.using(ALIAS).filter(pk=request.pk).update(said=said)

    state = FAILED
    try:
        _run(request, report)
        state = DONE
    except MoveRefused as refusal:
        said.extend(refusal.reasons)
        state = REFUSED
    except Exception as error:
        logger.exception("%s %s, asked by %s", request.verb, request.module, request.who)
        said.append(f"{type(error).__name__}: {error}. The carrier's log has more; the same may be asked again.")
    finally:
        Request.objects.using(ALIAS).filter(pk=request.pk).update(state=state, said=said, ended_at=timezone.now())
        connections.close_all()


def _run(request: Request, report: Callable[[str], None]) -> None:
    options = {name: request.options[name] for name in _OPTIONS.get(request.verb, ()) if name in request.options}
    why = str(request.options.get("why") or "asked for at the console")
    if request.verb == "verify":
        operations.verify(request.module, report=report, **options)
    elif request.verb == "shift":
        where = operations.shift(request.module, who=request.who, why=why, **options)
        report(f"{request.module}: shares {dict(where.shares)}")
    elif verb := _VERBS.get(request.verb):
        if request.verb == "begin_copy":
            options["carrier"] = False
        verb(request.module, who=request.who, why=why, report=report, **options)
    else:
        raise MoveRefused(f"This carrier does not know how to {request.verb}. Type: manage.py extract {request.module}")


def claim(modules: tuple[str, ...] | None) -> Request | None:
    """Take the oldest request that nobody took, None when there is none."""
    waiting = Request.objects.using(ALIAS).filter(state=ASKED).order_by("asked_at")
    for request in waiting if modules is None else waiting.filter(module__in=modules):
        if Request.objects.using(ALIAS).filter(pk=request.pk, state=ASKED).update(state=RUNNING):
            return request
    return None


def start(request: Request) -> threading.Thread:
    thread = threading.Thread(target=carry_out, args=(request,), name=f"{request.module} {request.verb}", daemon=True)
    thread.start()
    return thread


def give_up_left(modules: tuple[str, ...] | None) -> None:
    """Say of requests that a carrier left undone when it died that they may be asked again."""
    left = Request.objects.using(ALIAS).filter(state=RUNNING)
    for request in left if modules is None else left.filter(module__in=modules):
        said = [*request.said, "The carrier ended in the middle. Both sides are at rest again; ask once more."]
        Request.objects.using(ALIAS).filter(pk=request.pk, state=RUNNING).update(
            state=FAILED, said=said, ended_at=timezone.now()
        )
