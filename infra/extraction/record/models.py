"""One row per module that is not simply in process, its history, and who acts on what."""

from __future__ import annotations

from django.db import models


class ModuleRecord(models.Model):
    """Where a module is. Changed only by `changing.change`, which counts the revision."""

    module = models.TextField(primary_key=True)
    phase = models.TextField()
    epoch = models.BigIntegerField()  # of the gates of its two sides
    addresses = models.JSONField(default=dict)  # by name: where the service answers
    shares = models.JSONField(default=dict)  # by kind of traffic, per cent that goes to the service
    hold = models.BooleanField(default=False)  # whether requests wait in front of it
    revision = models.BigIntegerField()  # unique over all modules, and rising
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "extraction_module"


class Change(models.Model):
    """One change of one module's row. Never changed itself."""

    revision = models.BigIntegerField(primary_key=True)
    module = models.TextField()
    at = models.DateTimeField()
    who = models.TextField()
    why = models.TextField()
    before = models.JSONField(null=True)  # what the row said; None for the first
    after = models.JSONField()

    class Meta:
        db_table = "extraction_change"
        indexes = [models.Index(fields=["module", "-revision"], name="extraction_change_module")]


class Acknowledgement(models.Model):
    """A live process, and the newest revision that it acts on. It counts until its lease runs out."""

    process = models.TextField(primary_key=True)
    revision = models.BigIntegerField()
    lease_until = models.DateTimeField()

    class Meta:
        db_table = "extraction_acknowledgement"
