"""Wiring of the pages for people."""

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    """Templates, styles and the commands of the composition root."""

    name = "monolith.storefront"
    label = "storefront"
