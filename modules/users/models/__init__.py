"""What users remembers."""

from modules.users.models.attempts import AttemptCount
from modules.users.models.customers import Address, Customer
from modules.users.models.notifications import Notification, NotificationKind
from modules.users.models.tokens import MailToken, MailTokenPurpose, RefreshToken, SignIn

__all__ = [
    "Address",
    "AttemptCount",
    "Customer",
    "MailToken",
    "MailTokenPurpose",
    "Notification",
    "NotificationKind",
    "RefreshToken",
    "SignIn",
]
