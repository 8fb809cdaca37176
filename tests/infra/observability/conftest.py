from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from infra.observability import logs, observations

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _small_shop(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.infra.http.shop"


@pytest.fixture
def log_lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Log as in production; returns what has been written so far, parsed, line by line."""
    observations.flush()
    logs.configure({"format": "json", "level": "INFO"})
    written: list[str] = []

    def read() -> list[dict[str, Any]]:
        observations.flush()
        written.extend(capsys.readouterr().err.splitlines())
        return [json.loads(line) for line in written]

    yield read
    observations.flush()
    logs.configure(django_settings.LOGGING)
