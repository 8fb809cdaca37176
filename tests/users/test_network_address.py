"""Whom limits per network address count."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from modules.users.http.views import network_address_of


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "counted"),
    [
        (0, "203.0.113.9", None, "203.0.113.9"),
        (0, "203.0.113.9", "198.51.100.7", "203.0.113.9"),  # no proxy of ours: the header is the client's invention
        (1, "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (1, "10.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        (2, "10.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (1, "10.0.0.1", None, "10.0.0.1"),
        (1, "10.0.0.1", "nonsense", "nonsense"),
        (0, "2001:db8:1:2:aaaa::1", None, "2001:db8:1:2::"),
        (0, "2001:db8:1:2:bbbb::2", None, "2001:db8:1:2::"),
        (0, "::ffff:203.0.113.9", None, "203.0.113.9"),
        (0, "", None, "unknown"),  # a Unix socket
    ],
)
def test_the_address_that_our_own_proxies_saw_is_counted(
    settings: Settings, proxies: int, peer: str, forwarded: str | None, counted: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers)

    assert network_address_of(request) == counted
