from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "infra.schedule"
    label = "schedule"
