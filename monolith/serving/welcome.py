"""What a developer reads when the shop is up."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from monolith.serving.connection_budget import ConnectionBudget


def welcome(address: str, accounts: str, budgets: Sequence[ConnectionBudget], seconds: float) -> str:
    """Return the text, with rich's markup."""
    orders = settings.DATABASES["orders"]
    url = f"postgresql://{orders['USER']}:{orders['PASSWORD']}@{orders['HOST']}:{orders['PORT']}/{orders['NAME']}"
    lines = [
        f"[bold green]{settings.SHOP_NAME} is open[/] after {seconds:.1f} s: [bold]{address}/[/]",
        "",
        f"  API documentation  {address}/api/docs",
        f"  Admin              {address}/admin/",
    ]
    if accounts:
        lines += ["", "[bold]Demo accounts[/]", *(f"  {line}" for line in accounts.splitlines())]
    lines += [
        "",
        "[bold]Try next[/], in a second terminal",
        f"  curl '{address}/api/v1/catalog/products?q=lamp&limit=3'",
        "  .venv/bin/python manage.py import_products FILE     Shopify's product CSV, or JSON lines",
        f"  psql '{url}'     as the module orders, which sees its own schema only"
        if settings.EMBEDDED_ALIASES
        else "  .venv/bin/python manage.py help     every command",
        "",
        *(f"Connections: {budget}" for budget in budgets),
        "Ctrl-C stops everything; the data stay.",
    ]
    return "\n".join(lines)
