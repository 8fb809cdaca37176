from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "infra.events"
    label = "events"

    def ready(self) -> None:
        from infra.events import after_loss, clean_up
        from infra.extraction import loss

        clean_up.schedule()
        loss.after_loss(after_loss.agree)
