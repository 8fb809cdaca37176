"""The settings of the processes that these tests start: those of all tests, with the made-up module and its two databases.

Nothing of the shop is loaded, which no mover needs: dozens of these processes are started.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from monolith.settings.test import *  # noqa: F403
from monolith.settings.test import (
    DATABASE_OWNERS,
    DATABASES,
    INSTALLED_APPS,
    SCHEMAS,
    SERVICE_ADDRESSES,
    SERVICE_DATABASES,
)

PLACE_VARIABLE = "BANYAN_TEST_MOVE"
_place: dict[str, Any] = json.loads(os.environ[PLACE_VARIABLE])
_OF_THE_SHOP = ("modules.", "monolith.", "django.contrib.", "rest_framework", "drf_spectacular")
INSTALLED_APPS = [
    *(name for name in INSTALLED_APPS if not name.startswith(_OF_THE_SHOP)),
    "tests.extraction.move.ledger",
]
DATABASES["default"].update(_place["default"])
for _alias in ("ledger", "ledger_service"):
    DATABASES[_alias] = {**DATABASES["payments"], **_place[_alias]}
DATABASE_OWNERS["ledger"] = _place["owner"]
SCHEMAS["ledger"] = "ledger"
SERVICE_DATABASES["ledger"] = _place["service"]
SERVICE_ADDRESSES["ledger"] = _place["address"]
EXTRACTION_RECORD_URL = _place["record"]
STATE_DIR = Path(_place["state"])
EXTRACTION_LOG_MEGABYTES = int(_place.get("log_megabytes", 4096))
LOGGING = {"format": "console", "level": "INFO"}
