"""Settings of the processes that tests start: the tests' own databases, and handlers that remember."""

import json
import os

from monolith.settings.test import *  # noqa: F403
from monolith.settings.test import DATABASES

for _alias, _address in json.loads(os.environ["BANYAN_TEST_DATABASES"]).items():
    DATABASES[_alias].update(_address)

# Without the shop: its handlers and periodic tasks have tests of their own.
INSTALLED_APPS = ["infra.databases", "infra.events", "infra.schedule", "tests.infra.events.process_app.ProcessConfig"]
ROOT_URLCONF = "tests.infra.events.process_app"
MIDDLEWARE = []
EVENTS_LEASE_SECONDS = 2.0  # what a killed relay held is taken over soon
EVENTS_RESEND_SECONDS = 1.0
EVENTS_BACKOFF_SECONDS = 0.05
EVENTS_ATTEMPTS = 4
EXTRACTION_RECORD_URL = os.environ.get("BANYAN_TEST_RECORD", "")
