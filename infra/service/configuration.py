"""Settings of a service: what one module needs, and nothing of any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url

from infra.boundaries.discovery import callers_by_contract, consumers_by_event, manifests_in
from infra.boundaries.generation.house import House
from infra.databases.binding import OWN, SHARED, SHARED_READ_ONLY
from infra.databases.configuration import pooled
from infra.databases.embedded import EmbeddedServer
from infra.deployment.environment import Environment
from infra.deployment.module_settings import declared_by
from infra.deployment.serving.checkout_lock import address_of_running
from infra.extraction.configuration import ExtractionConfiguration

LAPTOP, PRODUCTION = "laptop", "production"
# Which of the two; manage.py says laptop where nobody says anything, and web server and workers production.
PLACE_VARIABLE = "BANYAN_PLACE"
COMPOSITION_ROOTS = ("monolith", "extracted")


class ServiceConfiguration:
    """What the settings of one module's service are.

    Args:
        module: its name.
        package: of the composition root, such as `extracted.payments`.
        root: the folder that holds the packages.
        env: where the variables are read.
    """

    def __init__(self, module: str, *, package: str, root: Path, env: Environment | None = None) -> None:
        self.env = env or Environment()
        self.module = module
        self._package = package
        self._root = root
        self._manifests = manifests_in("modules")
        self._manifest = next(manifest for manifest in self._manifests if manifest.name == module)
        self.on_laptop = self.env.choice(PLACE_VARIABLE, PRODUCTION, (LAPTOP, PRODUCTION)) == LAPTOP
        # An installed package has no checkout around it.
        home = root if (root / "pyproject.toml").is_file() else Path.cwd()
        self.state = Path(self.env.text("BANYAN_STATE_DIR", str(home / ".banyan")))
        self._extraction = ExtractionConfiguration(self.env, self._manifests, self.state if self.on_laptop else None)
        # The single web app's own server on the same laptop: its port and passwords are known before it runs.
        self._monolith_server = EmbeddedServer(self.state / "postgres") if self.on_laptop else None

    @property
    def kept(self) -> Path | None:
        """Where a laptop keeps the secrets that it makes up; None in production, where the environment has all."""
        return self.state if self.on_laptop else None

    def settings(self) -> dict[str, Any]:
        """Return what every service has, and what the module declares in its `settings.py`."""
        return {
            **self._place(),
            **self._databases(),
            **self._wiring(),
            **self._django(),
            **self._shop(),
            **self._http(),
            **declared_by("modules", [self.module], self.env, self.kept),
        }

    def _place(self) -> dict[str, Any]:
        env = self.env
        return {
            "BASE_DIR": self._root,
            "STATE_DIR": self.state,
            "MANIFESTS": self._manifests,
            "MODULES": (self.module,),
            "HOUSE": House(root=self._root, above=("extracted",), modules="modules", below=("infra",)),
            "SERVICE_OF": self.module,
            "SERVICE_NAME": self.module,
            "SERVICE_ADDRESSES": self._extraction.addresses(),
            "MONOLITH_URL": self.monolith_url,
            "LOGGING_CONFIG": "infra.observability.logs.configure",
            "LOGGING": {
                "format": env.choice("LOG_FORMAT", "console" if self.on_laptop else "json", ("json", "console")),
                "level": env.text("LOG_LEVEL", "INFO"),
            },
        }

    @property
    def monolith_url(self) -> str:
        """Where the single web app answers: as the environment says, or as the one of this checkout noted."""
        if self.env.given("MONOLITH_URL") or not self.on_laptop:
            return self._extraction.monolith_url()
        return address_of_running(self.state) or self._extraction.monolith_url()

    def _databases(self) -> dict[str, Any]:
        module, follows = self.module, self.env.flag("FOLLOW_RECORD", True)
        logins = self._extraction.databases().get(module, {})
        variable = f"{module.upper()}_SERVICE_DATABASE_URL"
        own = _login(logins["serving"]) if logins else self.env.database(variable)
        bindings = {OWN: own}
        if follows:
            shared = self._extraction.shared_databases(self._monolith_server)[module]
            bindings |= {
                name: _login(shared[kind])
                for name, kind in ((SHARED, "serving"), (SHARED_READ_ONLY, "reader"))
                if shared[kind]
            }
        server = self._extraction.server_of(module)
        return {
            # Nothing here has a place for what belongs to the shop as a whole: no staff, no sessions, no observations.
            "DATABASES": {
                "default": {},
                module: pooled(own, self.env) | {"ENGINE": "infra.databases.bound", "BINDINGS": bindings},
            },
            "DATABASE_ROUTERS": ["infra.databases.router.ModuleRouter"],
            "DATABASE_OWNERS": {module: _login(logins["owner"])} if logins.get("owner") else {},
            "ADMIN_DATABASE_URL": logins.get("admin", ""),
            "SCHEMAS": {module: self._manifest.schema},
            "OTHER_SCHEMAS": {},
            "EMBEDDED_SERVER": server,
            "EMBEDDED_ALIASES": (module,) if server else (),
            "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
            # Once a module lives alone for good there is no record to follow (FOLLOW_RECORD=no).
            "EXTRACTION_RECORD_URL": self._record_url() if follows else "",
            "SHARED_DATABASES": {},
            "RECORD_FOLLOWER_URL": "",
        }

    def _record_url(self) -> str:
        if self.env.given("EXTRACTION_RECORD_URL"):
            return self.env.url("EXTRACTION_RECORD_URL")
        return self._extraction.record_follower_url(self._monolith_server) or self.env.url("RECORD_FOLLOWER_URL")

    def _wiring(self) -> dict[str, Any]:
        env, module = self.env, self.module
        kept_key = f"development:{self._kept('service-key')}" if self.on_laptop else None
        return {
            # Others are asked where the record says; these are their addresses where it says nothing.
            "MODULE_LOCATIONS": {
                manifest.name: "local"
                if manifest.name == module
                else env.text(f"{manifest.name.upper()}_MODULE", self.monolith_url)
                for manifest in self._manifests
            },
            "CONTRACT_ROUTE": "inprocess",
            "CONTRACT_CALLERS": callers_by_contract(self._manifests, everywhere=COMPOSITION_ROOTS),
            "CONTRACT_CALL_BUDGET": env.number("CONTRACT_CALL_BUDGET", 20),
            "CONTRACT_LATENCY_MS": 0,
            "EVENT_CONSUMERS": consumers_by_event(self._manifests),
            "GUARD_POLICY": env.choice("GUARD_POLICY", "raise" if self.on_laptop else "log", ("raise", "log")),
            "GUARD_STATEMENTS": False,
            "OBSERVE_BOUNDARIES": False,  # what is observed is stored with the shop as a whole, which is not here
            "SERVICE_KEYS": env.words("SERVICE_KEYS", kept_key),
            "CELERY_BROKER_URL": env.address("CELERY_BROKER_URL", ("redis", "rediss", "amqp", "amqps")),
            "CELERY_APP": f"{self._package}.celery.app",
            # Of all, as events are sent to modules elsewhere, too; a worker here serves those of this one.
            "QUEUES": {manifest.name: manifest.queues for manifest in self._manifests},
            "EVENTS_RELAY_IN_WEB": env.flag("EVENTS_RELAY_IN_WEB", True),
        }

    def _django(self) -> dict[str, Any]:
        env, laptop = self.env, self.on_laptop
        return {
            "DEBUG": False,
            "SECRET_KEY": env.text("SECRET_KEY", self._kept("django-secret-key") if laptop else None),
            # Behind the shop's facade or edge, which hand on the name that the customer typed.
            "ALLOWED_HOSTS": env.words("ALLOWED_HOSTS", "*" if laptop else None),
            "INSTALLED_APPS": [
                "django.contrib.staticfiles",
                "rest_framework",
                "drf_spectacular",
                "infra.databases",
                "infra.http.contract_apps.ContractsConfig",
                "infra.events",
                "infra.schedule",
                "infra.http.idempotency",
                "infra.http",
                "infra.service",
                f"modules.{self.module}",
            ],
            "MIDDLEWARE": [
                "infra.observability.middleware.RequestObservation",
                "infra.service.entrance.ServiceEntrance",
                "whitenoise.middleware.WhiteNoiseMiddleware",
                "infra.http.middleware.ApiShortcut",
                "django.middleware.security.SecurityMiddleware",
                "django.middleware.common.CommonMiddleware",
                "infra.http.middleware.ApiEntrance",
            ],
            "TEMPLATES": [
                {
                    "BACKEND": "django.template.backends.django.DjangoTemplates",
                    "APP_DIRS": True,
                    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
                }
            ],
            "ROOT_URLCONF": f"{self._package}.urls",
            "WSGI_APPLICATION": f"{self._package}.wsgi.application",
            "APPEND_SLASH": False,
            "LANGUAGE_CODE": "en",
            "USE_I18N": True,
            "USE_TZ": True,
            "TIME_ZONE": "UTC",
            # Below the module's own prefix, so that whatever routes the module routes its pages' styles, too.
            "STATIC_URL": f"/api/v1/{self.module}/static/",
            "STATIC_ROOT": None,
            "WHITENOISE_USE_FINDERS": True,
            "MEDIA_URL": "media/",
            "MEDIA_ROOT": Path(env.text("MEDIA_ROOT", str(self.state / "media"))),
            "SECURE_REDIRECT_EXEMPT": [],
        }

    def _shop(self) -> dict[str, Any]:
        shop_url = self.env.text("SHOP_URL", self.monolith_url)
        return {
            "SHOP_NAME": self.env.text("SHOP_NAME", "Banyan"),
            "SHOP_CURRENCY": self.env.text("SHOP_CURRENCY", "EUR"),
            "SHOP_URL": shop_url,
            "PROBLEM_TYPE_BASE": f"{shop_url}/api/problems/",
            "TOKEN_ISSUER": self.env.text("TOKEN_ISSUER", shop_url),
            "TOKEN_AUDIENCE": "banyan",
            "VERIFICATION_KEYS": "infra.service.published_keys.verification_keys",
            "CURSOR_SECRET": self.env.text("CURSOR_SECRET", " ").strip(),
            "TRUSTED_PROXIES": self.env.number("TRUSTED_PROXIES", 1),  # the facade or the edge
        }

    def _http(self) -> dict[str, Any]:
        return {
            "REST_FRAMEWORK": {
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
            },
            "SPECTACULAR_SETTINGS": {
                "OAS_VERSION": "3.1.0",
                "TITLE": f"{self.module} API",
                "VERSION": "1.0.0",
                "SCHEMA_PATH_PREFIX": r"/api/v1",
                "COMPONENT_SPLIT_REQUEST": True,
                "GET_LIB_DOC_EXCLUDES": "infra.http.schema.classes_whose_text_is_not_inherited",
                "POSTPROCESSING_HOOKS": ["infra.http.schema.add_shared_components"],
            },
            "DATA_UPLOAD_MAX_MEMORY_SIZE": 1024 * 1024,
        }

    def _kept(self, name: str) -> str:
        assert self._monolith_server
        return self._monolith_server.password(name)


def _login(url: str) -> dict[str, Any]:
    return dict(dj_database_url.parse(url))
