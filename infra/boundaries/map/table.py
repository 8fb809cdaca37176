"""The map as tables, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from infra.boundaries.map.model import Arrow, ArrowKind, Map, Mark

_STYLES = {Mark.NONE: "", Mark.UNDECLARED: "bold red", Mark.UNUSED: "yellow"}


def drawn(shop: Map) -> Iterator[RenderableType]:
    """Yield what is to be printed, one below the other."""
    yield _modules(shop)
    yield ""
    yield _arrows(shop, "Who asks whom", ArrowKind.QUESTION, ("asks", "contract", "of"))
    yield ""
    yield _arrows(shop, "Who hears whom", ArrowKind.EVENT, ("publishes", "event", "heard by"))
    yield ""
    yield from _last_words(shop)


def _modules(shop: Map) -> Table:
    table = _table("Modules", ("module", "owner", "offers", "publishes", "tables"))
    for module in shop.modules:
        table.add_row(
            Text(module.name, style="bold"),
            escape(module.owner),
            _lines(module.offers),
            _lines(name.removeprefix(f"{module.name}.") for name in module.publishes),
            str(len(module.tables)),
        )
    return table


def _arrows(shop: Map, title: str, kind: ArrowKind, columns: tuple[str, str, str]) -> Table:
    table = _table(title, columns)
    if shop.is_observed:
        for name in ("count", "mean", "failed"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("")
    for arrow in shop.arrows:
        if arrow.kind is kind:
            table.add_row(arrow.source, arrow.name, arrow.target, *(_figures(arrow) if shop.is_observed else ()))
    return table


def _figures(arrow: Arrow) -> tuple[str, str, str, Text]:
    mean = "" if arrow.mean_ms is None else f"{arrow.mean_ms:,.1f} ms"
    failed = f"{arrow.errors:,}" if arrow.errors else ""
    return f"{arrow.count or 0:,}", mean, failed, Text(arrow.mark, style=_STYLES[arrow.mark])


def _last_words(shop: Map) -> Iterator[str]:
    if not shop.is_observed:
        return
    undeclared = sum(arrow.mark is Mark.UNDECLARED for arrow in shop.arrows)
    unused = sum(arrow.mark is Mark.UNUSED for arrow in shop.arrows)
    if undeclared:
        yield f"[bold red]{undeclared} used, not declared[/]: declare them in manifest.py, or stop using them."
    if unused:
        yield f"[yellow]{unused} declared, never used[/]: in the days that were watched. What is not needed leaves the manifest."
    if not undeclared and not unused:
        yield "Everything that is declared was used, and nothing else."


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _lines(names: Iterable[str]) -> str:
    return "\n".join(names)
