"""What the tiny project lacks for the sake of smallness: apps and an engine to plant in."""

from __future__ import annotations

from tests.boundaries.zoo.tiny_project import TINY_PROJECT

COMMON_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "rest_framework",
    "infra.databases",
    "infra.events",
    "infra.schedule",
]
_LINES = f"""
INSTALLED_APPS = {COMMON_APPS!r} + [app for app in INSTALLED_APPS if app.startswith("modules.")]
TEMPLATES = [{{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {{"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]}},
}}]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
"""


def settings_with(lines: str) -> str:
    """Return the tiny project's settings, with admin and templates, and these lines after them."""
    return TINY_PROJECT["monolith/settings.py"] + _LINES + lines
