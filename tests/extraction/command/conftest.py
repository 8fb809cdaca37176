"""The made-up module, as the command sees it: known by a manifest, with a service that says what this code says."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command

from infra.extraction.command import preconditions
from tests.extraction.move.place import MODULE, Place
from tests.extraction.retiring.conftest import place, switched

__all__ = ["place", "switched"]
Typed = Callable[..., tuple[int, str]]
Asked = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def same_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `Place` answers at the service's address is what this code says of the module."""
    said = {"module": MODULE, "contracts": {}, "events": {}, "schemaVersion": "1"}
    monkeypatch.setattr(preconditions, "facts_of", lambda manifest: said)
    original = httpx.get

    class Answer:
        status_code = 200

        def json(self) -> dict[str, Any]:
            return said

    def get(url: str, **options: Any) -> Any:
        return Answer() if url.startswith(settings.SERVICE_ADDRESSES.get(MODULE, "-")) else original(url, **options)

    monkeypatch.setattr(httpx, "get", get)


@pytest.fixture
def typed() -> Typed:
    """Type `extract ledger ...`; returns exit code and output."""

    def run(*arguments: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("extract", MODULE, *arguments, stdout=out)
        except SystemExit as ended:
            return int(ended.code or 0), out.getvalue()
        return 0, out.getvalue()

    return run


@pytest.fixture
def asked(typed: Typed) -> Asked:
    """Type it with --json; returns the object, with the exit code in it."""

    def run(*arguments: str) -> dict[str, Any]:
        code, text = typed(*arguments, "--json")
        document: dict[str, Any] = json.loads(text)
        return {**document, "exit": code}

    return run


@pytest.fixture
def carried(place: Place) -> Place:
    """A carrier lives, in a process of its own."""
    carrier = place.start("carrier")
    assert carrier.stdout is not None
    assert carrier.stdout.readline() == "ready\n"
    return place
