"""A recorder that notes for one test, and a store that takes its notes to the table at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.boundaries.observation.recording import Recorder
from infra.boundaries.observation.storing import Store
from tests.infra.contracts.conftest import echo

__all__ = ["echo"]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    recorder.begin()
    yield recorder
    recorder.stop()


@pytest.fixture
def store(database: None, recorder: Recorder) -> Store:
    return Store(recorder)
