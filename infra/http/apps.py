from django.apps import AppConfig


class HttpConfig(AppConfig):
    name = "infra.http"
    label = "http"
