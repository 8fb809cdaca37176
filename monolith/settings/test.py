"""The tests: the same wiring on throw-away databases that `tests/conftest.py` makes."""

from monolith.settings.base import *  # noqa: F403

DEBUG = False
SECRET_KEY = "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz"
SERVICE_KEYS = ["tests:0123456789abcdef0123456789abcdef"]
ALLOWED_HOSTS = ["*"]
GUARD_POLICY = "raise"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
