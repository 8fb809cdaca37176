from django.apps import AppConfig


class BoundariesConfig(AppConfig):
    """The rules and what they need: commands, checks, and the record of what a running shop does (alias `default` only)."""

    name = "infra.boundaries"
    label = "boundaries"

    def ready(self) -> None:
        from infra.boundaries.application import system_checks
        from infra.boundaries.observation.storing import forget_old_days
        from infra.schedule.declaration import periodic

        periodic(every_seconds=24 * 3600, name="boundaries.forget_old_days", module="default")(forget_old_days)
        system_checks.register()
