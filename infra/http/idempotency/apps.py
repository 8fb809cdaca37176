from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "infra.http.idempotency"
    label = "idempotency"
