"""What a developer reads when the shop is up."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from django.conf import settings

from infra.databases.embedded.account import binaries_for
from infra.deployment.serving.connection_budget import ConnectionBudget


def welcome(address: str, accounts: str, budgets: Sequence[ConnectionBudget], seconds: float) -> str:
    """Return the text, with rich's markup.

    Args:
        accounts: what `demo_accounts` said; "" without them.
        seconds: how long the start took.
    """
    python = ".venv/bin/python" if sys.prefix != sys.base_prefix else "python"
    lines = [
        f"[bold green]{settings.SHOP_NAME} is open[/], after {seconds:.1f} s:  [bold]{address}/[/]",
        "",
        f"  API documentation   {address}/api/docs",
        f"  Admin               {address}/admin/",
        f"  Console             {address}/console/    (how the modules do, and how one leaves; for staff)",
    ]
    if accounts:
        lines += ["", "[bold]Demo accounts[/]", *(f"  {line.strip()}" for line in accounts.splitlines())]
    lines += [
        "",
        "[bold]Try next[/], in a second terminal",
        "  search, with a typo:      curl '" + address + "/api/v1/catalog/products?q=lmap&limit=3'",
        f"  import your products:     {python} manage.py import_products FILE     (Shopify's CSV, or JSON lines)",
    ]
    if "orders" in settings.EMBEDDED_ALIASES:
        lines += [f"  see orders' own schema:   {_psql('orders')}"]
    if settings.CELERY_BROKER_URL:
        worker = f"DJANGO_SETTINGS_MODULE=monolith.settings.development {python} -m celery -A monolith.celery worker"
        lines += [f"  deliver events:           {worker}"]
    lines += ["", *(f"Connections: {budget}." for budget in budgets), "Ctrl-C stops everything; the data stay."]
    return "\n".join(lines)


def _psql(alias: str) -> str:
    login = settings.DATABASES[alias]
    program = "psql" if shutil.which("psql") else binaries_for(None) / "psql"
    return f"{program} postgresql://{login['USER']}:{login['PASSWORD']}@{login['HOST']}:{login['PORT']}/{login['NAME']}"
