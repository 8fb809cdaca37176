"""The rules of the manifests: against each other, and against what is there."""

from __future__ import annotations

from infra.boundaries.rules import rule

_TRUST = "Import rules, grants, queues, allow-lists and the map are written from the manifest; what it does not say, they miss."
_PROMISE = "Others plan with what a manifest promises: they ask it, wait for it, send there."

CIRCLE = rule(
    "BND001",
    title="Modules ask each other in a circle",
    why="Modules in a circle can only be built, deployed and moved together, and a slow one stops all of them.",
    recipe="Turn one of these questions into an event that the other hears, or move what both need into a module that neither"
    " asks.",
)
MISSING_CONTRACT = rule(
    "BND002",
    title="A contract is offered that nobody has declared",
    why=_PROMISE,
    recipe='Declare it in the module\'s contract.py with @contract("..."), or take it out of `offers`.',
)
UNDECLARED_CONTRACT = rule(
    "BND003",
    title="A contract is not in its module's manifest",
    why=_TRUST,
    recipe="Add its wire name to `offers`, then type: manage.py modules generate. If it is no longer needed, remove it.",
)
MISSING_EVENT = rule(
    "BND004",
    title="An event is published that nobody has declared",
    why=_PROMISE,
    recipe="Declare its class in the module's events.py, or take it out of `publishes`.",
)
UNDECLARED_EVENT = rule(
    "BND005",
    title="An event is not in its module's manifest",
    why=_TRUST,
    recipe="Add its wire name to `publishes`, then type: manage.py modules generate. If it is no longer published, remove it.",
)
MISSING_SUBSCRIPTION = rule(
    "BND006",
    title="A module hears an event for which it has no handler",
    why="The publisher keeps the event as it is for somebody who does not listen, and the map shows a dependency that is none.",
    recipe="Write the handler in handlers.py with @subscribe, or take the event out of `hears`.",
)
UNDECLARED_SUBSCRIPTION = rule(
    "BND007",
    title="A module handles an event that it does not declare to hear",
    why="The publisher does not know that somebody depends on the event, and changes it.",
    recipe="Add its wire name to `hears`, then type: manage.py modules generate.",
)
MISSING_TASK = rule(
    "BND008",
    title="A periodic task is declared that does not exist",
    why="Somebody believes that this work is done by the clock, and it is not.",
    recipe="Write it in tasks.py with @periodic, and import tasks in apps.py; or take it out of `tasks`.",
)
UNDECLARED_TASK = rule(
    "BND009",
    title="A periodic task is not in its module's manifest",
    why="What runs by the clock moves with its module; what is not declared is forgotten on that day.",
    recipe="Add its name to `tasks`, then type: manage.py modules generate.",
)
MISSING_TABLE = rule(
    "BND010",
    title="A table is declared that nothing makes",
    why="Grants, backups and the copy at an extraction are planned by this list.",
    recipe="Take it out of `tables`, or add the model or migration that makes it.",
)
UNDECLARED_TABLE = rule(
    "BND011",
    title="A table is not in its module's manifest",
    why="A table without an owner stays behind when its module moves, and nobody guards it until then.",
    recipe="Add it to `tables` of the module whose models or migrations make it, then type: manage.py modules generate.",
)
MISSING_ADDRESS = rule(
    "BND012",
    title="A URL prefix is declared below which the module serves nothing",
    why="The proxy in front sends customers there.",
    recipe="Add the address in http/urls.py, or take the prefix out of `url_prefixes`.",
)
UNDECLARED_ADDRESS = rule(
    "BND013",
    title="A module serves an address outside its prefixes",
    why="Once the module is a service, the proxy in front sends only its prefixes there; this address answers 404 from that day.",
    recipe="Move the address below one of the module's prefixes, or add a prefix to `url_prefixes`.",
)
UNUSED_QUESTION = rule(
    "BND014",
    title="A module declares to ask a contract that its code never imports",
    why="An allowed dependency that nobody needs is a door left open, and makes every plan for the other module larger.",
    recipe="Take it out of `asks`, then type: manage.py modules generate.",
)
