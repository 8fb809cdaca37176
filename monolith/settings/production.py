"""Production: every secret and every database URL comes from the environment."""

from infra.databases.configuration import DatabaseConfiguration
from infra.deployment.module_settings import declared_by
from infra.extraction.configuration import ExtractionConfiguration
from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import MANIFESTS, MODULES, SCHEMAS, STATE_DIR, env

# What the modules declare (modules/*/settings.py); what stands here or in base.py about the same counts.
globals().update(declared_by("modules", MODULES, env, None) | globals())

EMBEDDED_SERVER = None
_databases = DatabaseConfiguration(env, SCHEMAS, embedded=None)
EMBEDDED_ALIASES = _databases.embedded_aliases
DATABASES = _databases.serving()
DATABASE_OWNERS = _databases.owners()  # used by migrations only
ADMIN_DATABASE_URL = _databases.admin_url()
EXTRACTION_RECORD_URL = env.url("EXTRACTION_RECORD_URL", env.text("DEFAULT_DATABASE_URL"))
_extraction = ExtractionConfiguration(env, MANIFESTS, None)
SERVICE_ADDRESSES = _extraction.addresses()
SERVICE_DATABASES = _extraction.databases()
SERVICE_SERVER_OF = _extraction.server_of
SHARED_DATABASES = _extraction.shared_databases(None)
RECORD_FOLLOWER_URL = _extraction.record_follower_url(None)
MONOLITH_URL = _extraction.monolith_url()

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
SERVICE_KEYS = env.words("SERVICE_KEYS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
GUARD_POLICY = env.choice("GUARD_POLICY", "log", ("raise", "log"))

# --- HTTPS ---

SHOP_URL = env.text("SHOP_URL")
PROBLEM_TYPE_BASE = f"{SHOP_URL}/api/problems/"
TOKEN_ISSUER = env.text("TOKEN_ISSUER", SHOP_URL)
CSRF_TRUSTED_ORIGINS = [SHOP_URL]
SECURE_SSL_REDIRECT = True
# Orchestrators and services ask over the inner network, in plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$", r"^_contracts/", r"^_events/"]
# gunicorn speaks plain HTTP: a proxy in front ends TLS, and says in these headers who came and how. Nothing else may reach
# the port, as any client can write them.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 1, least=1)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 365 * 24 * 3600)  # a year: what browsers' preload lists ask for
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_SUBDOMAINS", True)
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD", True)

# --- Files ---

STATIC_ROOT = env.text("STATIC_ROOT", str(STATE_DIR / "static"))  # filled by collectstatic when the image is built
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Names with the contents' digest: browsers keep them for ever.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
