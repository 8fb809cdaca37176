from django.apps import AppConfig


class CompatibilityConfig(AppConfig):
    name = "infra.compatibility"
    label = "compatibility"
