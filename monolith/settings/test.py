"""The tests: the same wiring on throw-away databases that `tests/conftest.py` makes."""

from monolith.settings.base import *  # noqa: F403
from monolith.settings.base import CONTRACT_CALLERS

DEBUG = False
SECRET_KEY = "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz"
SERVICE_KEYS = ["tests:0123456789abcdef0123456789abcdef"]
ALLOWED_HOSTS = ["*"]
GUARD_POLICY = "raise"
CONTRACT_CALLERS = {name: (*callers, "tests") for name, callers in CONTRACT_CALLERS.items()}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
