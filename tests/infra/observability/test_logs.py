"""What log lines look like, and what is never in them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest
import structlog

from infra.contracts.context import carrying
from infra.observability import logs
from infra.observability.redaction import REDACTED, redacted
from tests.api import Api, make_token
from tests.infra.observability.conftest import Lines

CARD = "4242 4242 4242 4242"


def test_both_ways_of_logging_give_the_same_lines(log_lines: Lines) -> None:
    with carrying(correlation_id="c-1", causation_id="e-1"):
        structlog.get_logger("modules.orders.use_cases").info("order_confirmed", order_id="o-1")
        logging.getLogger("modules.orders.tasks").warning("late by %s s", 3, extra={"order_id": "o-1"})

    ours, standard = log_lines()
    for line in (ours, standard):
        assert (line["correlation_id"], line["causation_id"]) == ("c-1", "e-1")
        assert (line["module"], line["order_id"]) == ("orders", "o-1")
        assert line["at"].endswith("Z")
    assert (ours["event"], ours["level"], ours["logger"]) == ("order_confirmed", "info", "modules.orders.use_cases")
    assert (standard["event"], standard["level"], standard["logger"]) == (
        "late by 3 s",
        "warning",
        "modules.orders.tasks",
    )


def test_tracebacks_stay_within_their_line(log_lines: Lines) -> None:
    try:
        raise ValueError("what happened")
    except ValueError:
        logging.getLogger("infra.x").exception("failed")
        structlog.get_logger("infra.x").exception("failed")

    for line in log_lines():
        assert "ValueError: what happened" in line["exception"]


def test_what_is_below_the_level_is_not_written(log_lines: Lines) -> None:
    structlog.get_logger("infra.x").debug("detail")
    logging.getLogger("infra.x").debug("detail")

    assert log_lines() == []


def test_people_get_lines_that_people_read(capsys: pytest.CaptureFixture[str], log_lines: Lines) -> None:
    logs.configure({"format": "console", "level": "INFO"})

    structlog.get_logger("modules.orders").info("order_confirmed", password="secret")
    logs.write_access_lines([{"at": "now", "method": "POST", "route": "api/v1/orders", "status": 201, "ms": 12.5}])

    text = capsys.readouterr().err
    assert "order_confirmed" in text
    assert "now 201 POST   /api/v1/orders 12.5 ms\n" in text
    assert "secret" not in text
    assert not text.startswith("{")


def test_standard_output_belongs_to_what_commands_print(capsys: pytest.CaptureFixture[str], log_lines: Lines) -> None:
    structlog.get_logger("infra.x").info("x")
    logging.getLogger("infra.x").info("x")

    assert capsys.readouterr().out == ""


def test_the_last_lines_are_written_when_a_process_ends() -> None:
    code = (
        "from infra.observability import logs\n"
        "logs.configure({'format': 'json', 'level': 'INFO'})\n"
        "from infra.observability.batches import Batches\n"
        "Batches(logs.write_access_lines).add({'route': 'the last one'})\n"
    )

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}, check=True)

    assert "the last one" in ended.stderr


# --- What is never in them ---


@pytest.mark.parametrize(
    "name",
    [
        *("password", "new_password", "passwd", "secret", "client_secret", "token", "refresh_token", "accessToken"),
        *(
            "Authorization",
            "cookie",
            "set-cookie",
            "api_key",
            "apiKey",
            "private_key",
            "card_number",
            "cardNumber",
            "cvc",
        ),
        *("CVV", "iban", "pan", "access", "refresh", "signature", "sessionid_cookie"),
    ],
)
def test_secrets_are_known_by_their_name(log_lines: Lines, name: str) -> None:
    structlog.get_logger("infra.x").info("x", **{name: "hunter2"}, deep={"list": [{name: "hunter2"}]})
    logging.getLogger("infra.x").info("x", extra={name: "hunter2"})

    assert "hunter2" not in str(log_lines())


@pytest.mark.parametrize(
    "text",
    [
        f"paid with {CARD}",
        "paid with 4242424242424242.",
        "paid with 4242-4242-4242-4242 by Anna",
        "amex 378282246310005",
        f"token {make_token()} refused",
        "Authorization: Bearer abcdefghijkl",
        "basic YWxhZGRpbjpvcGVuc2VzYW1l",
        "postgresql://orders:hunter2@db.example/shop",
        "amqp://guest:hunter2@broker:5672//",
    ],
)
def test_secrets_are_known_by_their_shape(log_lines: Lines, text: str) -> None:
    structlog.get_logger("infra.x").info(text, note=text)
    logging.getLogger("infra.x").info("said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("infra.x").exception("failed")

    written = str(log_lines())
    assert written.count(REDACTED) == 4
    for secret in ("4242424242424242", CARD, "4242-4242", "378282246310005", "eyJ", "abcdefghijkl", "YWxh", "hunter2"):
        assert secret not in written


@pytest.mark.parametrize(
    "text",
    [
        "order 01a1fc21-d2f2-7206-9db3-fedd82884bf3",
        "2026-11-21T03:12:00.123456Z",
        "tracking 1234567890123456",  # no card: its check digit is wrong
        "4242424242424242424242424242",  # longer than any card
        "https://shop.example/orders?after=abc",
        "took 12.3456789012345678 s",
        "basic shoes",
        "key 4242424242424242-abc",
    ],
)
def test_what_only_resembles_a_secret_stays(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.usefixtures("database")
def test_no_line_about_a_request_holds_what_it_carried(api: Api, log_lines: Lines) -> None:
    token = make_token()
    sender = api.with_token(token)
    body = {"items": [{"productId": "P-1", "quantity": 1}], "customerNote": "my card is 4242424242424242, hunter2"}

    sender.post("/api/v1/orders?password=hunter2", body, key="k-secret-1")
    sender.post("/api/v1/orders", body, key="k-secret-1")
    sender.post("/api/v1/users/sign-in", {"password": "hunter2"})
    sender.get(f"/reset/{token}")

    lines = log_lines()
    assert len(lines) == 4
    for secret in ("hunter2", "4242424242424242", token, token.rpartition(".")[2], "k-secret-1"):
        assert secret not in str(lines)
