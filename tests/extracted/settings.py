"""Settings of a service for the tests of its module: its own ones, on the throw-away database of tests/conftest.py.

The service is the one that the variable TESTED_SERVICE names.
"""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url

from infra.databases.configuration import pooled
from infra.databases.embedded import EmbeddedServer
from infra.deployment.environment import Environment
from infra.service.configuration import ServiceConfiguration
from monolith.settings import test as of_the_monolith

_module = os.environ["TESTED_SERVICE"]
_nowhere = "postgresql://tests:tests@127.0.0.1:1/not_made_yet"
_variables = {
    f"{_module.upper()}_SERVICE_DATABASE_URL": _nowhere,
    f"{_module.upper()}_SERVICE_OWNER_DATABASE_URL": _nowhere,
    "FOLLOW_RECORD": "no",
    "SECRET_KEY": of_the_monolith.SECRET_KEY,
    "SERVICE_KEYS": ",".join(of_the_monolith.SERVICE_KEYS),
    "ALLOWED_HOSTS": "*",
    "TOKEN_SIGNING_KEYS": of_the_monolith.TOKEN_SIGNING_KEYS[0],
}
_service = ServiceConfiguration(
    _module,
    package=f"extracted.{_module}",
    root=Path(__file__).resolve().parents[2],
    env=Environment(_variables),
)
globals().update(_service.settings())

# Nobody follows a record here: one database, with the engine that the tests of the monolith use.
DATABASES = {"default": {}, _module: pooled(dj_database_url.parse(_nowhere), Environment({}))}
# Other modules are played by fakes of the tests, in this process.
MODULE_LOCATIONS = dict.fromkeys((manifest.name for manifest in of_the_monolith.MANIFESTS), "local")
MONOLITH_URL = ""
EMBEDDED_SERVER: EmbeddedServer | None = None
ROOT_URLCONF = "infra.service.addresses"
GUARD_POLICY = "raise"
GUARD_STATEMENTS = True
CONTRACT_CALLERS = of_the_monolith.CONTRACT_CALLERS
PASSWORD_HASHERS = of_the_monolith.PASSWORD_HASHERS
PAYMENT_WEBHOOK_SECRETS = of_the_monolith.PAYMENT_WEBHOOK_SECRETS
EMAIL_BACKEND = of_the_monolith.EMAIL_BACKEND
DEMO_ACCOUNTS = True
PUBLISHED_VERIFICATION_KEYS = "modules.users.queries.signing_keys.public_keys"  # where there are any
VERIFICATION_KEYS = of_the_monolith.VERIFICATION_KEYS
LOGGING = of_the_monolith.LOGGING
