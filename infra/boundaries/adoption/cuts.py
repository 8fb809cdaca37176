"""What to cut first: arrows and misplaced files, by how much a cut removes for every file that has to be touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from infra.boundaries.adoption.arrows import Arrow, Spot
from infra.boundaries.adoption.circles import short_circles
from infra.boundaries.static import Crossing

_LISTED = 100  # nobody plans further ahead, and after the first few the picture is another one

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One piece of work, and what it brings."""

    title: str
    advice: str
    leaks: int
    circles: int  # of two or three modules
    files: tuple[str, ...]  # to be touched
    migrations: int  # to be written
    new_files: int  # to be written: a public file
    examples: tuple[str, ...]  # path:line, and what is there

    @property
    def worth(self) -> float:
        """Leaks and circles that go, for each file to touch or write, and each migration."""
        return (self.leaks + self.circles) / (len(self.files) + self.migrations + self.new_files)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something that could be cut."""

    title: str
    advice: str
    spots: frozenset[Spot]  # the places that are gone then
    files: frozenset[str]
    pairs: frozenset[Pair] = frozenset()  # the arrows that are gone then
    migrations: int = 0  # to be written
    new_files: int = 0  # to be written
    new_leaks: int = 0  # what it makes worse
    examples: tuple[str, ...] = field(default=())

    @property
    def work(self) -> int:
        return len(self.files) + self.migrations + self.new_files


def ranked(arrows: Sequence[Arrow], backwards: Collection[Pair], moves: Sequence[Candidate]) -> list[Cut]:
    """Return the work worth doing, the best first; each is worth what those before it leave.

    Args:
        backwards: the arrows whose cutting leaves no circle. Only these are credited with the circles they close: the
            others of a circle point in the direction in which most of the project points already.
        moves: what could be moved, besides arrows that could be cut.
    """
    leaks: Counter[Spot] = Counter(spot for arrow in arrows for leak in arrow.leaks if (spot := _spot(leak)))
    circles = {_edges(circle) for circle in short_circles([arrow.pair for arrow in arrows])}
    by_pair = {arrow.pair: arrow for arrow in arrows}
    # Where a move ends a whole arrow, that is how to end it.
    ended = {pair for move in moves for pair in move.pairs}
    waiting = [
        *moves,
        *(_severed(arrow, by_pair, backwards) for arrow in arrows if arrow.leaks and arrow.pair not in ended),
    ]
    cuts: list[Cut] = []
    while waiting and len(cuts) < _LISTED:
        closed = Counter(pair for circle in circles for pair in circle if pair in backwards)

        def worth(candidate: Candidate, closed: Mapping[Pair, int] = closed) -> tuple[float, int, str]:
            gain = sum(leaks[spot] for spot in candidate.spots) - candidate.new_leaks
            gain += sum(closed[pair] for pair in candidate.pairs)
            return gain / candidate.work, gain, candidate.title

        best = max(waiting, key=worth)
        if worth(best)[1] <= 0:
            break
        waiting.remove(best)
        broken = {circle for circle in circles if circle & best.pairs & {*backwards}}
        cuts.append(
            Cut(
                title=best.title,
                advice=best.advice,
                leaks=sum(leaks[spot] for spot in best.spots) - best.new_leaks,
                circles=len(broken),
                files=tuple(sorted(best.files)),
                migrations=best.migrations,
                new_files=best.new_files,
                examples=best.examples,
            )
        )
        circles -= broken
        for spot in best.spots:
            del leaks[spot]
    return cuts


def _spot(leak: Crossing) -> Spot:
    return leak.finding.path, leak.finding.line


def _edges(circle: Sequence[str]) -> frozenset[Pair]:
    return frozenset(zip(circle, (*circle[1:], circle[0]), strict=True))


def _severed(arrow: Arrow, by_pair: Mapping[Pair, Arrow], backwards: Collection[Pair]) -> Candidate:
    is_turned = arrow.pair in backwards
    return Candidate(
        title=f"{arrow.source} -> {arrow.target}",
        advice=" ".join(_advice(arrow, by_pair.get((arrow.target, arrow.source)), is_turned)),
        spots=arrow.spots,
        files=frozenset(arrow.files),
        # Who hears signals goes on doing so: that arrow stays.
        pairs=frozenset() if _hears(arrow) else frozenset({arrow.pair}),
        migrations=arrow.relations,
        new_files=0 if is_turned or _hears(arrow) else 1,
        examples=tuple(f"{leak.finding.where}  {leak.finding.detail}" for leak in arrow.examples),
    )


def _advice(arrow: Arrow, opposite: Arrow | None, is_backwards: bool) -> Iterator[str]:
    source, target = arrow.pair
    if _hears(arrow):
        yield f"{source} hears signals of {target}, which is how it should be: list their file below [public]."
        return
    if is_backwards:
        if opposite:
            yield f"{target} uses {source} at {_places(opposite.places)}, so this is the way back: turn it round."
        else:
            yield "This is the way back in a circle: turn it round."
        yield f"{source} sends a signal that {target} hears, {target} registers itself, or hands in what is needed."
    elif names := ", ".join(thing.rpartition(".")[2] for thing, _ in arrow.things[:3]):
        yield f"Let {target} offer what is used ({names}) as functions in one file, and list that file below [public]."
    else:
        yield f"Let {target} offer what is used as functions in one file, and list that file below [public]."
    if arrow.relations:
        yield f"{'Its relation becomes an id' if arrow.relations == 1 else f'Its {arrow.relations} relations become ids'}."


def _hears(arrow: Arrow) -> bool:
    """Return whether all that is used are signals."""
    return bool(arrow.things) and all("signals" in thing.split(".") for thing, _ in arrow.things)


def _places(count: int) -> str:
    return f"{count:,} place{'' if count == 1 else 's'}"
