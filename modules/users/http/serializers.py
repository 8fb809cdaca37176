"""What clients send to users, and (for the documentation) what they get."""

from __future__ import annotations

from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from infra.http.serializers import PostalAddressSerializer, StrictSerializer
from modules.users.queries.emails import LONGEST_EMAIL, normalised_email

LONGEST_PASSWORD = 256  # long enough for any sentence, too short to keep the hasher busy
LONGEST_TOKEN = 200


class EmailField(serializers.CharField):
    """An e-mail address, as accounts keep it."""

    default_error_messages = {"invalid": "This is not an e-mail address."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_EMAIL, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return normalised_email(super().to_internal_value(data))
        except ValueError:
            self.fail("invalid")


class PasswordField(serializers.CharField):
    """A password, taken as it was typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_PASSWORD, trim_whitespace=False, **options)


class LocaleField(serializers.CharField):
    """A language and perhaps a region: BCP 47, such as de-DE."""

    default_error_messages = {"invalid": "Write a language and perhaps a region, like de or de-DE."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=35, **options)

    def to_internal_value(self, data: Any) -> str:
        try:
            return str(Locale.parse(super().to_internal_value(data), sep="-")).replace("_", "-")
        except (ValueError, UnknownLocaleError):
            self.fail("invalid")


class CurrencyField(serializers.CharField):
    """An ISO 4217 code."""

    default_error_messages = {"invalid": "This is not an ISO 4217 currency code."}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=3, min_length=3, **options)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if not is_currency(code):
            self.fail("invalid")
        return code


class Register(StrictSerializer):
    email = EmailField()
    password = PasswordField()
    name = serializers.CharField(max_length=200)
    locale = LocaleField(required=False)


class SignIn(StrictSerializer):
    # Not checked as an address: what is no address is no account's, and answered like one.
    email = serializers.CharField(max_length=LONGEST_EMAIL)
    password = PasswordField()


class Refresh(StrictSerializer):
    refresh = serializers.CharField(max_length=LONGEST_TOKEN)


class MailToken(StrictSerializer):
    token = serializers.CharField(max_length=LONGEST_TOKEN)


class Email(StrictSerializer):
    email = EmailField()


class ResetPassword(StrictSerializer):
    token = serializers.CharField(max_length=LONGEST_TOKEN)
    password = PasswordField()


class ChangePassword(StrictSerializer):
    current_password = PasswordField()
    new_password = PasswordField()


class ChangeMe(StrictSerializer):
    name = serializers.CharField(max_length=200, required=False)


class ChangePreferences(StrictSerializer):
    locale = LocaleField(required=False)
    currency = CurrencyField(required=False)
    marketing_consent = serializers.BooleanField(required=False)

    def validate_marketing_consent(self, value: bool) -> bool:
        # Consent must be said plainly: the framework would also take "on", "y" and 1 for it.
        if not isinstance(self.initial_data["marketingConsent"], bool):
            raise ValidationError("Write true or false.", code="invalid")
        return value


class Address(PostalAddressSerializer):
    """An address of one's own; with `partial=True` the members to change."""


# --- Answers, for the documentation ---


class RegisteredAnswer(StrictSerializer):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()


class TokensAnswer(StrictSerializer):
    access = serializers.CharField(help_text="A JWT; send it as Authorization: Bearer <access>.")
    refresh = serializers.CharField(help_text="Works once, for new tokens.")
    expires_in = serializers.IntegerField(help_text="Seconds until `access` runs out.")


class MeAnswer(RegisteredAnswer):
    email_verified = serializers.BooleanField()
    is_staff = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class PreferencesAnswer(StrictSerializer):
    locale = serializers.CharField()
    currency = serializers.CharField()
    marketing_consent = serializers.BooleanField()
    marketing_consent_at = serializers.DateTimeField(allow_null=True)


class AddressAnswer(StrictSerializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    line1 = serializers.CharField()
    line2 = serializers.CharField(allow_null=True)
    city = serializers.CharField()
    region = serializers.CharField(allow_null=True)
    postcode = serializers.CharField()
    country = serializers.CharField()


class ExportAnswer(StrictSerializer):
    account = serializers.DictField()
    preferences = serializers.DictField()
    addresses = serializers.ListField(child=serializers.DictField())
    sign_ins = serializers.ListField(child=serializers.DictField())
    emails = serializers.ListField(child=serializers.DictField())


class KeySetAnswer(StrictSerializer):
    keys = serializers.ListField(child=serializers.DictField())


class AcceptedAnswer(StrictSerializer):
    detail = serializers.CharField()
