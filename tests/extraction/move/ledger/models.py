"""What the made-up module remembers: balance and version of an account are what its entries say."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Account(models.Model):
    number = models.IntegerField(primary_key=True)
    balance = models.BigIntegerField(default=0)
    version = models.IntegerField(default=0)
    objects: ClassVar[models.Manager[Account]] = models.Manager()

    class Meta:
        app_label = "ledger"


class Entry(models.Model):
    number = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount = models.IntegerField()
    version = models.IntegerField()  # of the account after it
    objects: ClassVar[models.Manager[Entry]] = models.Manager()

    class Meta:
        app_label = "ledger"
        constraints = [models.UniqueConstraint(fields=["account", "version"], name="ledger_one_entry_a_version")]
