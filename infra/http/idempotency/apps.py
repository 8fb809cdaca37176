from functools import partial

from django.apps import AppConfig
from django.conf import settings


class IdempotencyConfig(AppConfig):
    name = "infra.http.idempotency"
    label = "idempotency"

    def ready(self) -> None:
        from infra.http.idempotency.claims import sweep
        from infra.schedule.declaration import periodic

        for module in settings.DATABASES:
            if module != "default":
                periodic(every_seconds=3600, name="idempotency.delete_old_keys", module=module)(
                    partial(sweep, using=module)
                )
