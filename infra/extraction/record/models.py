"""One row per module that is not simply in process, its history, and who acts on what."""

from __future__ import annotations

from django.db import models

from infra.identifiers import new_id


class ModuleRecord(models.Model):
    """Where a module is. Changed only by `changing.change`, which counts the revision."""

    module = models.TextField(primary_key=True)
    phase = models.TextField()
    epoch = models.BigIntegerField()  # of the gates of its two sides
    addresses = models.JSONField(default=dict)  # by name: where the service answers
    shares = models.JSONField(default=dict)  # by kind of traffic, per cent that goes to the service
    hold = models.BooleanField(default=False)  # whether writes wait in front of it
    database = models.TextField(default="monolith")  # whose tables the service's processes use
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


class Progress(models.Model):
    """What the carrier last saw of a module on the move; for status and console. Overwritten each second or so."""

    module = models.TextField(primary_key=True)
    at = models.DateTimeField()
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "extraction_progress"


class Request(models.Model):
    """A verb that somebody asked for at the console; the carrier, which alone has the owners' logins, carries it out."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    module = models.TextField()
    verb = models.TextField()
    options = models.JSONField(default=dict)
    who = models.TextField()
    state = models.TextField(default="asked")  # asked, running, done, refused, failed
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    said = models.JSONField(default=list)  # lines of progress, the last one is the outcome

    class Meta:
        db_table = "extraction_request"
        indexes = [models.Index(fields=["module", "-asked_at"], name="extraction_request_module")]


class ShadowDifference(models.Model):
    """A read that the service answered otherwise than the monolith, twice."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    module = models.TextField()
    at = models.DateTimeField()
    path = models.TextField()
    expected = models.TextField()  # canonical and cut to 4,000 characters, as is what follows
    got = models.TextField()

    class Meta:
        db_table = "extraction_shadow_difference"
        indexes = [models.Index(fields=["module", "-at"], name="extraction_shadow_module")]
