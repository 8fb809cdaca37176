from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "infra.events"
    label = "events"

    def ready(self) -> None:
        from infra.events import clean_up

        clean_up.schedule()
