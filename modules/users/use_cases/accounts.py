"""Opening, changing and closing accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import hashers
from django.db import IntegrityError, transaction

from infra.errors import Refused
from infra.events.outbox import publish
from modules.users.contract import CustomerNotFound
from modules.users.events import CustomerErased, CustomerRegistered
from modules.users.models import Customer, Notification, NotificationKind
from modules.users.queries.accounts import Profile, profile_from
from modules.users.queries.emails import normalised_email
from modules.users.use_cases.attempts import Counted, Limit, count_attempt, take_back
from modules.users.use_cases.notifications import note
from modules.users.use_cases.passwords import is_password_of, require_good_password
from modules.users.use_cases.sign_in import InvalidCredentials, end_all_sign_ins, password_limits

# Asking which addresses have an account, by trying to register them, is slow: twenty at once, then two a minute.
# Registrations that succeed do not count here.
PROBES_PER_ADDRESS = Limit(name="registration-probes", burst=20, seconds_per_attempt=30)
# A hashed password costs some 20 ms of a core. An office or a school behind one address still fits.
REGISTRATIONS_PER_ADDRESS = Limit(name="registrations", burst=1000, seconds_per_attempt=1)


class EmailTaken(Refused):
    """There is an account with this e-mail address."""

    code = "users.email_taken"


def register(
    *,
    email: str,
    password: str,
    name: str,
    network_address: str,
    registered_at: datetime,
    locale: str = "en",
) -> Customer:
    """Open an account and announce it. The e-mail address is not verified yet.

    A taken address is said to be taken. That tells whoever asks that there is an account; but the answer to a registration
    carries the new account's id, so a taken address cannot be answered alike, and customers who forgot that they have an account
    must learn it. Sign-in and password reset, which could be asked without a trace, reveal nothing; here each refusal is
    counted per network address, and twenty are the end of it.

    Raises:
        ValueError: not an e-mail address.
        WeakPassword, EmailTaken, TooManyAttempts: no account is opened.
    """
    customer = Customer(
        email=normalised_email(email),
        name=name,
        locale=locale,
        currency=settings.SHOP_CURRENCY,
        created_at=registered_at,
    )
    require_good_password(password, customer)
    probe = Counted(PROBES_PER_ADDRESS, network_address)
    count_attempt(probe, Counted(REGISTRATIONS_PER_ADDRESS, network_address))
    if Customer.objects.filter(email=customer.email).exists():
        raise EmailTaken("There is an account with this e-mail address. Sign in, or reset the password.")

    customer.set_password(password)
    try:
        with transaction.atomic(using="users"):
            customer.save(force_insert=True)
            publish(CustomerRegistered(customer_id=customer.id, email=customer.email))
    except IntegrityError as error:
        if "one_account_per_email" not in str(error):
            raise
        raise EmailTaken("There is an account with this e-mail address. Sign in, or reset the password.") from None
    take_back([probe])
    return customer


def change_account(
    *,
    customer_id: UUID,
    changes: dict[str, Any],
    changed_at: datetime,
    precondition: Callable[[int], None] = lambda version: None,
) -> Profile:
    """Change what customers may change themselves: `name`, `locale`, `currency`, `marketing_consent`.

    The instant of consent moves only when the consent changes.

    Args:
        precondition: called with the version that is there, once nobody else can change it; what it raises is raised.

    Raises:
        CustomerNotFound: nothing is changed.
    """
    with transaction.atomic(using="users"):
        customer = _locked(customer_id)
        precondition(customer.version)
        if changes.get("marketing_consent", customer.marketing_consent) != customer.marketing_consent:
            changes = changes | {"marketing_consent_at": changed_at}
        changes = {field: value for field, value in changes.items() if getattr(customer, field) != value}
        if changes:
            for field, value in changes.items():
                setattr(customer, field, value)
            customer.version += 1
            customer.save(update_fields=[*changes, "version"])
    return profile_from(customer)


def change_password(
    *, customer_id: UUID, current_password: str, new_password: str, network_address: str, changed_at: datetime
) -> None:
    """Replace a password that is known; all sign-ins end.

    Raises:
        CustomerNotFound, InvalidCredentials, WeakPassword, TooManyAttempts: nothing is changed.
    """
    customer = Customer.objects.filter(id=customer_id, is_active=True).first()
    if customer is None:
        raise CustomerNotFound()
    require_good_password(new_password, customer, pointer="/newPassword")
    limits = password_limits(customer.email, network_address)
    count_attempt(*limits)
    if not is_password_of(customer, current_password):
        raise InvalidCredentials("The current password is not right.")
    take_back(limits)
    set_password(customer_id=customer_id, hashed=hashers.make_password(new_password), changed_at=changed_at)


def set_password(*, customer_id: UUID, hashed: str, changed_at: datetime) -> None:
    """Set a password, end all sign-ins, and tell the customer by e-mail; in the caller's transaction where there is one."""
    with transaction.atomic(using="users"):
        customer = _locked(customer_id)
        customer.password = hashed
        customer.save(update_fields=["password"])
        end_all_sign_ins(customer_id=customer_id, because="password_changed", ended_at=changed_at)
        note(
            kind=NotificationKind.PASSWORD_CHANGED,
            fact=f"{customer_id}:{changed_at.isoformat()}",
            email=customer.email,
            facts={"at": changed_at.isoformat()},
            noted_at=changed_at,
        )


def set_active(*, customer_id: UUID, is_active: bool, changed_at: datetime) -> None:
    """Close an account for its owner, or open it again. Closing ends all sign-ins; access tokens run out within minutes."""
    with transaction.atomic(using="users"):
        customer = Customer.objects.select_for_update().filter(id=customer_id, erased_at=None).first()
        if customer is None:
            raise CustomerNotFound()
        customer.is_active = is_active
        customer.save(update_fields=["is_active"])
        if not is_active:
            end_all_sign_ins(customer_id=customer_id, because="deactivated", ended_at=changed_at)


def set_staff(*, customer_id: UUID, is_staff: bool, changed_at: datetime) -> None:
    """Let a customer act for the shop over the API, or no longer. Sign-ins end, so that new tokens say it."""
    with transaction.atomic(using="users"):
        customer = _locked(customer_id)
        if customer.is_staff != is_staff:
            customer.is_staff = is_staff
            customer.version += 1
            customer.save(update_fields=["is_staff", "version"])
            end_all_sign_ins(customer_id=customer_id, because="rights_changed", ended_at=changed_at)


def erase(
    *, customer_id: UUID, erased_at: datetime, precondition: Callable[[int], None] = lambda version: None
) -> None:
    """Make a customer unrecognisable (GDPR, article 17), and announce it so that other modules do the same.

    The row stays under its id, so that orders keep a customer; name, e-mail address, password, addresses, sign-ins and e-mails
    to them go. Invoices are kept by law, elsewhere. A repeat finds no customer.

    Raises:
        CustomerNotFound: no such account, or it is closed.
    """
    with transaction.atomic(using="users"):
        customer = _locked(customer_id)
        precondition(customer.version)
        Notification.objects.filter(email=customer.email).delete()
        customer.addresses.all().delete()
        customer.mail_tokens.all().delete()
        customer.sign_ins.all().delete()
        customer.email = f"{customer.id}@erased.invalid"
        customer.password = hashers.make_password(None)
        customer.name = ""
        customer.is_active = customer.is_staff = customer.marketing_consent = False
        customer.marketing_consent_at = customer.email_verified_at = None
        customer.erased_at = erased_at
        customer.version += 1
        customer.save()
        publish(CustomerErased(customer_id=customer.id))


def _locked(customer_id: UUID) -> Customer:
    customer = Customer.objects.select_for_update().filter(id=customer_id, is_active=True).first()
    if customer is None:
        raise CustomerNotFound()
    return customer
