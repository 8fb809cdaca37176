"""Circles between modules, and the smallest set of arrows whose cutting leaves none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

Weights = Mapping[tuple[str, str], int]  # by arrow: how much work it is to cut


def knots(arrows: Collection[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return the groups of modules each of which reaches all others of its group; the largest first (Tarjan)."""
    following: dict[str, list[str]] = {}
    for source, target in sorted(arrows):
        following.setdefault(source, []).append(target)
        following.setdefault(target, [])
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[tuple[str, ...]] = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for other in following[node]:
            if other not in number:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], number[other])
        if lowest[node] == number[node]:
            place = stack.index(node)
            if len(stack) - place > 1:
                found.append(tuple(sorted(stack[place:])))
            del stack[place:]

    for node in following:
        if node not in number:
            visit(node)
    return sorted(found, key=lambda knot: (-len(knot), knot))


def short_circles(arrows: Collection[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return all circles of two or three modules, each beginning with its first name."""
    there = set(arrows)
    following: dict[str, set[str]] = {}
    for source, target in there:
        following.setdefault(source, set()).add(target)
    circles: set[tuple[str, ...]] = set()
    for first, second in there:
        if first < second and (second, first) in there:
            circles.add((first, second))
        circles.update(
            (first, second, third)
            for third in following.get(second, ())
            if first < min(second, third) and second != third and (third, first) in there
        )
    return sorted(circles, key=lambda circle: (len(circle), circle))


def cheapest_cuts(weights: Weights) -> list[tuple[str, str]]:
    """Return arrows that together break every circle, for as little work as the search finds; the cheapest first.

    Modules are put in a row so that few arrows point backwards (Eades, Lin and Smyth), then each is moved to its best
    place until nothing gets better. Arrows that point backwards in the best row are cut; one that turns out to be
    in no circle after all stays.
    """
    cut: list[tuple[str, str]] = []
    for knot in knots(weights):
        inside = {arrow: weight for arrow, weight in weights.items() if arrow[0] in knot and arrow[1] in knot}
        rows = (_settled(row, inside) for row in (_greedy_row(knot, inside), list(knot), list(reversed(knot))))
        best = min(rows, key=lambda row: _cost(row, inside))
        place = {module: position for position, module in enumerate(best)}
        backwards = [arrow for arrow in inside if place[arrow[0]] > place[arrow[1]]]
        kept = {arrow: weight for arrow, weight in inside.items() if arrow not in backwards}
        # Put back the most expensive ones that close no circle.
        for arrow in sorted(backwards, key=lambda arrow: (-inside[arrow], arrow)):
            if knots([*kept, arrow]):
                cut.append(arrow)
            else:
                kept[arrow] = inside[arrow]
    return sorted(cut, key=lambda arrow: (weights[arrow], arrow))


def _greedy_row(knot: Iterable[str], weights: Weights) -> list[str]:
    left, right, waiting = [], [], sorted(knot)
    while waiting:
        there = set(waiting)
        outward = dict.fromkeys(waiting, 0)
        inward = dict.fromkeys(waiting, 0)
        for (source, target), weight in weights.items():
            if source in there and target in there:
                outward[source] += weight
                inward[target] += weight
        if sink := next((module for module in waiting if not outward[module]), None):
            right.append(sink)
            waiting.remove(sink)
            continue
        chosen = max(waiting, key=lambda module: (not inward[module], outward[module] - inward[module]))
        left.append(chosen)
        waiting.remove(chosen)
    return [*left, *reversed(right)]


def _settled(row: list[str], weights: Weights) -> list[str]:
    row = list(row)
    improved = True
    while improved:
        improved = False
        for module in sorted(row):
            others = [other for other in row if other != module]
            # What points backwards with the module first in the row, then one place further on each time.
            cost = sum(weights.get((other, module), 0) for other in others)
            best_cost, best_place, here = cost, 0, row.index(module)
            costs = [cost]
            for place, other in enumerate(others, start=1):
                cost += weights.get((module, other), 0) - weights.get((other, module), 0)
                costs.append(cost)
                if cost < best_cost:
                    best_cost, best_place = cost, place
            if best_cost < costs[here]:
                others.insert(best_place, module)
                row, improved = others, True
    return row


def _cost(row: Sequence[str], weights: Weights) -> int:
    place = {module: position for position, module in enumerate(row)}
    return sum(weight for (source, target), weight in weights.items() if place[source] > place[target])
