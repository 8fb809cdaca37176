"""Invoices and credit notes: numbered without gaps, never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from infra.identifiers import new_id
from infra.money import Money
from modules.payments.models.payments import Attempt, Payment


class NumberSeries(models.Model):
    """The last number given in a series. Its row is locked until the document that takes the number is committed."""

    series = models.CharField(max_length=20, primary_key=True)  # INV-2026, CN-2026
    last = models.IntegerField()


class InvoiceKind(models.TextChoices):
    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


class Invoice(models.Model):
    """A document as it was issued. `lines` and `bill_to` are plain JSON, frozen; amounts are gross, with the tax in them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=12, choices=InvoiceKind.choices)
    series = models.CharField(max_length=20)
    number = models.IntegerField()
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="documents")
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="document")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="credit_notes")
    issued_at = models.DateTimeField()
    order_number = models.CharField(max_length=40)
    email = models.CharField(max_length=254)
    bill_to = models.JSONField()
    lines = models.JSONField()  # of a credit note: what it is for, in one line
    currency = models.CharField(max_length=3)
    shipping = models.BigIntegerField()
    total = models.BigIntegerField()  # lines and shipping
    tax_rate = models.DecimalField(max_digits=6, decimal_places=3)  # percent
    tax = models.BigIntegerField()
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="one_document_per_number"),
            models.UniqueConstraint(fields=["payment"], condition=Q(kind="INVOICE"), name="one_invoice_per_payment"),
            models.CheckConstraint(
                condition=Q(total__gte=0, tax__gte=0, tax__lte=F("total"), shipping__gte=0, shipping__lte=F("total")),
                name="document_amounts_agree",
            ),
            models.CheckConstraint(
                condition=Q(kind="INVOICE", corrects__isnull=True) | Q(kind="CREDIT_NOTE", corrects__isnull=False),
                name="credit_notes_correct_an_invoice",
            ),
        ]

    def __str__(self) -> str:
        return self.document_number

    @property
    def document_number(self) -> str:
        return f"{self.series}-{self.number:06d}"

    def money(self, amount: int) -> Money:
        return Money(amount, self.currency)
