from django.apps import AppConfig


class EdgeConfig(AppConfig):
    """The command that runs the edge."""

    name = "infra.facade.edge"
    label = "edge"
