"""Canaries: no password and no token shows up where it has no business."""

from __future__ import annotations

import json
import logging

import pytest
from django.apps import apps
from django.db import connections

from modules.users.use_cases.sending import send_due_notifications
from tests.api import Api
from tests.users.factories import post_office, token_in

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "Kanarienvogel im Bergwerk 8471"
WRONG_PASSWORD = "Kanarienvogel im Nebel 5512"


def test_no_secret_is_logged_or_stored(
    api: Api, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    email = "canary-7261@example.com"
    tokens = "/api/v1/users/tokens"

    api.post("/api/v1/users/register", {"email": email, "password": PASSWORD, "name": "Kim"})
    verification = token_in(post_office()[0])
    api.post("/api/v1/users/email-verifications", {"token": verification})
    api.post("/api/v1/users/email-verifications", {"token": verification})
    api.post(tokens, {"email": email, "password": WRONG_PASSWORD})
    signed_in = api.post(tokens, {"email": email, "password": PASSWORD}).json()
    api.with_token(signed_in["access"]).get("/api/v1/users/me")
    refreshed = api.post(f"{tokens}/refresh", {"refresh": signed_in["refresh"]}).json()
    api.post(f"{tokens}/refresh", {"refresh": signed_in["refresh"]})
    api.post("/api/v1/users/password-resets/request", {"email": email})
    reset = token_in(post_office()[0])
    api.post("/api/v1/users/password-resets", {"token": reset, "password": "short"})

    secrets = {
        "password": PASSWORD,
        "wrong password": WRONG_PASSWORD,
        "access": signed_in["access"],
        "refresh": signed_in["refresh"],
        "next refresh": refreshed["refresh"],
        "verification": verification,
        "reset": reset,
    }
    printed = capfd.readouterr()
    logged = "\n".join([printed.out, printed.err, *(str(record.__dict__) for record in caplog.records)])
    stored = _everything_stored()
    assert email in stored  # the canary that has to be found: the search looks at the right place
    assert [name for name, secret in secrets.items() if secret in logged] == []
    assert [name for name, secret in secrets.items() if secret in stored] == []
    assert email not in logged


def test_an_address_is_not_logged_when_its_e_mail_fails(
    api: Api, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    email = "canary-7261@example.com"
    api.post("/api/v1/users/password-resets/request", {"email": email})

    def refuse(*_: object) -> None:
        raise OSError(f"{email} was refused")

    api.post("/api/v1/users/register", {"email": email, "password": PASSWORD, "name": "Kim"})
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    send_due_notifications()

    printed = capfd.readouterr()
    logged = "\n".join([printed.out, printed.err, *(str(record.__dict__) for record in caplog.records)])
    assert "email_not_sent" in logged
    assert email not in logged


def _everything_stored() -> str:
    """Return all rows of all tables of the schema, as text."""
    with connections["users"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = [name for (name,) in cursor.fetchall()]
        assert {model._meta.db_table for model in apps.get_app_config("users").get_models()} <= set(tables)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            rows += [json.dumps(json.loads(row)) for (row,) in cursor.fetchall()]
    return "\n".join(rows)
