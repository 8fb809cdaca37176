"""What the database refuses, whatever the code does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from infra.identifiers import new_id
from modules.users.models import (
    Address,
    AttemptCount,
    Customer,
    MailToken,
    Notification,
    RefreshToken,
    SignIn,
)

pytestmark = pytest.mark.usefixtures("database")

NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


def customer(**changes: Any) -> Customer:
    fields = {"email": f"{new_id().hex}@example.com", "password": "!", "name": "Anna", "created_at": NOW}
    return Customer.objects.create(**fields | changes)


def sign_in(**changes: Any) -> SignIn:
    return SignIn.objects.create(**{"customer": customer(), "started_at": NOW, "expires_at": LATER} | changes)


def refresh_token(**changes: Any) -> RefreshToken:
    fields = {"digest": new_id().hex, "issued_at": NOW, "expires_at": LATER}
    return RefreshToken.objects.create(**fields | {"sign_in": changes.pop("sign_in", None) or sign_in()} | changes)


def mail_token(**changes: Any) -> MailToken:
    fields = {"purpose": "VERIFY_EMAIL", "digest": new_id().hex, "created_at": NOW, "expires_at": LATER}
    return MailToken.objects.create(**{"customer": customer()} | fields | changes)


def address(**changes: Any) -> Address:
    fields = {"name": "Anna", "line1": "Straße 1", "city": "Berlin", "country": "DE", "created_at": NOW}
    return Address.objects.create(**{"customer": customer()} | fields | changes)


def notification(**changes: Any) -> Notification:
    fields = {"dedupe_key": new_id().hex, "kind": "VERIFY_EMAIL", "email": "a@example.com", "created_at": NOW}
    return Notification.objects.create(**fields | {"due_at": NOW} | changes)


def two_unused_tokens_of_one_sign_in() -> None:
    family = sign_in()
    refresh_token(sign_in=family, used_at=NOW)
    refresh_token(sign_in=family)
    refresh_token(sign_in=family)


def twice(make: Callable[..., object], **same: Any) -> Callable[[], None]:
    def run() -> None:
        make(**same)
        make(**same)

    return run


DEFECTS: list[tuple[str, Callable[[], object]]] = [
    ("one_account_per_email", twice(customer, email="anna@example.com")),
    ("email_in_lower_case", lambda: customer(email="Anna@example.com")),
    ("email_has_two_parts", lambda: customer(email="anna")),
    ("email_has_two_parts", lambda: customer(email="an na@example.com")),
    ("consent_has_an_instant", lambda: customer(marketing_consent=True)),
    ("erased_means_inactive_and_nameless", lambda: customer(erased_at=NOW, is_active=False)),
    ("erased_means_inactive_and_nameless", lambda: customer(erased_at=NOW, name="")),
    ("country_is_two_capitals", lambda: address(country="de")),
    ("address_has_name_and_street", lambda: address(name="")),
    ("address_has_name_and_street", lambda: address(line1="")),
    ("one_refresh_token_per_digest", twice(refresh_token, digest="same")),
    ("one_unused_refresh_token_per_sign_in", two_unused_tokens_of_one_sign_in),
    ("refresh_token_expires", lambda: refresh_token(expires_at=NOW)),
    ("sign_in_expires", lambda: sign_in(expires_at=NOW)),
    ("revocation_has_a_reason", lambda: sign_in(revoked_at=NOW)),
    ("one_mail_token_per_digest", twice(mail_token, digest="same")),
    ("mail_token_purpose_known", lambda: mail_token(purpose="OPEN_DOORS")),
    ("mail_token_expires", lambda: mail_token(expires_at=NOW)),
    ("one_notification_per_fact", twice(notification, dedupe_key="same")),
    ("notification_kind_known", lambda: notification(kind="ADVERT")),
    ("sent_or_given_up_not_both", lambda: notification(sent_at=NOW, given_up_at=NOW)),
    ("attempts_not_negative", lambda: AttemptCount.objects.create(key="k", level=-1, counted_at=NOW)),
]


@pytest.mark.parametrize(("constraint", "plant"), DEFECTS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(DEFECTS)])
def test_a_planted_defect_is_refused(constraint: str, plant: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        plant()


def test_every_constraint_of_the_schema_is_tried() -> None:
    declared = {
        constraint.name
        for model in (Address, AttemptCount, Customer, MailToken, Notification, RefreshToken, SignIn)
        for constraint in model._meta.constraints
    }

    assert declared == {name for name, _ in DEFECTS}


def test_what_the_defects_are_changes_of_is_accepted() -> None:
    assert all(make() for make in (customer, sign_in, refresh_token, mail_token, address, notification))
