from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "infra.events"
    label = "events"

    def ready(self) -> None:
        from infra.events import after_loss, clean_up
        from infra.extraction.move import without_service

        clean_up.schedule()
        without_service.after_loss(after_loss.agree)
