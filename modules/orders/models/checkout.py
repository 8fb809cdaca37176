"""The checkout saga's own record: which step is next, who drives it, and until when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from modules.orders.models.orders import Order


class CheckoutState(models.TextChoices):
    """RUNNING towards a confirmed order, COMPENSATING towards a cancelled one, or SETTLED."""

    RUNNING = "RUNNING"
    COMPENSATING = "COMPENSATING"
    SETTLED = "SETTLED"


class Checkout(models.Model):
    """The saga of one order, stored step by step so that any process can go on with it.

    `fence` rises with every take-over; each write of a driver names the fence that it holds, so that one that was thought
    dead and comes back changes nothing.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, primary_key=True, related_name="checkout")
    state = models.CharField(max_length=12, choices=CheckoutState.choices, default=CheckoutState.RUNNING)
    step = models.CharField(max_length=20)  # the next to run, of use_cases/checkout.py
    fence = models.PositiveIntegerField(default=1)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)  # of the present step
    next_attempt_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()  # a checkout still RUNNING then is compensated
    failure_code = models.CharField(max_length=100, blank=True)  # why it is compensated
    failure_detail = models.TextField(blank=True)
    failure_members = models.JSONField(default=dict)
    failure_status = models.PositiveSmallIntegerField(default=409)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CheckoutState.values), name="checkout_state_known"),
            models.CheckConstraint(
                condition=~Q(state="COMPENSATING") | ~Q(failure_code=""), name="compensation_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=~Q(state="SETTLED"), name="checkouts_under_way"),
        ]
