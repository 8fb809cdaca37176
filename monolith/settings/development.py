"""One process on a laptop: embedded PostgreSQL, secrets made up and kept in the state folder."""

from infra.databases.configuration import DatabaseConfiguration
from infra.databases.embedded import EmbeddedServer
from infra.extraction.configuration import ExtractionConfiguration
from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import MANIFESTS, SCHEMAS, STATE_DIR, env
from monolith.settings.token_signing import kept_key

EMBEDDED_SERVER = EmbeddedServer(STATE_DIR / "postgres")
_databases = DatabaseConfiguration(env, SCHEMAS, EMBEDDED_SERVER)
EMBEDDED_ALIASES = _databases.embedded_aliases
DATABASES = _databases.serving()
DATABASE_OWNERS = _databases.owners()  # used by migrations only
ADMIN_DATABASE_URL = _databases.admin_url()
EXTRACTION_RECORD_URL = env.url(
    "EXTRACTION_RECORD_URL", env.text("DEFAULT_DATABASE_URL", EMBEDDED_SERVER.url("platform"))
)
_extraction = ExtractionConfiguration(env, MANIFESTS, STATE_DIR)
SERVICE_ADDRESSES = _extraction.addresses()
SERVICE_DATABASES = _extraction.databases()
SERVICE_SERVER_OF = _extraction.server_of
SHARED_DATABASES = _extraction.shared_databases(EMBEDDED_SERVER)
RECORD_FOLLOWER_URL = _extraction.record_follower_url(EMBEDDED_SERVER)
MONOLITH_URL = _extraction.monolith_url()

DEBUG = env.flag("DEBUG", False)
SAMPLE_CATALOGUE = env.flag("SAMPLE_CATALOGUE", True)
SECRET_KEY = env.text("SECRET_KEY", EMBEDDED_SERVER.password("django-secret-key"))
SERVICE_KEYS = env.words("SERVICE_KEYS", "development:" + EMBEDDED_SERVER.password("service-key"))
ALLOWED_HOSTS = ["*"]
LOGGING = {"format": env.choice("LOG_FORMAT", "console", ("json", "console")), "level": env.text("LOG_LEVEL", "INFO")}
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SHOP_TAX_RATE_PERCENT = env.text("SHOP_TAX_RATE_PERCENT", "19")  # so that invoices show what they can
DEMO_ACCOUNTS = True
TOKEN_SIGNING_KEYS = [kept_key(STATE_DIR / "token-signing-key.pem")]
# Static files are served from where they are written; nothing has to be collected on a laptop.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
