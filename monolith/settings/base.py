"""Settings of the single web app; the only reader of the environment. Each number says why it is that number."""

from __future__ import annotations

from pathlib import Path

import django_stubs_ext

from infra.deployment.environment import Environment

django_stubs_ext.monkeypatch()  # so that `admin.ModelAdmin[Order]` is a class at run time, too
env = Environment()
BASE_DIR = Path(__file__).resolve().parents[2]
STATE_DIR = Path(env.text("BANYAN_STATE_DIR", str(BASE_DIR / ".banyan")))

MODULES = ("catalog", "orders", "payments", "shipping", "users")
ALIASES = ("default", *MODULES)

# --- Databases: one alias, one schema and two roles per module (infra/databases/roles.py) ---

SCHEMAS = {alias: "platform" if alias == "default" else alias for alias in ALIASES}
DATABASE_ROUTERS = ["infra.databases.router.ModuleRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Contracts and events ---

# Where each module lives: "local", or the URL of its service.
MODULE_LOCATIONS = {name: env.text(f"{name.upper()}_MODULE", "local") for name in MODULES}
CONTRACT_ROUTE = "inprocess"  # how local modules are asked: inprocess; direct (benchmarks), loopback (tests)
# What a guard does when it sees a defect (a contract call inside an open transaction): "raise", or "log" and count.
GUARD_POLICY = env.text("GUARD_POLICY", "raise")
# This process's name towards services, and the keys that authenticate service calls: "key-id:secret", newest first.
SERVICE_NAME = env.text("SERVICE_NAME", "monolith")
# Who may ask each contract: the declared dependencies, enforced on every route. The composition root may ask all.
CONTRACT_CALLERS: dict[str, tuple[str, ...]] = {
    "catalog.v1": ("orders", "monolith"),
    "orders.v1": ("monolith",),
    "payments.v1": ("orders", "monolith"),
    "shipping.v1": ("orders", "monolith"),
    "users.v1": ("orders", "monolith"),
}
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", " ").strip()

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
    "infra.databases",
    "infra.http.contract_apps.ContractsConfig",
    "infra.events",
    "infra.schedule",
    "infra.http.idempotency",
    "infra.http",
    *(f"modules.{name}" for name in MODULES),
    "monolith.storefront",
    "monolith.serving",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
STATIC_ROOT = STATE_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(STATE_DIR / "media")))

# --- The shop ---

SHOP_NAME = env.text("SHOP_NAME", "Banyan")
SHOP_CURRENCY = env.text("SHOP_CURRENCY", "EUR")
SHOP_URL = env.text("SHOP_URL", f"http://127.0.0.1:{env.text('PORT', '8000')}")
