"""Who answers contracts, handles events, and owns commands and fixtures."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import django.core.management
from django.core.management import find_commands

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, dotted_name
from infra.boundaries.findings import Finding
from infra.contracts.declaration import declared_contracts
from infra.contracts.registry import implementation_of
from infra.events.declaration import declared
from infra.events.subscriptions import all_subscriptions

# As JSON, YAML and XML name the model of a row.
_ROW_OF = re.compile(r"""\bmodel["']?\s*[:=]\s*["']?(\w+)\.(\w+)""")


def check(territory: Territory) -> Iterator[Finding]:
    """Yield contracts, events, handlers, commands and fixtures that are another module's than their names say."""
    yield from _contracts(territory)
    yield from _events(territory)
    yield from _commands(territory)
    yield from _fixtures(territory)


def _contracts(territory: Territory) -> Iterator[Finding]:
    for contract in declared_contracts():
        yield from _declared(territory, contract.wire_name, contract.protocol)
        implementation = implementation_of(contract.protocol)
        provider = territory.owner_of_code(implementation) if implementation is not None else ""
        # A composition root may answer for a module that is not here.
        if territory.is_module(provider) and provider != contract.module:
            yield territory.finding(
                rules.CONTRACT_ELSEWHERE,
                owner=provider,
                source=dotted_name(implementation),
                target=contract.wire_name,
                detail=f"{contract.wire_name} is answered by {dotted_name(implementation)} of {provider}.",
                at=implementation,
            )


def _events(territory: Territory) -> Iterator[Finding]:
    for name, event in declared().items():
        yield from _declared(territory, name, event)
    for subscription in all_subscriptions():
        for handler in subscription.handlers:
            writer = territory.owner_of_code(handler)
            if writer and territory.crosses(writer, subscription.consumer):
                yield territory.finding(
                    rules.HANDLER_ELSEWHERE,
                    owner=writer,
                    source=dotted_name(handler),
                    target=f"{subscription.consumer} hears {subscription.event_name}",
                    detail=f"{dotted_name(handler)} of {territory.named(writer)} handles {subscription.event_name} in a"
                    f" transaction of {territory.named(subscription.consumer)}.",
                    at=handler,
                )


def _declared(territory: Territory, wire_name: str, thing: type) -> Iterator[Finding]:
    named, writer = wire_name.partition(".")[0], territory.owner_of(thing.__module__)
    if writer and territory.is_module(named) and named != writer:
        yield territory.finding(
            rules.DECLARED_ELSEWHERE,
            owner=writer,
            source=dotted_name(thing),
            target=wire_name,
            detail=f"{wire_name} of {named} is declared in {thing.__module__} of {territory.named(writer)}.",
            at=thing,
        )


def _commands(territory: Territory) -> Iterator[Finding]:
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in find_commands(django.core.management.__path__[0]):
        places[name].append(("", "django.core"))
    for owner, config in territory.configs():
        for name in find_commands(str(Path(config.path) / "management")):
            places[name].append((owner, config.name))
    for name, holders in sorted(places.items()):
        for owner, place in holders:
            others = [other for whose, other in holders if territory.crosses(owner, whose)]
            if territory.is_module(owner) and others:
                yield territory.finding(
                    rules.SHADOWED_COMMAND,
                    owner=owner,
                    source=f"{place}.management.commands.{name}",
                    target=f"{others[0]}.management.commands.{name}",
                    detail=f"{place} and {others[0]} both have a command {name}.",
                )


def _fixtures(territory: Territory) -> Iterator[Finding]:
    for owner, config in territory.configs():
        folder = Path(config.path) / "fixtures"
        if not territory.is_module(owner) or not folder.is_dir():
            continue
        for file in sorted(
            path for path in folder.rglob("*") if path.suffix in (".json", ".jsonl", ".yaml", ".yml", ".xml")
        ):
            for label, model in sorted(set(_ROW_OF.findall(file.read_text(errors="replace")))):
                other = territory.owner_of_label(label)
                if territory.crosses(owner, other):
                    yield territory.finding(
                        rules.FOREIGN_FIXTURE,
                        owner=owner,
                        source=f"{owner} fixture {file.relative_to(folder).as_posix()}",
                        target=f"{label}.{model}",
                        detail=f"The fixture {file.name} of {owner} holds rows of {label}.{model}, which is"
                        f" {territory.named(other)}'s.",
                    )
