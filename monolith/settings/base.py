"""Settings of the single web app; the only reader of the environment. Each number says why it is that number."""

from __future__ import annotations

from pathlib import Path

import django_stubs_ext

from infra.boundaries.discovery import callers_by_contract, consumers_by_event, holds_internals, manifests_in
from infra.boundaries.generation.house import House
from infra.deployment import passwords
from infra.deployment.environment import Environment

django_stubs_ext.monkeypatch()  # so that `admin.ModelAdmin[Order]` is a class at run time, too
env = Environment()
BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = Path(env.text("BANYAN_STATE_DIR", str(BASE_DIR / ".banyan")))

MANIFESTS = manifests_in("modules")  # a folder with a manifest is a module: there is no second list to keep
# Where each module lives: "local", or the URL of its service when it lives there for good.
MODULE_LOCATIONS = {manifest.name: env.text(f"{manifest.name.upper()}_MODULE", "local") for manifest in MANIFESTS}
# Those that run here: no setting says otherwise, and this build holds their internals. Of a module that lives elsewhere the
# public files are enough, and it has no database here.
MODULES = tuple(
    name for name, location in MODULE_LOCATIONS.items() if location == "local" and holds_internals("modules", name)
)
ALIASES = ("default", *MODULES)
# What may import what; `manage.py modules generate` writes the rules from this and the manifests.
HOUSE = House(root=BASE_DIR, above=("monolith", "extracted"), modules="modules", below=("infra",))

# --- Databases: one alias, one schema and two roles per module (infra/databases/roles.py) ---

OTHER_SCHEMAS = {"platform": "staff accounts, sessions, and what the shop as a whole remembers"}
SCHEMAS = {"default": "platform"} | {
    manifest.name: manifest.schema for manifest in MANIFESTS if manifest.name in MODULES
}
DATABASE_ROUTERS = ["infra.databases.router.ModuleRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Contracts and events ---

CONTRACT_ROUTE = "inprocess"  # how local modules are asked: inprocess; direct (benchmarks), loopback (tests)
# What a guard does when it sees a boundary crossed (infra/boundaries/runtime): "raise", or "log" and count.
GUARD_POLICY = env.choice("GUARD_POLICY", "raise", ("raise", "log"))
# Whether whose tables each statement names is looked at; the tests do. Elsewhere the roles of the database refuse the same.
GUARD_STATEMENTS = env.flag("GUARD_STATEMENTS", False)
# The questions that one request, task or event may ask; 0: any number. A checkout asks eight, and each may be tried twice.
CONTRACT_CALL_BUDGET = env.number("CONTRACT_CALL_BUDGET", 20)
# How long a call in process waits first, to feel what a network would cost; for development.
CONTRACT_LATENCY_MS = env.number("CONTRACT_LATENCY_MS", 0)
# Whether processes note who asks whom, how often and how slowly (infra/boundaries/observation); costs a microsecond a call.
OBSERVE_BOUNDARIES = env.flag("OBSERVE_BOUNDARIES", True)
# This process's name towards services, and the keys that authenticate service calls: "key-id:secret", newest first.
SERVICE_NAME = env.text("SERVICE_NAME", "monolith")
# Who may ask each contract: the declared dependencies, enforced on every route. The composition root may ask all.
CONTRACT_CALLERS = callers_by_contract(MANIFESTS, everywhere=HOUSE.above)
# Who hears each event, by wire name: a publisher hands over to modules that are not in its process, too.
EVENT_CONSUMERS = consumers_by_event(MANIFESTS)
CELERY_BROKER_URL = env.address("CELERY_BROKER_URL", ("redis", "rediss", "amqp", "amqps"))
CELERY_APP = "monolith.celery.app"
# By alias; the first of each carries its events and periodic tasks. Those of modules elsewhere are sent to, and not served.
QUEUES = {"default": ("banyan.default",)} | {manifest.name: manifest.queues for manifest in MANIFESTS}
# No where `manage.py relay` runs as a process of its own; otherwise each web process relays events and runs periodic tasks.
EVENTS_RELAY_IN_WEB = env.flag("EVENTS_RELAY_IN_WEB", True)

# --- Extraction ---

# The module that this process serves alone; empty: it is the single web app.
SERVICE_OF = ""
# Where the record of all moves is read and followed (LISTEN, so no transaction pooler); empty: nothing moves.
EXTRACTION_RECORD_URL = ""
# How large the log of a module on the move may become while nothing is carried, before its move is given up rather than the disk
# filled; at a sixteenth of it an alarm is logged.
EXTRACTION_LOG_MEGABYTES = env.number("EXTRACTION_LOG_MEGABYTES", 4096, least=16)

# --- The facade (infra/facade) ---

# How long a service may take to answer: longer than the longest deadline of a contract call (15 s), shorter than gunicorn waits.
FACADE_TIMEOUT_SECONDS = env.number("FACADE_TIMEOUT_SECONDS", 30, least=1)
# Requests that one process forwards at once: fewer than it has threads, so that some are left when services hang.
FACADE_FORWARDS_AT_ONCE = env.number(
    "FACADE_FORWARDS_AT_ONCE", max(1, env.number("WEB_THREADS", 8, least=1) - 2), least=1
)
# What a service may do within five seconds before it loses its share, where it had so many requests. A page takes 5 ms and a
# checkout 25: a second is trouble, when the monolith is not as slow.
CANARY_ERROR_PERCENT = env.number("CANARY_ERROR_PERCENT", 5)
CANARY_P95_MS = env.number("CANARY_P95_MS", 1000, least=1)
CANARY_LEAST_REQUESTS = env.number("CANARY_LEAST_REQUESTS", 10, least=1)
# Members of JSON answers that differ by design and are not compared in shadow reads.
SHADOW_IGNORES = ("correlationId", "instance")

# --- The edge (infra/facade/edge), where `manage.py edge` runs ---

EDGE_LISTEN = env.text("EDGE_LISTEN", "127.0.0.1:8080")
# "internal": certificates of Caddy's own authority, whose root is in the state folder. For a public name a proxy stands in front.
EDGE_TLS = env.choice("EDGE_TLS", "none", ("none", "internal"))
# Networks of proxies in front of the edge, whose X-Forwarded headers are believed.
EDGE_TRUSTED_PROXIES = env.words("EDGE_TRUSTED_PROXIES", "")

# --- Django ---

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "infra.boundaries",
    "infra.databases",
    "infra.http.contract_apps.ContractsConfig",
    "infra.compatibility",
    "infra.events",
    "infra.schedule",
    "infra.extraction",
    "infra.extraction.record",
    "infra.facade.edge",
    "infra.http.idempotency",
    "infra.http",
    *(f"modules.{name}" for name in MODULES),
    "monolith.storefront",
    "monolith.console",
    "monolith.serving",
]

MIDDLEWARE = [
    "infra.observability.middleware.RequestObservation",
    "infra.facade.middleware.Facade",
    "infra.http.middleware.ApiShortcut",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "infra.http.middleware.ApiEntrance",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

ROOT_URLCONF = "monolith.urls"
WSGI_APPLICATION = "monolith.wsgi.application"
APPEND_SLASH = False
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
MEDIA_URL = "media/"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(STATE_DIR / "media")))

# --- The shop ---

SHOP_NAME = env.text("SHOP_NAME", "Banyan")
SAMPLE_CATALOGUE = False  # whether manage.py serve fills an empty shop with products to look at
SHOP_CURRENCY = env.text("SHOP_CURRENCY", "EUR")
SHOP_URL = env.text("SHOP_URL", f"http://127.0.0.1:{env.number('PORT', 8000, least=1, most=65535)}")

# --- HTTP ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "infra.http.authentication.BearerAuthentication",
        "infra.http.authentication.StaffSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["infra.http.parsers.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "infra.http.schema.ApiSchema",
    "UNAUTHENTICATED_USER": "infra.http.authentication.guest",
    "UNAUTHENTICATED_TOKEN": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": f"{SHOP_NAME} API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Errors are problem details (RFC 9457) with a stable `code`; /api/problems/ lists all of them. "
    "Unknown parameters and members are refused by name. Amounts are whole minor units.",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "GET_LIB_DOC_EXCLUDES": "infra.http.schema.classes_whose_text_is_not_inherited",
    "POSTPROCESSING_HOOKS": ["infra.http.schema.add_shared_components"],
}
# Where the public API is described, as it is and as it was released (manage.py contracts).
API_DESCRIPTIONS = BASE_DIR / "monolith" / "api"
CSRF_FAILURE_VIEW = "infra.http.error_pages.csrf_failure"
# The largest body without a file: a cart of some hundred lines has 50 KB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# `type` of a problem is this and its code; the page there explains it.
PROBLEM_TYPE_BASE = f"{SHOP_URL}/api/problems/"
# Who signs access tokens and for whom; the same in every process, wherever the module that signs them lives.
TOKEN_ISSUER = env.text("TOKEN_ISSUER", SHOP_URL)
TOKEN_AUDIENCE = "banyan"
# A callable that returns {key id: public key as PEM}.
VERIFICATION_KEYS = "monolith.wiring.verification_keys"
# Signs the cursors of lists: "" takes SECRET_KEY. Processes that answer for the same list must have the same.
CURSOR_SECRET = env.text("CURSOR_SECRET", " ").strip()

# --- Observability ---

LOGGING_CONFIG = "infra.observability.logs.configure"
LOGGING = {"format": env.choice("LOG_FORMAT", "json", ("json", "console")), "level": env.text("LOG_LEVEL", "INFO")}

# --- Accounts ---

PASSWORD_HASHERS = passwords.HASHERS
AUTH_PASSWORD_VALIDATORS = passwords.VALIDATORS
# How many proxies in front of this process write X-Forwarded-For; limits per network address count the one they saw.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
# Whether accounts with well-known passwords may be made.
DEMO_ACCOUNTS = False
