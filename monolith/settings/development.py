"""One process on a laptop: embedded PostgreSQL, secrets made up and kept in the state folder."""

from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import EMBEDDED_SERVER, env

DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY", EMBEDDED_SERVER.password("django-secret-key"))
SERVICE_KEYS = env.words("SERVICE_KEYS", "development:" + EMBEDDED_SERVER.password("service-key"))
ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
