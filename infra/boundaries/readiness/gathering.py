"""Gathering what is to be known about one module, from its manifest, the loaded project, the databases and a watched shop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from django.conf import settings
from django.db import DatabaseError, connections

from infra.boundaries.findings import Finding, in_order
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.observation.figures import Arrow, Observations
from infra.boundaries.patterns.evidence import NOBODY_WATCHED
from infra.boundaries.patterns.looking import evidence_here
from infra.boundaries.readiness.model import HeardEvent, Readiness, Stock, Way
from infra.boundaries.readiness.ranking import ranked
from infra.boundaries.readiness.stock import stock_of
from infra.boundaries.readiness.uses import uses_of
from infra.boundaries.report import layers
from infra.boundaries.report.layers import Look, Place
from infra.boundaries.report.looks import LOOKS
from infra.boundaries.report.model import LayerRun
from infra.boundaries.rules import Layer
from infra.databases.preparation import complaint_about_alias
from infra.events.dead_letters import Selection, count
from infra.events.subscriptions import subscription_of
from infra.schedule.declaration import tasks_of


class NoSuchModule(LookupError):
    """No module has that name; the message says which there are."""


def readiness(
    name: str,
    *,
    manifests: Sequence[Manifest] | None = None,
    house: House | None = None,
    looks: Mapping[Layer, Look] = LOOKS,
) -> Readiness:
    """Return how ready a module is to leave, as it can be seen from here.

    Args:
        manifests: of all modules; by default the project's, as is the house.
        looks: how each layer of rules looks for leaks.

    Raises:
        NoSuchModule: there is none of that name.
    """
    manifests = settings.MANIFESTS if manifests is None else manifests
    house = settings.HOUSE if house is None else house
    manifest = next((manifest for manifest in manifests if manifest.name == name), None)
    if manifest is None:
        raise NoSuchModule(
            f"No module is called {name!r}; there are {', '.join(manifest.name for manifest in manifests)}."
        )
    with evidence_here(manifests, house) as (evidence, complaint):
        observations = evidence.observations or Observations()
    complaints = _complaints(manifests)
    runs = layers.run(looks, Place(manifests=manifests, house=house), wanted=(), looks=looks)
    gathered = Readiness(
        manifest=manifest,
        folder=(house.folder / name).relative_to(house.root).as_posix(),
        askers=[other.name for other in manifests if name in other.asked_modules],
        runs=runs,
        leaks=in_order(_leaks(manifest, house, runs)),
        questions_in=_busiest(arrow for arrow in observations.questions if arrow.answerer == name),
        questions_out=_busiest(arrow for arrow in observations.questions if arrow.asker == name),
        ways=[*_ways(name, observations)],
        stock=_stock(manifest, complaints),
        published=[*_published(manifest, manifests, observations, complaints)],
        unheard=[event for event in manifest.publishes if not any(event in other.hears for other in manifests)],
        heard=[_heard(event, manifest, observations, complaints) for event in manifest.hears],
        tasks=[(task.name, task.every_seconds) for task in tasks_of(name)],
        uses=uses_of(name, house),
        not_watched="" if observations else complaint or NOBODY_WATCHED,
    )
    return replace(gathered, todo=ranked(gathered))


def _leaks(manifest: Manifest, house: House, runs: Iterable[LayerRun]) -> Iterator[Finding]:
    """Yield its own leaks, and those of others that lead to it."""
    into = (f"{house.modules}.{manifest.name}.", f"{manifest.name}.")
    for run in runs:
        for finding in run.findings:
            words = set(finding.target.replace('"', " ").split())
            if (
                finding.module == manifest.name
                or finding.target.startswith(into)
                or words & {*manifest.tables, *(f"{manifest.schema}.{table}" for table in manifest.tables)}
            ):
                yield finding


def _busiest(arrows: Iterable[Arrow]) -> list[Arrow]:
    return sorted(arrows, key=lambda arrow: (-arrow.count, arrow.what))


def _ways(name: str, observations: Observations) -> Iterator[Way]:
    """Yield on which ways the module is asked: each of them gets slower by the network."""
    for entry in observations.entries:
        for asked in entry.asked:
            if asked.contract.partition(".")[0] == name:
                yield Way(
                    entry=entry.entry,
                    what=f"{asked.contract} {asked.method}",
                    per_journey=asked.per_journey,
                    most=asked.most,
                    journeys=asked.journeys,
                )


def _stock(manifest: Manifest, complaints: Mapping[str, str]) -> Stock:
    if complaint := complaints[manifest.name]:
        return Stock(missing=complaint)
    try:
        return stock_of(manifest, manifest.name)
    except DatabaseError as error:
        return Stock(missing=f"Its database does not answer: {str(error).strip().splitlines()[0]}")


def _complaints(manifests: Iterable[Manifest]) -> dict[str, str]:
    """Return by module why its database cannot be asked."""
    return {
        manifest.name: complaint_about_alias(manifest.name)
        if manifest.name in connections.settings
        else f"DATABASES has no alias {manifest.name}."
        for manifest in manifests
    }


def _published(
    manifest: Manifest, manifests: Sequence[Manifest], observations: Observations, complaints: Mapping[str, str]
) -> Iterator[HeardEvent]:
    for event in manifest.publishes:
        for other in manifests:
            if event in other.hears:
                yield _heard(event, other, observations, complaints)


def _heard(event: str, consumer: Manifest, observations: Observations, complaints: Mapping[str, str]) -> HeardEvent:
    seen = (arrow for arrow in observations.events if arrow.name == event and arrow.asker == consumer.name)
    return HeardEvent(
        name=event,
        publisher=event.partition(".")[0],
        consumer=consumer.name,
        has_handler=subscription_of(consumer.name, event) is not None,
        dead=None if complaints[consumer.name] else _dead(consumer.name, event),
        observed=next(seen, None),
    )


def _dead(consumer: str, event: str) -> int | None:
    try:
        return count(consumer, Selection(name=event))
    except DatabaseError:  # its tables are not there yet, for instance
        return None
