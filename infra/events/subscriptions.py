"""Who hears what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from infra.events.configuration import is_installed, modules
from infra.events.declaration import Event
from infra.extraction import home

AfterDeadLetter = Literal["stop", "skip"]
E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]


class PermanentError(Exception):
    """Raised by a handler for an event that no later attempt can handle: it becomes a dead letter at once."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one module does about one kind of event."""

    consumer: str
    event_name: str
    handlers: tuple[Handler, ...]
    after_dead_letter: AfterDeadLetter


_subscriptions: dict[tuple[str, str], Subscription] = {}


def subscribe(
    event_class: type[E], *, consumer: str | None = None, after_dead_letter: AfterDeadLetter = "stop"
) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Have a function called for each event of a class, in a transaction of the consuming module.

    The function's effect in its module's schema happens exactly once per event. It must not call contracts, nor do anything
    outside the database: others wait for its transaction. Several functions of one module for one event run together.

    Args:
        consumer: the module whose transaction it is; by default the one that holds the function.
        after_dead_letter: what becomes of later events of the same key when an event has used up its attempts: "stop" keeps
            them waiting until somebody replays or skips it, "skip" goes on without it.
    """

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        module = consumer or _module_of(handler)
        if module not in modules():
            raise ImproperlyConfigured(f"{module!r} has no database alias, so it cannot have handlers.")
        known = _subscriptions.get((module, event_class.name))
        if known and known.after_dead_letter != after_dead_letter:
            raise ImproperlyConfigured(
                f"{module} has two handlers of {event_class.name} that disagree on after_dead_letter."
            )
        handlers = (*known.handlers, handler) if known else (handler,)
        _subscriptions[module, event_class.name] = Subscription(module, event_class.name, handlers, after_dead_letter)
        return handler

    return register


def subscription_of(consumer: str, event_name: str) -> Subscription | None:
    return _subscriptions.get((consumer, event_name))


def consumers_of(event_name: str) -> list[str]:
    """Return the modules that hear an event: those with handlers here, and those that other processes run.

    The latter are known by their manifests (`settings.EVENT_CONSUMERS`), and left out as long as nothing says where they are.
    """
    here = {consumer for consumer, name in _subscriptions if name == event_name}
    declared: Sequence[str] = getattr(settings, "EVENT_CONSUMERS", {}).get(event_name, ())
    return sorted(here.union(name for name in declared if not is_installed(name) and home.address_of(name)))


def all_subscriptions() -> list[Subscription]:
    return [subscription for _, subscription in sorted(_subscriptions.items())]


def forget(consumer: str, event_name: str, handler: Handler) -> None:
    """Take a handler out again; for tests."""
    known = _subscriptions.pop((consumer, event_name))
    if rest := tuple(other for other in known.handlers if other is not handler):
        _subscriptions[consumer, event_name] = Subscription(consumer, event_name, rest, known.after_dead_letter)


def _module_of(handler: Callable[..., object]) -> str:
    config = apps.get_containing_app_config(handler.__module__)
    if config is None:
        raise ImproperlyConfigured(
            f"{handler.__module__}.{handler.__qualname__} is in no installed app; name its consumer."
        )
    return config.label
