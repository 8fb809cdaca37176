"""Production: every secret and every database URL comes from the environment."""

from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import env

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY")
SERVICE_KEYS = env.words("SERVICE_KEYS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
GUARD_POLICY = env.text("GUARD_POLICY", "log")
