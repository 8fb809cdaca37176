"""Wiring of the console."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Templates and styles of the pages for staff."""

    name = "monolith.console"
    label = "console"
