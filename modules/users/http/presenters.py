"""What clients see of accounts."""

from __future__ import annotations

from typing import Any

from modules.users.queries.accounts import AddressEntry, Profile
from modules.users.use_cases.sign_in import Tokens


def registered_body(account: Profile) -> dict[str, Any]:
    return {"id": account.customer_id, "email": account.email, "name": account.name}


def me_body(account: Profile) -> dict[str, Any]:
    return {
        "id": account.customer_id,
        "email": account.email,
        "name": account.name,
        "emailVerified": account.email_verified_at is not None,
        "isStaff": account.is_staff,
        "createdAt": account.created_at,
    }


def preferences_body(account: Profile) -> dict[str, Any]:
    return {
        "locale": account.locale,
        "currency": account.currency,
        "marketingConsent": account.marketing_consent,
        "marketingConsentAt": account.marketing_consent_at,
    }


def tokens_body(tokens: Tokens) -> dict[str, Any]:
    return {"access": tokens.access, "refresh": tokens.refresh, "expiresIn": tokens.expires_in}


def address_body(entry: AddressEntry) -> dict[str, Any]:
    address = entry.address
    return {
        "id": entry.address_id,
        "name": address.name,
        "line1": address.line1,
        "line2": address.line2,
        "city": address.city,
        "region": address.region,
        "postcode": address.postcode,
        "country": address.country,
    }
