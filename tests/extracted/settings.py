"""Settings of a service for the tests of its module: its own ones, on the throw-away database of tests/conftest.py.

The service is the one that the variable TESTED_SERVICE names. Nothing here needs the single web app: the tests of a module run
in an environment, too, that holds its service alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url

from infra.databases.configuration import pooled
from infra.databases.embedded import EmbeddedServer
from infra.deployment.environment import Environment
from infra.service.configuration import ServiceConfiguration

_module = os.environ["TESTED_SERVICE"]
_nowhere = "postgresql://tests:tests@127.0.0.1:1/not_made_yet"
_variables = {
    f"{_module.upper()}_SERVICE_DATABASE_URL": _nowhere,
    f"{_module.upper()}_SERVICE_OWNER_DATABASE_URL": _nowhere,
    "FOLLOW_RECORD": "no",
    "SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SERVICE_KEYS": "tests:0123456789abcdef0123456789abcdef",
    "ALLOWED_HOSTS": "*",
    "TOKEN_SIGNING_KEYS": "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJDoOCe1N9WxpzqQgEy5SDeKVoOrN1hq19fJveea2PpL\n"
    "-----END PRIVATE KEY-----\n",
}
_service = ServiceConfiguration(
    _module,
    package=f"extracted.{_module}",
    root=Path(__file__).resolve().parents[2],
    env=Environment(_variables),
)
_settings = _service.settings()
globals().update(_settings)

# Nobody follows a record here: one database, with the engine that the tests of the monolith use.
DATABASES = {"default": {}, _module: pooled(dj_database_url.parse(_nowhere), Environment({}))}
# Other modules are played by fakes of the tests, in this process.
MODULE_LOCATIONS = dict.fromkeys(_settings["MODULE_LOCATIONS"], "local")
MONOLITH_URL = ""
EMBEDDED_SERVER: EmbeddedServer | None = None
ROOT_URLCONF = "infra.service.addresses"
GUARD_POLICY = "raise"
GUARD_STATEMENTS = True
CONTRACT_CALLERS = {name: (*callers, "tests") for name, callers in _settings["CONTRACT_CALLERS"].items()}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PAYMENT_WEBHOOK_SECRETS = {"sandbox": ["whsec_dGVzdHMtb25seS1zYW5kYm94LXNlY3JldA=="]}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DEMO_ACCOUNTS = True
PUBLISHED_VERIFICATION_KEYS = "modules.users.queries.signing_keys.public_keys"  # where there are any
VERIFICATION_KEYS = "tests.api.verification_keys"
LOGGING = {"format": "json", "level": "WARNING"}
