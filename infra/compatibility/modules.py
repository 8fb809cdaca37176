"""What the modules of this project have on offer: their contracts and events, and the shelves of their descriptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from infra.boundaries.manifest import Manifest
from infra.compatibility.changes import Change, contract_changes, event_changes
from infra.compatibility.descriptions import Document, describe_contract, describe_event
from infra.compatibility.payloads import (
    Recording,
    record_contract,
    record_event,
    replay_contract,
    replay_event,
)
from infra.compatibility.releases import FOLDER, Shelf
from infra.contracts.declaration import Contract, declared_contracts
from infra.events.declaration import Event, declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A contract or an event, as far as compatibility goes."""

    wire_name: str
    document: Document
    file: Path  # where it is declared
    lines: dict[str, int]  # by "catalog.v1 offers", or its own name
    changes: Callable[[Document], list[Change]]  # since a released description
    record: Callable[[], Recording]
    replay: Callable[[Recording, set[str]], list[Change]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """One module's contracts and events by wire name, and where their descriptions are."""

    module: str
    shelf: Shelf
    subjects: dict[str, Subject]


def offerings(manifests: Iterable[Manifest], package: str) -> list[Offering]:
    """Return what each module of a package declares, whether its manifest names it or not.

    A module of which this build holds the public files alone counts as well.
    """
    return [_offering(package, manifest.name) for manifest in manifests]


def subject_of_contract(contract: Contract) -> Subject:
    document = describe_contract(contract)
    lines = {str(method): method.function.__code__.co_firstlineno for method in contract.methods.values()}
    return Subject(
        wire_name=contract.wire_name,
        document=document,
        file=_file_of(contract.protocol),
        lines={contract.wire_name: _line_of(contract.protocol), **lines},
        changes=lambda released: contract_changes(released, document),
        record=lambda: record_contract(contract),
        replay=lambda recording, known: replay_contract(contract, recording, known),
    )


def subject_of_event(event: type[Event]) -> Subject:
    document = describe_event(event)
    return Subject(
        wire_name=event.name,
        document=document,
        file=_file_of(event),
        lines={event.name: _line_of(event)},
        changes=lambda released: event_changes(released, document),
        record=lambda: record_event(event),
        replay=lambda recording, known: replay_event(event, recording),
    )


def _offering(package: str, module: str) -> Offering:
    home = f"{package}.{module}"
    for part in ("contract", "events"):
        if find_spec(f"{home}.{part}"):
            import_module(f"{home}.{part}")

    def is_here(declared_class: type) -> bool:
        return declared_class.__module__.startswith(f"{home}.")

    subjects = [
        *(subject_of_contract(contract) for contract in declared_contracts() if is_here(contract.protocol)),
        *(subject_of_event(event) for event in declared().values() if is_here(event)),
    ]
    return Offering(
        module=module,
        shelf=Shelf(Path(import_module(home).__path__[0]) / FOLDER),
        subjects={subject.wire_name: subject for subject in subjects},
    )


def _file_of(declared_class: type) -> Path:
    return Path(inspect.getsourcefile(declared_class) or "")


def _line_of(declared_class: type) -> int:
    return inspect.getsourcelines(declared_class)[1]
