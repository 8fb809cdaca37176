"""The map as one SVG document: readable by day and by night, by eye and by screen reader, without any script."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from infra.boundaries.map.layout import ASKS, HEAD, HEARS, LETTER, MARGIN, Box, Line, laid_out
from infra.boundaries.map.model import Arrow, ArrowKind, Map, Mark

_STYLE = """
  .map { --ink: #1f2937; --faint: #6b7280; --paper: #ffffff; --box: #f9fafb; --edge: #d1d5db; --head: #eef2ff;
    --question: #2f56d9; --event: #0b7a6b; --wrong: #c8102e; --idle: #8a6d00;
    font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
  @media (prefers-color-scheme: dark) {
    .map { --ink: #e5e7eb; --faint: #9ca3af; --paper: #0f172a; --box: #1e293b; --edge: #475569; --head: #28344d;
      --question: #8ea8ff; --event: #4fd1bd; --wrong: #ff7b8a; --idle: #e3c565; }
  }
  .paper { fill: var(--paper); }
  .box { fill: var(--box); stroke: var(--edge); }
  .head { fill: var(--head); }
  text { fill: var(--ink); font-size: 12px; }
  .name { font-size: 15px; font-weight: 600; }
  .faint { fill: var(--faint); font-size: 11px; }
  .idle-row { fill: var(--faint); }
  .line { fill: none; stroke-width: 1.7; stroke-linecap: round; }
  .question { stroke: var(--question); } .event { stroke: var(--event); stroke-dasharray: 6 4; }
  .undeclared { stroke: var(--wrong); stroke-width: 3; } .unused { stroke: var(--idle); stroke-dasharray: 1 5; stroke-width: 2; }
  .port-question { fill: var(--question); } .port-event { fill: var(--event); }
  .tip-question { fill: var(--question); } .tip-event { fill: var(--event); }
  .tip-undeclared { fill: var(--wrong); } .tip-unused { fill: var(--idle); }
  .word { fill: var(--wrong); font-size: 11px; font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4; }
  g.arrow:hover .line { stroke-width: 4; }
"""
_CLASSES = {Mark.UNDECLARED: "undeclared", Mark.UNUSED: "unused"}
_WRONG = "not declared"
_LEGEND_WIDTH = 206.0
_LEGEND_HEIGHT = 24.0


def written(shop: Map, *, narrow: bool = False, head: str = "") -> str:
    """Return the document.

    Args:
        narrow: one column, for a telephone.
        head: a comment in front.
    """
    layout = laid_out(shop, narrow=narrow)
    legend = list(_legend(shop))
    across = max(1, int((layout.width - 2 * MARGIN) // _LEGEND_WIDTH))
    height = layout.height + _LEGEND_HEIGHT * -(-len(legend) // across) + MARGIN / 2
    manifests = {module.name: module.owner for module in shop.modules}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="0 0 {layout.width:g} {height:g}"'
        f' width="{layout.width:g}" height="{height:g}" role="img" aria-labelledby="map-title map-text">',
        *([f"<!-- {head} -->"] if head else ()),
        f'<title id="map-title">{escape(_title(shop))}</title>',
        f'<desc id="map-text">{escape(" ".join(_sentence(arrow) for arrow in shop.arrows))}</desc>',
        f"<style>{_STYLE}</style>",
        "<defs>",
        *(_tip(name) for name in ("question", "event", "undeclared", "unused")),
        "</defs>",
        f'<rect class="paper" width="{layout.width:g}" height="{height:g}"/>',
        # What is wrong is drawn last, above the rest.
        *(part for line in sorted(layout.lines, key=lambda line: bool(line.arrow.mark)) for part in _line(line)),
        *(part for box in layout.boxes.values() for part in _box(box, manifests.get(box.name), shop)),
        *(port for port in dict.fromkeys(port for line in layout.lines for port in _ports(line))),
        *(word for line in layout.lines if (word := _word(line, layout.width))),
    ]
    for number, (style, what) in enumerate(legend):
        x = MARGIN + number % across * _LEGEND_WIDTH
        y = layout.height + number // across * _LEGEND_HEIGHT
        lines.append(f'<path class="line {style}" d="M{x:g},{y:g} h30" marker-end="url(#tip-{style.split()[-1]})"/>')
        lines.append(f'<text class="faint" x="{x + 42:g}" y="{y + 4:g}">{what}</text>')
    return "\n".join((*lines, "</svg>", ""))


def _box(box: Box, owner: str | None, shop: Map) -> Iterator[str]:
    right = box.x + box.width
    shape = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}"'
    yield f'<rect class="box" {shape} height="{box.height:g}" rx="8"/>'
    yield (
        f'<path class="head" d="M{box.x + 0.5:g},{box.y + HEAD - 4:g} v{-(HEAD - 12.5):g} a8,8 0 0 1 8,-8'
        f' h{box.width - 17:g} a8,8 0 0 1 8,8 v{HEAD - 12.5:g} z"/>'
    )
    yield f'<text class="name" x="{box.x + 14:g}" y="{box.y + 20:g}">{escape(box.name)}</text>'
    below = (owner or "asks from outside").partition("<")[0].strip()
    yield f'<text class="faint" x="{box.x + 14:g}" y="{box.y + 36:g}">{escape(_cut(below, box.width - 28))}</text>'
    for row in box.rows:
        y = box.row_y(row)
        used = [arrow for arrow in shop.arrows if arrow.name == row and box.name == _owner_of(arrow)]
        is_event = row == HEARS or row.count(".") > 1
        words = row.removeprefix(f"{box.name}.") if is_event else row
        style = "" if used or row in (ASKS, HEARS) else ' class="idle-row"'
        prefix = {ASKS: "asks", HEARS: "hears"}.get(row, words)
        yield f'<text{style} x="{box.x + 14:g}" y="{y + 4:g}">{escape(prefix)}</text>'
        if shop.is_observed and used:
            count = _short(sum(arrow.count or 0 for arrow in used))
            yield f'<text class="faint" x="{right - 12:g}" y="{y + 4:g}" text-anchor="end">{count}&#215;</text>'


def _line(line: Line) -> Iterator[str]:
    style = _CLASSES.get(line.arrow.mark, str(line.arrow.kind))
    yield (
        f'<g class="arrow"><title>{escape(_sentence(line.arrow))}</title>'
        f'<path class="line {line.arrow.kind} {style}" d="{line.path}" marker-end="url(#tip-{style})"/></g>'
    )


def _ports(line: Line) -> Iterator[str]:
    for x, y in line.ends:
        yield f'<circle class="port-{line.arrow.kind}" cx="{x:g}" cy="{y:g}" r="2.6"/>'


def _word(line: Line, width: float) -> str:
    """Return a word beside what must not be; what is idle is many, and its dots and the legend say it."""
    if line.arrow.mark is not Mark.UNDECLARED:
        return ""
    room = len(_WRONG) * LETTER / 2 + 4
    x, y = min(max(line.middle[0], room), width - room), line.middle[1]
    return f'<text class="word" x="{x:g}" y="{y + 4:g}" text-anchor="middle">{_WRONG}</text>'


def _tip(name: str) -> str:
    return (
        f'<marker id="tip-{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9"'
        f' markerUnits="userSpaceOnUse" orient="auto"><path class="tip-{name}" d="M0,1 L10,5 L0,9 z"/></marker>'
    )


def _legend(shop: Map) -> Iterator[tuple[str, str]]:
    yield "question", "asks (waits for an answer)"
    yield "event", "publishes, is heard"
    if shop.is_observed:
        yield "question undeclared", "used, not declared"
        yield "question unused", "declared, never used"


def _title(shop: Map) -> str:
    beside = ", declared beside observed" if shop.is_observed else ", as declared"
    return f"{len(shop.modules)} modules and what goes between them{beside}"


def _sentence(arrow: Arrow) -> str:
    if arrow.kind is ArrowKind.QUESTION:
        said = f"{arrow.source} asks {arrow.name} of {arrow.target}"
    else:
        said = f"{arrow.target} hears {arrow.name} of {arrow.source}"
    figures = []
    if arrow.count:
        figures.append(f"{arrow.count:,} times, {arrow.mean_ms or 0:,.1f} ms each")
    if arrow.errors:
        figures.append(f"{arrow.errors:,} failed")
    if arrow.mark:
        figures.append(str(arrow.mark))
    return f"{said}{': ' if figures else ''}{'; '.join(figures)}."


def _owner_of(arrow: Arrow) -> str:
    return arrow.target if arrow.kind is ArrowKind.QUESTION else arrow.source


def _short(count: int) -> str:
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if count >= 10 * size:
            return f"{count // size}{unit}"
    return f"{count:,}"


def _cut(text: str, width: float) -> str:
    letters = int(width / 5.9)
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
