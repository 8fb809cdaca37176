from django.apps import AppConfig


class DatabasesConfig(AppConfig):
    name = "infra.databases"
    label = "databases"
