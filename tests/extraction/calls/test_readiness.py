"""A process is ready to ask a service before the first customer does."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.checkout import ROOT

PROGRAM = """
import sys, django
django.setup()
from infra.extraction.calls import be_ready_to_ask
from infra.extraction.record import presence
from infra.extraction.record.values import Phase, Where

assert be_ready_to_ask in presence._listeners
at_home = Where(module="a", phase=Phase.IN_PROCESS)
be_ready_to_ask({"a": at_home})
print("infra.contracts.http_route" in sys.modules)
be_ready_to_ask({"a": at_home, "b": Where(module="b", phase=Phase.SHARED_DATABASE, addresses={"service": "http://b"})})
print("infra.contracts.http_route" in sys.modules)
"""


def test_the_http_client_is_loaded_with_the_first_news_of_a_service_and_not_before() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "monolith.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout.split() == ["False", "True"], ended.stderr
