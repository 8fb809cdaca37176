"""The tests: the same wiring on throw-away databases that `tests/conftest.py` makes."""

from infra.databases.configuration import DatabaseConfiguration, owner_url_variable, url_variable
from infra.databases.embedded import EmbeddedServer
from infra.deployment.environment import Environment
from infra.deployment.module_settings import declared_by
from infra.extraction.configuration import Logins
from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import ALIASES, CONTRACT_CALLERS, MODULES, SCHEMAS
from monolith.settings.base import VERIFICATION_KEYS as PUBLISHED_VERIFICATION_KEYS  # noqa: F401

TOKEN_SIGNING_KEYS = [
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJDoOCe1N9WxpzqQgEy5SDeKVoOrN1hq19fJveea2PpL\n"
    "-----END PRIVATE KEY-----\n"
]
_secrets = Environment({"TOKEN_SIGNING_KEYS": TOKEN_SIGNING_KEYS[0]})
globals().update(declared_by("modules", MODULES, _secrets, None) | globals())

# Placeholders that nothing answers at; tests/databases.py puts the real address in their place.
_nowhere = "postgresql://tests:tests@127.0.0.1:1/not_made_yet"
_variables = {name(alias): _nowhere for alias in ALIASES for name in (url_variable, owner_url_variable)}
_databases = DatabaseConfiguration(Environment(_variables), SCHEMAS, embedded=None)
EMBEDDED_SERVER: EmbeddedServer | None = None
EMBEDDED_ALIASES = _databases.embedded_aliases
DATABASES = _databases.serving()
DATABASE_OWNERS = _databases.owners()
ADMIN_DATABASE_URL = _databases.admin_url()
# Modules move to where a test says.
SERVICE_ADDRESSES: dict[str, str] = {}
SERVICE_DATABASES: dict[str, Logins] = {}
SHARED_DATABASES: dict[str, Logins] = {}
RECORD_FOLLOWER_URL = ""
MONOLITH_URL = "http://127.0.0.1:1"


def SERVICE_SERVER_OF(module: str) -> EmbeddedServer | None:  # noqa: N802 (a setting)
    return None


DEBUG = False
SECRET_KEY = "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz"
SERVICE_KEYS = ["tests:0123456789abcdef0123456789abcdef"]
ALLOWED_HOSTS = ["*"]
GUARD_POLICY = "raise"
GUARD_STATEMENTS = True
CONTRACT_CALLERS = {name: (*callers, "tests") for name, callers in CONTRACT_CALLERS.items()}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PAYMENT_WEBHOOK_SECRETS = {"sandbox": ["whsec_dGVzdHMtb25seS1zYW5kYm94LXNlY3JldA=="]}
DEMO_ACCOUNTS = True
VERIFICATION_KEYS = "tests.api.verification_keys"  # the published ones, and one that tests sign with
WHITENOISE_AUTOREFRESH = True  # the folder of collected static files need not be there
LOGGING = {"format": "json", "level": "WARNING"}
