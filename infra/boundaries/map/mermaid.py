"""The map as a Mermaid flow chart, which GitHub and most editors draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from infra.boundaries.map.model import Arrow, ArrowKind, Map, Mark

_LINES = {ArrowKind.QUESTION: "-->", ArrowKind.EVENT: "-.->"}


def written(shop: Map) -> Iterator[str]:
    """Yield its lines: questions solid, events dotted, one arrow for all events between the same two."""
    yield "flowchart LR"
    for name in shop.outside:
        yield f"    {name}([{name}])"
    for module in shop.modules:
        yield f"    {module.name}[{module.name}]"
    marked = defaultdict(list)
    for position, arrows in enumerate(_bundled(shop)):
        first = arrows[0]
        label = "<br>".join(_label(arrow) for arrow in arrows)
        yield f'    {first.source} {_LINES[first.kind]}|"{label}"| {first.target}'
        marked[first.mark].append(str(position))
    if marked[Mark.UNDECLARED]:
        yield f"    linkStyle {','.join(marked[Mark.UNDECLARED])} stroke:#c62828,stroke-width:3px"
    if marked[Mark.UNUSED]:
        yield f"    linkStyle {','.join(marked[Mark.UNUSED])} stroke:#9e9e9e"


def _bundled(shop: Map) -> Iterator[list[Arrow]]:
    bundles: dict[tuple[ArrowKind, str, str, Mark], list[Arrow]] = defaultdict(list)
    for arrow in shop.arrows:
        bundles[arrow.kind, arrow.source, arrow.target, arrow.mark].append(arrow)
    yield from bundles.values()


def _label(arrow: Arrow) -> str:
    # The publisher stands at the arrow's foot; its name in front of each event would say it again.
    name = arrow.name if arrow.kind is ArrowKind.QUESTION else arrow.name.partition(".")[2]
    if arrow.mark is not Mark.NONE:
        return f"{name}: {arrow.mark}"
    return f"{name} ({arrow.count}x)" if arrow.count else name
