"""When each periodic task is due next; a table in every module's schema."""

from django.db import models
from django.db.models.functions import Now


class ScheduledTask(models.Model):
    """A periodic task: claimed by changing its row, so that one process gets it."""

    name = models.TextField(primary_key=True)
    next_run_at = models.DateTimeField(db_default=Now())
    lease = models.UUIDField(null=True)  # of the run under way
    leased_until = models.DateTimeField(null=True)
    last_started_at = models.DateTimeField(null=True)
    last_finished_at = models.DateTimeField(null=True)
    runs = models.BigIntegerField(db_default=0)
    failures = models.BigIntegerField(db_default=0)
    last_error = models.TextField(db_default="")

    class Meta:
        db_table = "scheduled_task"
