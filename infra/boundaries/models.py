"""What a running shop was seen doing, in sums per day."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Observation(models.Model):
    """One thing that happens again and again, on one day: a few numbers, however often it happened.

    Small for ever: there are as many rows a day as a shop has methods, outcomes and entries, and old days are deleted.
    """

    class Kind(models.TextChoices):
        QUESTION = "question"  # source asks target (a contract) for name (a method), with an outcome
        EVENT = "event"  # source published name, target heard it, with an outcome
        JOURNEY = "journey"  # source (a request's route, a task, an event) ended; outcome is the kind of journey
        ASKED = "asked"  # in a journey of source, target was asked for name; outcome is who asked
        CROSSING = "crossing"  # a guard saw source reach target against the rule name; outcome is the module

    pk = models.CompositePrimaryKey("day", "kind", "source", "target", "name", "outcome")
    day = models.DateField()
    kind = models.TextField(choices=Kind.choices)
    source = models.TextField()
    target = models.TextField()
    name = models.TextField()
    outcome = models.TextField()
    count = models.BigIntegerField()
    total = models.FloatField()  # seconds; of journeys the questions asked
    most = models.IntegerField()  # the deepest question; of journeys the most questions in one
    in_transactions = models.BigIntegerField()  # of events: how many an earlier one of the same name had led to
    buckets = ArrayField(models.BigIntegerField())  # a histogram of `total` (histograms.py); of events one of their lag
    last_seen = models.DateTimeField()

    class Meta:
        db_table = "boundaries_observation"
