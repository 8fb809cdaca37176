"""The settings of the service process: the tests' own, with orders at home in another database, and everything else elsewhere."""

import json
import os
from pathlib import Path

from monolith.settings.test import *  # noqa: F403
from monolith.settings.test import CONTRACT_CALLERS, DATABASES, INSTALLED_APPS, MANIFESTS

_place = json.loads(os.environ["BANYAN_TEST_PLACE"])
for _alias, _address in _place["databases"].items():
    DATABASES[_alias].update(_address)
SERVICE_OF = "orders"
SERVICE_NAME = "orders"
MONOLITH_URL = _place["monolith"]
MODULE_LOCATIONS = {manifest.name: "local" if manifest.name == "orders" else MONOLITH_URL for manifest in MANIFESTS}
EXTRACTION_RECORD_URL = _place["record"]
STATE_DIR = Path(_place["state"])
INSTALLED_APPS = [*INSTALLED_APPS, "tests.extraction.calls.service_app.ServiceConfig"]
CONTRACT_CALLERS = {**CONTRACT_CALLERS, "orders.v99": ("tests", "payments")}
EVENT_CONSUMERS = {"orders.test_followed.v1": ("catalog",)}
EVENTS_BACKOFF_SECONDS = 0.05
EVENTS_POLL_IN_WEB_SECONDS = 0.05
LOGGING = {"format": "console", "level": "INFO"}
