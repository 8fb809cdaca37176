"""Production: every secret and every database URL comes from the environment."""

from infra.databases.configuration import DatabaseConfiguration
from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import SCHEMAS, env
from monolith.settings.token_signing import keys_from

EMBEDDED_SERVER = None
_databases = DatabaseConfiguration(env, SCHEMAS, embedded=None)
EMBEDDED_ALIASES = _databases.embedded_aliases
DATABASES = _databases.serving()
DATABASE_OWNERS = _databases.owners()  # used by migrations only
ADMIN_DATABASE_URL = _databases.admin_url()

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
SERVICE_KEYS = env.words("SERVICE_KEYS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
GUARD_POLICY = env.text("GUARD_POLICY", "log")
TOKEN_SIGNING_KEYS = keys_from(env.text("TOKEN_SIGNING_KEYS"))
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", " ").strip()
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", " ").strip()
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
