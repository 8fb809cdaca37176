"""The consumer of the event benchmark: one row per event, written through the ORM, as a read model would."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from django.apps import AppConfig
from django.db import models

from infra.events.declaration import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured(Event):
    """Something happened in catalog that orders keeps a row about."""

    name: ClassVar[str] = "catalog.benchmark_measured.v1"
    stream: ClassVar[str] = "key"
    key: str
    number: int
    committed_at: int  # nanoseconds of the clock that all processes of a machine share, read just before the commit


class ConsumerConfig(AppConfig):
    name = "tests.benchmarks"
    label = "event_benchmark"

    def ready(self) -> None:
        from infra.events.subscriptions import subscribe

        subscribe(Measured, consumer="orders")(keep_a_row)


def effect_model() -> type[models.Model]:
    return _model()


def keep_a_row(event: Measured) -> None:
    """Write a row through the ORM."""
    _model().objects.create(  # type: ignore[attr-defined]
        key=event.key, number=event.number, nanoseconds_late=time.monotonic_ns() - event.committed_at
    )


def _model() -> type[models.Model]:
    return _models[0] if _models else _declare()


_models: list[type[models.Model]] = []


def _declare() -> type[models.Model]:
    class Effect(models.Model):
        position = models.BigAutoField(primary_key=True)
        key = models.TextField()
        number = models.IntegerField()
        nanoseconds_late = models.BigIntegerField()
        at = models.DateTimeField(auto_now_add=True)

        class Meta:
            app_label = "orders"
            db_table = "benchmark_effect"

    _models.append(Effect)
    return Effect
