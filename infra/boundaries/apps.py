from django.apps import AppConfig


class BoundariesConfig(AppConfig):
    """The rules and what they need: commands, checks, and the record of what a running shop does (alias `default` only)."""

    name = "infra.boundaries"
    label = "boundaries"
