"""What customers do with a token from an e-mail: prove the address, set a new password."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import hashers
from django.db import transaction

from infra.errors import Invalid
from infra.events.outbox import publish
from infra.identifiers import new_id
from modules.users.events import EmailVerified
from modules.users.models import Customer, MailToken, MailTokenPurpose, NotificationKind
from modules.users.models.tokens import digest_of
from modules.users.queries.emails import email_as_typed
from modules.users.use_cases.accounts import set_password
from modules.users.use_cases.attempts import Counted, Limit, TooManyAttempts, count_attempt
from modules.users.use_cases.notifications import note
from modules.users.use_cases.passwords import require_good_password

# Nobody's mailbox is filled through us: three e-mails of a kind at once, then one in ten minutes.
MAILS_TO_ADDRESSEE = Limit(name="mails-to-addressee", burst=3, seconds_per_attempt=600)
MAILS_FROM_ADDRESS = Limit(name="mails-from-address", burst=30, seconds_per_attempt=60)


class InvalidMailToken(Invalid):
    """The token is unknown, was used before, or is too old."""

    code = "users.invalid_token"


def verify_email(*, token: str, verified_at: datetime) -> None:
    """Take a customer's e-mail address as theirs, and announce it.

    Raises:
        InvalidMailToken: nothing is changed; of several requests with one token all but one get this.
    """
    with transaction.atomic(using="users"):
        customer = _use(token, MailTokenPurpose.VERIFY_EMAIL, verified_at)
        _take_as_verified(customer, verified_at)


def reset_password(*, token: str, password: str, reset_at: datetime) -> None:
    """Set a new password and end all sign-ins. Whoever holds the token reads the mailbox, so the address is verified, too.

    Raises:
        WeakPassword: the token can be used again.
        InvalidMailToken: nothing is changed; of several requests with one token all but one get this.
    """
    owner = Customer.objects.filter(mail_tokens__digest=digest_of(token)).first()
    require_good_password(password, owner)
    hashed = hashers.make_password(password)  # before the transaction: it takes its time
    with transaction.atomic(using="users"):
        customer = _use(token, MailTokenPurpose.RESET_PASSWORD, reset_at)
        set_password(customer_id=customer.id, hashed=hashed, changed_at=reset_at)
        _take_as_verified(customer, reset_at)


def ask_for_mail(*, purpose: MailTokenPurpose, email: str, network_address: str, asked_at: datetime) -> None:
    """Note that somebody wants a token sent to an address. Whether there is such an account is looked up when it is sent.

    So it takes the same time for every address, and says nothing: not even that an addressee had enough e-mails for now.

    Raises:
        TooManyAttempts: from this network address, whatever e-mail addresses were asked for.
    """
    email = email_as_typed(email)
    count_attempt(Counted(MAILS_FROM_ADDRESS, network_address))
    try:
        count_attempt(Counted(MAILS_TO_ADDRESSEE, f"{purpose} {email}"))
    except TooManyAttempts:
        return
    with transaction.atomic(using="users"):
        note(kind=NotificationKind(purpose.value), fact=str(new_id()), email=email, facts={}, noted_at=asked_at)


def _use(token: str, purpose: MailTokenPurpose, at: datetime) -> Customer:
    """Mark a token and its customer's others of that purpose as used; the database lets one of many requests do it."""
    usable = MailToken.objects.filter(digest=digest_of(token), purpose=purpose, used_at=None, expires_at__gt=at)
    # The customer's row first: two tokens of one customer used at once then queue up instead of waiting for each other.
    customer = (
        Customer.objects.select_for_update()
        .filter(id__in=list(usable.values_list("customer_id", flat=True)), is_active=True)
        .first()
    )
    if customer is None or not usable.update(used_at=at):
        raise InvalidMailToken()
    MailToken.objects.filter(customer=customer, purpose=purpose, used_at=None).update(used_at=at)
    return customer


def _take_as_verified(customer: Customer, at: datetime) -> None:
    changed = Customer.objects.filter(id=customer.id, email_verified_at=None).update(
        email_verified_at=at, version=customer.version + 1
    )
    if changed:
        publish(EmailVerified(customer_id=customer.id, email=customer.email))
