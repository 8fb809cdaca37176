"""One process on a laptop: embedded PostgreSQL, secrets made up and kept in the state folder."""

from infra.databases.configuration import DatabaseConfiguration
from infra.databases.embedded import EmbeddedServer
from infra.deployment.module_settings import declared_by
from infra.extraction.configuration import ExtractionConfiguration
from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import MANIFESTS, MODULES, SCHEMAS, STATE_DIR, env

# What the modules declare (modules/*/settings.py); what stands here or in base.py about the same counts.
globals().update(declared_by("modules", MODULES, env, STATE_DIR) | globals())

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
DEMO_ACCOUNTS = True
# Static files are served from where they are written; nothing has to be collected on a laptop.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
