from django.apps import AppConfig


class ServingConfig(AppConfig):
    name = "monolith.serving"
    label = "serving"
