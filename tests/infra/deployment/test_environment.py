"""Variables are read by type, and what cannot be read is named with what to write."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ImproperlyConfigured

from infra.databases.configuration import DatabaseConfiguration
from infra.deployment.environment import Environment

URL = "postgresql://catalog:secret@db.example.com:5433/shop?sslmode=require"
SCHEMAS = {"default": "platform", "catalog": "catalog"}


def test_each_type_is_read() -> None:
    env = Environment({"T": " text ", "N": "7", "F": "Yes", "W": "a, b,,c ", "A": "redis://h:1/0", "B": "  "})

    assert (env.text("T"), env.number("N"), env.flag("F", False)) == ("text", 7, True)
    assert env.words("W") == ["a", "b", "c"]
    assert env.address("A", ("redis",)) == "redis://h:1/0"
    assert not env.given("B")


def test_what_is_not_given_takes_its_default() -> None:
    env = Environment({})

    assert (env.text("T", "x"), env.number("N", 3), env.flag("F", True), env.words("W", "")) == ("x", 3, True, [])
    assert env.address("A", ("redis",)) == ""


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda env: env.text("MISSING"), "MISSING is not set. Set it in the environment; infra/deployment/README.md"),
        (lambda env: env.words("MISSING"), "MISSING is not set"),
        (lambda env: env.number("WORD"), "WORD is 'lots'; write a whole number of at least 0."),
        (lambda env: env.number("NUMBER", least=1, most=9), "NUMBER is '10'; write a whole number from 1 to 9."),
        (lambda env: env.number("DIGIT"), "write a whole number"),
        (lambda env: env.flag("WORD", False), "WORD is 'lots'; write yes or no."),
        (lambda env: env.choice("WORD", "a", ("a", "b")), "WORD is 'lots'; write one of: a, b."),
        (lambda env: env.address("WORD", ("redis", "amqp")), "WORD is not a URL that begins with redis:// or amqp://."),
        (lambda env: env.url("HALF"), "its user and database is missing."),
    ],
)
def test_what_cannot_be_read_is_named(read: Callable[[Environment], object], said: str) -> None:
    env = Environment({"WORD": "lots", "NUMBER": "10", "DIGIT": "²", "HALF": "postgresql://host"})

    with pytest.raises(ImproperlyConfigured) as refused:
        read(env)

    assert said in str(refused.value)


def test_a_database_url_keeps_its_options_beside_the_pool() -> None:
    env = Environment({"DEFAULT_DATABASE_URL": URL, "CATALOG_DATABASE_URL": URL, "DATABASE_POOL_SIZE": "7"})

    database = DatabaseConfiguration(env, SCHEMAS, embedded=None).serving()["catalog"]

    assert (database["HOST"], database["PORT"], database["USER"]) == ("db.example.com", 5433, "catalog")
    assert database["OPTIONS"]["sslmode"] == "require"
    assert database["OPTIONS"]["pool"]["max_size"] == 7


def test_without_an_embedded_server_each_alias_needs_its_url_and_no_owner() -> None:
    env = Environment({"DEFAULT_DATABASE_URL": URL})

    configuration = DatabaseConfiguration(env, SCHEMAS, embedded=None)

    assert configuration.owners() == {}
    assert configuration.admin_url() == ""
    with pytest.raises(ImproperlyConfigured, match=r"CATALOG_DATABASE_URL is not set"):
        configuration.serving()
