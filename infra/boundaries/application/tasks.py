"""Work in the background: Celery's tasks and what runs by the clock."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string, module_has_submodule

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, dotted_name
from infra.boundaries.findings import Finding
from infra.schedule.declaration import modules_with_tasks, tasks_of


def check(territory: Territory) -> Iterator[Finding]:
    """Yield tasks under a foreign name, in a foreign queue, or in a foreign module's schedule."""
    yield from _by_the_clock(territory)
    if "celery" not in sys.modules and not getattr(settings, "CELERY_APP", ""):
        return
    app = _celery_app(territory)
    for name, task in sorted(app.tasks.items()):
        owner = territory.owner_of(getattr(task, "__module__", ""))
        if territory.is_module(owner):
            yield from _name(territory, owner, name, task)
            yield from _queue(territory, owner, name, task, app)


def _celery_app(territory: Territory) -> Any:
    from celery import current_app

    path = getattr(settings, "CELERY_APP", "")
    app = import_string(path) if path else current_app
    for owner, config in territory.configs():
        if owner and config.module is not None and module_has_submodule(config.module, "tasks"):
            import_module(f"{config.name}.tasks")
    return app


def _name(territory: Territory, owner: str, name: str, task: Any) -> Iterator[Finding]:
    packages = [package for package, module in territory.packages.items() if module == owner]
    if any(name.startswith(f"{start}.") for start in (owner, *packages)):
        return
    other = territory.owner_of(name) or name.partition(".")[0]
    yield territory.finding(
        rules.TASK_NAME,
        owner=owner,
        source=_source(task),
        target=f"task {name}",
        detail=f"A task of {owner} is called {name}"
        + (f", as if it were {territory.named(other)}'s." if territory.is_module(other) else "."),
        at=getattr(task, "run", None),
    )


def _queue(territory: Territory, owner: str, name: str, task: Any, app: Any) -> Iterator[Finding]:
    queue = _queue_of(name, task, app)
    allowed = territory.manifests[owner].queues
    if queue in allowed:
        return
    others = [other.name for other in territory.manifests.values() if queue in other.queues]
    yield territory.finding(
        rules.TASK_QUEUE,
        owner=owner,
        source=_source(task),
        target=f"queue {queue}",
        detail=f"{name} goes through {queue}"
        + (f", a queue of {others[0]}" if others else "")
        + f"; the manifest of {owner} names {', '.join(allowed)}.",
        at=getattr(task, "run", None),
    )


def _queue_of(name: str, task: Any, app: Any) -> str:
    if queue := getattr(task, "queue", None):
        return str(queue)
    from celery.exceptions import QueueNotFound

    try:
        queue = app.amqp.router.route({}, name).get("queue")
    except QueueNotFound as missing:  # it says which one in quotes
        named = re.search(r"'([^']+)'", str(missing))
        return named[1] if named else str(missing)
    return str(getattr(queue, "name", queue) or app.conf.task_default_queue)


def _by_the_clock(territory: Territory) -> Iterator[Finding]:
    for module in modules_with_tasks():
        for task in tasks_of(module):
            writer = territory.owner_of_code(task.run)
            if writer and territory.crosses(writer, module):
                yield territory.finding(
                    rules.PERIODIC_ELSEWHERE,
                    owner=writer,
                    source=dotted_name(task.run),
                    target=f"schedule of {module}",
                    detail=f"{task.name} runs in the schedule of {territory.named(module)}, and is code of"
                    f" {territory.named(writer)}.",
                    at=task.run,
                )
            elif territory.is_module(writer) and not task.name.startswith(f"{module}."):
                yield territory.finding(
                    rules.TASK_NAME,
                    owner=writer,
                    source=dotted_name(task.run),
                    target=f"task {task.name}",
                    detail=f"A periodic task of {module} is called {task.name}.",
                    at=task.run,
                )


def _source(task: Any) -> str:
    return dotted_name(getattr(task, "run", task))
