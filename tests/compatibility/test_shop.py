"""This shop's own modules and API against what was released of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction
from openapi_spec_validator import OpenAPIV31SpecValidator

from infra.boundaries.manifest import Manifest
from infra.compatibility.api import SUBJECT, describe_api
from infra.compatibility.descriptions import contract_hash, hash_of
from infra.compatibility.modules import offerings
from infra.compatibility.project import check
from infra.compatibility.releases import Release, Shelf
from infra.events.declaration import declared, format_of
from infra.events.envelope import Run, decode_runs, encode_runs
from infra.events.outbox_relay import Relay
from infra.events.subscriptions import consumers_of
from infra.events.testing import subscribed
from infra.identifiers import new_id

MANIFESTS: Sequence[Manifest] = settings.MANIFESTS
OFFERINGS = offerings(MANIFESTS, settings.HOUSE.modules)
EVENT_RELEASES = [
    pytest.param(release, id=f"{release.subject} {release.name}")
    for offering in OFFERINGS
    for name in offering.shelf.released_subjects()
    for release in offering.shelf.releases(name)
    if "event" in release.document
]


def test_nothing_that_was_released_breaks_and_every_description_is_up_to_date() -> None:
    assert [f"{finding.where}: {finding.detail}" for finding in check(MANIFESTS, settings.HOUSE.modules)] == []


def test_everything_on_offer_is_described_under_the_hash_that_it_has() -> None:
    for offering, manifest in zip(OFFERINGS, MANIFESTS, strict=True):
        assert set(offering.subjects) == {*manifest.offers, *manifest.publishes}
        for name in offering.subjects:
            committed = json.loads(offering.shelf.committed(name) or "null")
            assert hash_of(committed) == contract_hash(name)


def test_every_released_payload_was_recorded() -> None:
    for offering in OFFERINGS:
        for name in offering.shelf.released_subjects():
            assert all(len(release.recording) >= 2 for release in offering.shelf.releases(name))


def test_the_described_api_is_valid_openapi_and_the_same_each_time() -> None:
    document = describe_api("monolith.urls")

    OpenAPIV31SpecValidator(document).validate()
    assert document == describe_api("monolith.urls")


def test_the_described_api_names_no_setting_of_this_machine(settings: Any) -> None:
    folder: Path = settings.API_DESCRIPTIONS
    text = Shelf(folder).present_file(SUBJECT).read_text()

    assert settings.SHOP_URL not in text
    assert str(settings.BASE_DIR) not in text


@pytest.fixture
def _somebody_hears_every_event() -> Iterator[None]:
    with ExitStack() as stack:
        for name, event_class in declared().items():
            if not consumers_of(name) and name.partition(".")[0] in settings.MODULES:
                stack.enter_context(subscribed(event_class, lambda event: None, consumer="orders"))
        yield


@pytest.mark.usefixtures("database", "_somebody_hears_every_event")
@pytest.mark.parametrize("release", EVENT_RELEASES)
def test_rows_of_a_released_version_that_still_wait_in_an_outbox_are_read(release: Release) -> None:
    """Rows as the released version wrote them, handed over by today's relay, through the broker's form, to today's types."""
    module = release.subject.partition(".")[0]
    written = [body.decode() for _, body in release.recording]
    put_into_outbox(module, release, written)

    handed: list[Run] = []
    Relay(module, lambda consumer, runs: handed.extend(runs), confirmed_by_handover=True).relay_once()

    format_ = format_of(release.subject)
    envelopes = {
        numbered.event.id: numbered.event
        for run in decode_runs(encode_runs(handed))
        for numbered in run.events
        if numbered.event.type == release.subject
    }
    read = [format_.decode(bytes(envelope.data)) for envelope in envelopes.values()]
    assert len(read) == len(written)
    assert all(format_.decode(body) in read for body in written)


def put_into_outbox(module: str, release: Release, payloads: list[str]) -> None:
    seen: dict[str, int] = {}
    with transaction.atomic(using=module), connections[module].cursor() as cursor:
        for payload in payloads:
            key = str(json.loads(payload)[release.document["stream"]])
            seq = seen[key] = seen.get(key, 0) + 1
            row: list[Any] = [new_id(), key, seq, release.subject, payload]
            cursor.execute(
                "INSERT INTO outbox_event (id, stream, seq, name, payload) VALUES (%s, %s, %s, %s, %s::jsonb)", row
            )
            cursor.execute("INSERT INTO outbox_ready (stream, seq) VALUES (%s, %s)", [key, seq])
        for key, seq in seen.items():
            cursor.execute("INSERT INTO outbox_stream (key, last_seq) VALUES (%s, %s)", [key, seq])
