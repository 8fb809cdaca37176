"""Where everything on the drawn map stands: columns of boxes, askers to the left of those who answer them.

A box has a row for each contract and each event of its module, and arrows run from row to row, so that they need no labels. An
arrow over more than one column passes through a slot between the boxes of the columns on its way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from infra.boundaries.map.model import Arrow, ArrowKind, Map

HEAD = 48.0
ROW = 22.0
FOOT = 8.0
GAP = 26.0  # between boxes of a column
SLOT = 10.0  # the height of an arrow that passes
MARGIN = 24.0
CHANNEL = 150.0  # between columns
LANES = 92.0  # beside a column, for arrows between its own boxes
LETTER = 6.7  # the mean width of a letter of 12 pixels in system fonts, rather more than less

ASKS, HEARS = "asks", "hears"


@dataclass(slots=True)
class Box:
    """A module, or who asks from outside."""

    name: str
    rows: tuple[str, ...]  # ASKS, HEARS, or the wire name of a contract or event
    column: int = 0
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0

    @property
    def height(self) -> float:
        return HEAD + len(self.rows) * ROW + FOOT

    def row_y(self, row: str) -> float:
        """Return the middle of a row; of the head where there is no such row."""
        if row not in self.rows:
            return self.y + HEAD / 2
        return self.y + HEAD + (self.rows.index(row) + 0.5) * ROW


@dataclass(slots=True)
class _Slot:
    """The place of an arrow on its way through a column."""

    y: float = 0.0
    height: float = SLOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An arrow as a path for SVG, and where a word about it may stand."""

    arrow: Arrow
    path: str
    middle: tuple[float, float]
    ends: tuple[tuple[float, float], tuple[float, float]]


@dataclass(slots=True)
class Layout:
    """Boxes and lines with their places."""

    boxes: dict[str, Box]
    lines: list[Line] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def laid_out(shop: Map, *, narrow: bool = False) -> Layout:
    """Return the places of everything.

    Args:
        narrow: one column, for a telephone; questions run on its left, events on its right.
    """
    boxes = {name: Box(name, rows) for name, rows in _rows(shop).items()}
    width = max(176.0, max((_needed(box) for box in boxes.values()), default=0.0))
    for box in boxes.values():
        box.width = width
    ranks = _ranks(shop)
    if narrow:
        ordered = sorted(boxes.values(), key=lambda box: (ranks[box.name], box.name))
        columns: list[list[Box | _Slot]] = [list(ordered)]
        ways: dict[int, list[_Slot]] = {}
    else:
        for name, rank in ranks.items():
            boxes[name].column = rank
        columns, ways = _columns(shop, boxes)
    layout = Layout(boxes)
    _place(layout, columns, width, left=LANES if narrow else 0.0)
    layout.lines = [_line(arrow, layout, ways.get(number, ()), narrow) for number, arrow in enumerate(shop.arrows)]
    return layout


def _rows(shop: Map) -> dict[str, tuple[str, ...]]:
    rows: dict[str, tuple[str, ...]] = {}
    manifests = {module.name: module for module in shop.modules}
    for name in shop.names:
        asks = [ASKS] * any(arrow.source == name for arrow in shop.arrows if arrow.kind is ArrowKind.QUESTION)
        hears = [HEARS] * any(arrow.target == name for arrow in shop.arrows if arrow.kind is ArrowKind.EVENT)
        own = (*manifests[name].offers, *manifests[name].publishes) if name in manifests else ()
        rows[name] = (*asks, *own, *hears)
    return rows


def _needed(box: Box) -> float:
    texts = [box.name, *(row.removeprefix(f"{box.name}.") if row.count(".") > 1 else row for row in box.rows)]
    return max(map(len, texts)) * LETTER + 76  # the mark before it, the figure behind it


def _ranks(shop: Map) -> dict[str, int]:
    """Return the column of each: one further right than everybody who may ask it."""
    asked_by: dict[str, set[str]] = defaultdict(set)
    for arrow in shop.arrows:
        if arrow.kind is ArrowKind.QUESTION and arrow.is_declared and arrow.source != arrow.target:
            asked_by[arrow.target].add(arrow.source)
    ranks: dict[str, int] = {}

    def rank(name: str) -> int:
        if name not in ranks:
            ranks[name] = 0  # ends a circle, which manifests cannot have
            ranks[name] = 1 + max(map(rank, sorted(asked_by[name])), default=-1)
        return ranks[name]

    for name in shop.names:
        rank(name)
    return ranks


def _columns(shop: Map, boxes: Mapping[str, Box]) -> tuple[list[list[Box | _Slot]], dict[int, list[_Slot]]]:
    columns: list[list[Box | _Slot]] = [[] for _ in range(1 + max((box.column for box in boxes.values()), default=0))]
    for box in boxes.values():
        columns[box.column].append(box)
    ways: dict[int, list[_Slot]] = {}
    neighbours: dict[int, list[Box | _Slot]] = defaultdict(list)
    for number, arrow in enumerate(shop.arrows):
        source, target = boxes[arrow.source], boxes[arrow.target]
        step = 1 if target.column > source.column else -1
        way = []
        for column in range(source.column + step, target.column, step) if source.column != target.column else ():
            slot = _Slot()
            columns[column].append(slot)
            way.append(slot)
        ways[number] = way
        stops: list[Box | _Slot] = [source, *way, target]
        for one, other in pairwise(stops):
            neighbours[id(one)].append(other)
            neighbours[id(other)].append(one)
    _order(columns, neighbours)
    return columns, ways


def _order(columns: Sequence[list[Box | _Slot]], neighbours: Mapping[int, Sequence[Box | _Slot]]) -> None:
    """Sort each column by where its neighbours in other columns stand, a few times: lines then cross little."""
    for _ in range(4):
        for column in columns:
            _stack(column, 0.0)
        for column in columns:
            here = {id(item) for item in column}
            column.sort(key=lambda item: _mean([n.y for n in neighbours[id(item)] if id(n) not in here], item.y))
            _stack(column, 0.0)


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _stack(items: Iterable[Box | _Slot], top: float) -> float:
    y = top
    for item in items:
        item.y = y
        y += item.height + GAP
    return y - GAP


def _place(layout: Layout, columns: Sequence[Sequence[Box | _Slot]], width: float, *, left: float) -> None:
    heights = [_stack(column, 0.0) for column in columns]
    for number, (column, height) in enumerate(zip(columns, heights, strict=True)):
        _stack(column, MARGIN + (max(heights) - height) / 2)
        for item in column:
            if isinstance(item, Box):
                item.x = MARGIN + left + number * (width + CHANNEL)
    layout.width = 2 * MARGIN + left + len(columns) * width + (len(columns) - 1) * CHANNEL + LANES
    layout.height = 2 * MARGIN + max(heights, default=0.0)


def _line(arrow: Arrow, layout: Layout, way: Sequence[_Slot], narrow: bool) -> Line:
    source, target = layout.boxes[arrow.source], layout.boxes[arrow.target]
    question = arrow.kind is ArrowKind.QUESTION
    start = source.row_y(ASKS if question else arrow.name)
    end = target.row_y(arrow.name if question else HEARS)
    if source.column == target.column:
        return _arc(arrow, source, start, end, layout, to_the_left=narrow and question)
    forward = 1 if target.column > source.column else -1
    x = source.x + source.width if forward > 0 else source.x
    first, path, middle = x, f"M{x:g},{start:g}", (0.0, 0.0)
    stops: list[tuple[float, float, float]] = []  # where it enters a column, how far it goes straight, at which height
    for number, slot in enumerate(way, 1):
        near = source.x + forward * number * (source.width + CHANNEL) + (0 if forward > 0 else source.width)
        stops.append((near, near + forward * source.width, slot.y + slot.height / 2))
    last = target.x if forward > 0 else target.x + target.width
    stops.append((last, last, end))
    y = start
    for near, far, height in stops:
        bend = forward * max(46.0, abs(near - x) * 0.45)
        path += f" C{x + bend:g},{y:g} {near - bend:g},{height:g} {near:g},{height:g}"
        middle = ((x + near) / 2, (y + height) / 2)
        if far != near:
            path += f" H{far:g}"
        x, y = far, height
    return Line(arrow=arrow, path=path, middle=middle, ends=((first, start), (last, end)))


def _arc(arrow: Arrow, box: Box, start: float, end: float, layout: Layout, *, to_the_left: bool) -> Line:
    side = -1 if to_the_left else 1
    x = box.x if to_the_left else box.x + box.width
    # The further it goes the wider it swings, and never out of its lane. A curve reaches three quarters of its handles.
    reach = 18.0 + (LANES - 18.0) * (abs(end - start) / layout.height) ** 0.7
    swing = side * reach / 0.75
    path = f"M{x:g},{start:g} C{x + swing:g},{start:g} {x + swing:g},{end:g} {x:g},{end:g}"
    return Line(arrow=arrow, path=path, middle=(x + 0.75 * swing, (start + end) / 2), ends=((x, start), (x, end)))
