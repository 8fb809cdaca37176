"""Declaring what runs again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Job = Callable[[], object]
J = TypeVar("J", bound=Job)


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A function and its period; its row stands in its module's schema."""

    module: str  # a database alias
    name: str
    every_seconds: float
    lease_seconds: float
    run: Job


_tasks: dict[tuple[str, str], PeriodicTask] = {}


def periodic(
    *, every_seconds: float, name: str | None = None, module: str | None = None, lease_seconds: float | None = None
) -> Callable[[J], J]:
    """Have a function run once per period, whatever the number of processes.

    It runs outside any transaction and opens its own. When it raises, that is logged and counted, and it runs again a
    period later. It does not overlap with itself unless it takes longer than its lease.

    Args:
        name: stable, `module.function` by default; renaming the function without it starts a new row.
        module: whose schema holds the row; by default the app that holds the function.
        lease_seconds: a run whose process was killed is given up after this time; by default four periods, at least 30
            seconds, at most an hour.
    """
    if every_seconds <= 0:
        raise ImproperlyConfigured("A period is longer than 0 seconds.")

    def register(run: J) -> J:
        owner = module or _module_of(run)
        task = PeriodicTask(
            module=owner,
            name=name or f"{owner}.{run.__name__}",
            every_seconds=every_seconds,
            lease_seconds=lease_seconds or min(max(4 * every_seconds, 30.0), 3600.0),
            run=run,
        )
        known = _tasks.get((task.module, task.name))
        if known is not None and known.run is not run:
            raise ImproperlyConfigured(f"Two periodic tasks are called {task.name}; give one another name.")
        _tasks[task.module, task.name] = task
        return run

    return register


def task_named(module: str, name: str) -> PeriodicTask:
    """Return a declared task.

    Raises:
        LookupError: none of that name is declared in this process.
    """
    try:
        return _tasks[module, name]
    except KeyError:
        raise LookupError(f"No periodic task {name} of {module} is declared in this process.") from None


def tasks_of(module: str) -> list[PeriodicTask]:
    return [task for (owner, _), task in sorted(_tasks.items()) if owner == module]


def modules_with_tasks() -> list[str]:
    return sorted({module for module, _ in _tasks})


def forget(task: PeriodicTask) -> None:
    """Take a task out again; for tests."""
    del _tasks[task.module, task.name]


def _module_of(run: Job) -> str:
    config = apps.get_containing_app_config(run.__module__)
    # What belongs to no module belongs to the composition root, whose alias is the default one.
    return config.label if config is not None and config.label in settings.DATABASES else "default"
