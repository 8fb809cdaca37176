from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest

from infra.contracts.errors import ContractDeclarationError, ContractViolation
from infra.events.declaration import Event, EventDeclarationError, UnknownEvent, declared, format_of
from infra.identifiers import new_id
from infra.money import Money
from tests.infra.events.facts import Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Detailed(Event):
    """An event with one field of most kinds."""

    name: ClassVar[str] = "catalog.test_detailed.v1"
    stream: ClassVar[str] = "thing_id"
    thing_id: UUID
    price: Money
    at: datetime
    tags: tuple[str, ...]
    note: str | None = None
    colour: str = "green"


DETAILED = Detailed(thing_id=new_id(), price=Money(1990, "EUR"), at=datetime(2026, 1, 2, tzinfo=UTC), tags=("a", "b"))


def declare(**attributes: Any) -> None:
    annotations = {"name": ClassVar[str], "stream": ClassVar[str], "key": str} | attributes.pop("annotations", {})
    body = {"name": "catalog.test_planted.v1", "stream": "key", "__annotations__": annotations} | attributes
    type("Planted", (Event,), body)


@pytest.mark.parametrize(
    "name", ["Planted", "catalog.planted", "catalog.planted.1", "catalog.planted.v0", "Catalog.a.v1"]
)
def test_a_name_that_is_not_module_fact_version_is_refused(name: str) -> None:
    with pytest.raises(EventDeclarationError, match=r"module\.fact\.vN"):
        declare(name=name)


def test_an_event_without_a_name_of_its_own_is_refused() -> None:
    with pytest.raises(EventDeclarationError, match="needs `name"):
        declare(name=None)


@pytest.mark.parametrize(("stream", "type_"), [("missing", str), ("key", str | None), ("key", Money)])
def test_the_stream_must_name_a_field_that_can_be_a_key(stream: str, type_: Any) -> None:
    with pytest.raises(EventDeclarationError, match="stream"):
        declare(stream=stream, annotations={"key": type_})


@pytest.mark.parametrize("type_", [float, dict[str, int], Any, object, bytes])
def test_a_field_that_cannot_cross_is_refused(type_: Any) -> None:
    with pytest.raises(ContractDeclarationError, match=r"Planted\.extra"):
        declare(annotations={"extra": type_})


def test_a_name_belongs_to_one_class() -> None:
    with pytest.raises(EventDeclarationError, match=r"facts\.Happened"):
        declare(name=Happened.name)

    assert declared()[Happened.name] is Happened


def test_a_class_that_is_no_frozen_dataclass_cannot_be_read_or_written() -> None:
    class HalfDeclared(Event):
        name: ClassVar[str] = "catalog.test_half_declared.v1"
        stream: ClassVar[str] = "key"
        key: str

    with pytest.raises(EventDeclarationError, match="dataclass"):
        format_of(HalfDeclared.name).encode(HalfDeclared())


def test_an_event_is_the_same_after_writing_and_reading() -> None:
    format_ = format_of(Detailed.name)

    assert format_.decode(format_.encode(DETAILED)) == DETAILED


def test_a_newer_event_is_read_without_its_new_fields_and_an_older_one_with_defaults() -> None:
    read = format_of(Happened.name).decode(b'{"key": "a", "number": 1, "addedLater": [1]}')
    older = format_of(Detailed.name).decode(
        b'{"thing_id": "018f0000-0000-7000-8000-000000000000", "price": {"amount": 1, "currency": "EUR"},'
        b' "at": "2026-01-02T00:00:00Z", "tags": []}'
    )

    assert read == Happened(key="a", number=1)
    assert isinstance(older, Detailed)
    assert older.colour == "green"


def test_a_value_of_the_wrong_type_is_refused_before_it_is_written() -> None:
    with pytest.raises(TypeError, match="number"):
        format_of(Happened.name).encode(Happened(key="a", number="seven"))  # type: ignore[arg-type]


def test_an_instant_without_a_time_zone_is_refused() -> None:
    naive = Detailed(thing_id=new_id(), price=Money(1, "EUR"), at=datetime(2026, 1, 2), tags=())  # noqa: DTZ001

    with pytest.raises(ContractViolation, match="time zone"):
        format_of(Detailed.name).encode(naive)


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        format_of(Happened.name).key_of(Happened(key="", number=1))


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(UnknownEvent, match=r"catalog\.never_heard\.v1"):
        format_of("catalog.never_heard.v1")
