"""Settings of the processes of the event benchmark: its own databases, its consumer, and nothing of the shop."""

import json
import os

from monolith.settings.test import *  # noqa: F403
from monolith.settings.test import DATABASES

for _alias, _address in json.loads(os.environ.get("BANYAN_BENCHMARK_DATABASES", "{}")).items():
    DATABASES[_alias].update(_address)

INSTALLED_APPS = ["infra.databases", "infra.events", "infra.schedule", "tests.benchmarks.event_consumer.ConsumerConfig"]
ROOT_URLCONF = "tests.benchmarks.event_settings"
urlpatterns: list[object] = []
