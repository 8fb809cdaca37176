"""Receivers of signals: Django's own and those that modules make, and Celery's."""

from __future__ import annotations

import dis
import itertools
import sys
import weakref
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from django.db.models.signals import ModelSignal
from django.dispatch import Signal

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, code_of, dotted_name
from infra.boundaries.findings import Finding

# Model signals aside, those that come at what every module does.
_WIDE = frozenset(
    {
        "django.db.models.signals.pre_migrate",
        "django.db.models.signals.post_migrate",
        "django.db.models.signals.class_prepared",
        "django.db.backends.signals.connection_created",
    }
)


class _Found(NamedTuple):
    name: str  # dotted
    signal: Any
    owner: str


def check(territory: Territory) -> Iterator[Finding]:
    """Yield each receiver that listens over a border."""
    senders = _senders(territory)
    names: dict[int, str] = {}
    for name, signal, owner in _signals(territory):
        names[id(signal)] = name
        for (_, sender_id), receiver in _receivers(signal):
            listener = territory.owner_of_code(receiver)
            sender = senders.get(sender_id)
            if sender is not None:
                whose, sender_name = sender
                if listener and territory.crosses(listener, whose):
                    yield _finding(territory, rules.FOREIGN_SENDER, listener, receiver, sender_name, name, whose)
                    continue
            if listener and territory.is_module(owner) and territory.crosses(listener, owner):
                yield _finding(territory, rules.FOREIGN_SIGNAL, listener, receiver, name, name, owner)
            elif sender_id == id(None) and territory.is_module(listener) and _is_wide(name, signal):
                yield territory.finding(
                    rules.EVERYBODYS_SIGNAL,
                    owner=listener,
                    source=dotted_name(receiver),
                    target=name,
                    detail=f"{dotted_name(receiver)} is connected to {name} without a sender.",
                    at=receiver,
                )
    yield from _waiting(territory, names)


def _finding(
    territory: Territory, rule: Any, listener: str, receiver: Any, target: str, signal: str, whose: str
) -> Finding:
    return territory.finding(
        rule,
        owner=listener,
        source=dotted_name(receiver),
        target=target,
        detail=f"{dotted_name(receiver)} listens to {signal.rpartition('.')[2]} of {target}, which is"
        f" {territory.named(whose)}'s.",
        at=receiver,
    )


def _signals(territory: Territory) -> Iterator[_Found]:
    """Yield every signal that stands in a Python module's names, once, with who made it."""
    kinds: tuple[type, ...] = (Signal,)
    if celery := sys.modules.get("celery.utils.dispatch"):
        kinds = (Signal, celery.Signal)
    holders: dict[int, list[tuple[str, str]]] = {}
    signals: dict[int, Any] = {}
    for module_name, module in tuple(sys.modules.items()):
        if isinstance(module, ModuleType):
            for name, value in tuple(vars(module).items()):
                if type(value) in kinds or isinstance(value, kinds):
                    holders.setdefault(id(value), []).append((module_name, name))
                    signals[id(value)] = value
    for key, places in holders.items():
        module_name, name = _maker(territory, places)
        yield _Found(f"{module_name}.{name}", signals[key], territory.owner_of(module_name))


def _maker(territory: Territory, places: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return who made a signal, of those who hold it: nobody makes what he imports, and no library imports a module's."""
    if outside := [place for place in places if not territory.owner_of(place[0])]:
        return next((place for place in outside if place[0].endswith("signals")), outside[0])
    return next((place for place in places if not _imports(*place)), places[0])


def _imports(module_name: str, name: str) -> bool:
    loader = getattr(sys.modules[module_name], "__loader__", None)
    try:
        code = loader.get_code(module_name) if loader else None
    except (ImportError, OSError, AttributeError):
        return False
    steps = list(dis.get_instructions(code)) if code else []
    return any(
        step.opname == "IMPORT_NAME" and name in (before.argval or ()) for before, step in itertools.pairwise(steps)
    )


def _receivers(signal: Any) -> Iterator[tuple[tuple[Any, int], Any]]:
    for key, receiver, *_ in tuple(signal.receivers or ()):
        alive = receiver() if isinstance(receiver, weakref.ReferenceType) else receiver
        if alive is not None:
            yield key, code_of(alive)


def _senders(territory: Territory) -> dict[int, tuple[str, str]]:
    """Return owner and name of what a receiver may name as its sender, by identity as signals know it."""
    senders = {id(thing): (owner, dotted_name(thing)) for owner, thing in territory.classes()}
    senders |= {id(config): (owner, f"app {config.label}") for owner, config in territory.configs()}
    senders |= {id(config.module): (owner, config.name) for owner, config in territory.configs() if config.module}
    for model in territory.apps.get_models(include_auto_created=True, include_swapped=True):
        senders[id(model)] = (territory.owner_of_model(model), model._meta.label)
    return senders


def _is_wide(name: str, signal: Any) -> bool:
    return isinstance(signal, ModelSignal) or name in _WIDE or name.startswith("celery.signals.")


def _waiting(territory: Territory, names: dict[int, str]) -> Iterator[Finding]:
    """Yield receivers whose sender was named and is not loaded: its module is installed elsewhere, or misspelt."""
    pending: dict[tuple[str, str], list[Any]] = territory.apps._pending_operations
    for (label, model_name), operations in sorted(pending.items()):
        owner = territory.owner_of_label(label)
        for operation in operations:
            arguments: list[Any] = []
            while hasattr(operation, "func"):
                arguments += getattr(operation, "args", ())
                operation = operation.func
            signal = getattr(operation, "__self__", None)
            if not isinstance(signal, ModelSignal) or not arguments:
                continue
            listener = territory.owner_of_code(arguments[0])
            if listener and territory.crosses(listener, owner):
                name = names.get(id(signal), "a signal")
                target = f"{label}.{model_name}"
                yield _finding(territory, rules.FOREIGN_SENDER, listener, arguments[0], target, name, owner)
