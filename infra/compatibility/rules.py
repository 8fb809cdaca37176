"""The rules of compatibility: each compares what stands in the code with what was released."""

from __future__ import annotations

from infra.boundaries.rules import rule

_BESIDE = (
    "Take the change back, or declare the next version beside this one (`catalog.v2` beside `catalog.v1`, both provided), move"
    " those who use the old one over, and remove it when nobody uses it any more."
)

STALE = rule(
    "BND600",
    title="A description lags behind the code",
    why="Reviewers, other teams and change-aware tests read the committed description instead of the code.",
    recipe="Run `python manage.py contracts write`, look at the difference, and commit it with your change.",
)
GONE = rule(
    "BND601",
    title="Something released is gone",
    why="Processes that were built before still ask or hear it, and get errors or nothing.",
    recipe=f"{_BESIDE} When nobody uses it, delete its folder below `compatibility/released/` in the same commit.",
)
ARGUMENTS = rule(
    "BND602",
    title="A contract no longer accepts what it accepted",
    why="Askers that were built before send what the release allowed, and would be refused.",
    recipe=f"Parameters and fields are only added, each with a default, and never mean or allow less. {_BESIDE}",
)
ANSWER = rule(
    "BND603",
    title="An answer is no longer what its readers know",
    why="Askers that were built before cannot read the answer, or miss in it what they rely on.",
    recipe=f"Answers only grow, by fields; what is there keeps its name and type. {_BESIDE}",
)
PROMISE = rule(
    "BND604",
    title="A contract promises less than it did",
    why="Kind, key, timeout and errors decide what askers repeat, how long they wait and what they catch.",
    recipe=f"Keep what was promised. {_BESIDE}",
)
EVENT = rule(
    "BND605",
    title="An event is no longer what was announced",
    why="Hearers that were built before cannot read new events, or today's hearers cannot read those that still wait in an"
    " outbox.",
    recipe="Events only grow, by fields with a default. Take the change back, or declare the next version beside this one"
    " (`orders.order_placed.v2`), publish both, move the hearers over, and stop publishing the old one when no outbox holds it.",
)
PAYLOAD = rule(
    "BND606",
    title="A recorded payload is not read as it was",
    why="Bytes like these lie in outboxes, or come from processes that were built before; a type that looks the same may read"
    " them differently.",
    recipe="Make today's types read these bytes again (the line of the `.payloads` file), or declare the next version beside"
    " this one.",
)
API = rule(
    "BND607",
    title="The public API breaks its clients",
    why="Apps and partners were written for the released description, and cannot be changed together with the shop.",
    recipe="Make it an addition: a new optional parameter, a new field, a new path under /api/v2/ beside /api/v1/; keep what is"
    " there.",
)
NOTICE = rule(
    "BND608",
    title="A part of the public API goes without notice",
    why="Clients see by `Deprecation` and `Sunset` what goes and when; without a date that has passed nobody could prepare.",
    recipe="Put the operation back, mark it with `@deprecated(since=..., sunset=...)` of infra.http.deprecation, release that"
    " (`python manage.py contracts release`), and remove it after the sunset.",
)
