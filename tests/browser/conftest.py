"""Chromium, driven over its standard interface, and a shop for it to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests import databases
from tests.browser.visitor import Visitor
from tests.shop_process import ShopProcess

PROGRAMS = ("chromium", "chromedriver")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    """One browser for the session; skipped where none is installed, failed there with REQUIRE_SERVERS=1."""
    found = {program: shutil.which(program) for program in PROGRAMS}
    if missing := [program for program, path in found.items() if path is None]:
        reason = f"{' and '.join(missing)} not installed; make test installs it when it runs as root on Debian"
        if os.environ.get("REQUIRE_SERVERS"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = found["chromium"] or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=ChromeService(found["chromedriver"]))
    try:
        browser.set_page_load_timeout(60)
        yield browser
    finally:
        browser.quit()


@pytest.fixture(scope="session")
def running_shop(sweeper: databases.Sweeper, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopProcess]:
    """The shop's web process on this session's database; nothing in it works by itself."""
    quiet = {"EVENTS_RELAY_IN_WEB": "no", "OBSERVE_BOUNDARIES": "no", "WEB_THREADS": "4"}
    quiet["SECRET_KEY"] = settings.SECRET_KEY  # so that a session made here is one there
    with ShopProcess(tmp_path_factory.mktemp("shop"), workers=1, environment=quiet) as shop:
        yield shop


@pytest.fixture
def visit(database: None, chromium: Chrome, running_shop: ShopProcess) -> Iterator[Callable[..., Visitor]]:
    """Return a browser at a path of the shop, signed in as staff."""
    client = Client()
    client.force_login(User.objects.create_superuser("staff", "staff@example.com", "secret"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    visitor = Visitor(chromium, running_shop.url)

    def visiting(path: str) -> Visitor:
        visitor.sign_in(settings.SESSION_COOKIE_NAME, session)
        visitor.go(path)
        return visitor

    try:
        yield visiting
    finally:
        visitor.leave()
