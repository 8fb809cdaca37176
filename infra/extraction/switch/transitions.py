"""What may change on a side of a switch, and what a recovery does: declared once, for PostgreSQL and for the model of it.

A side is one database that holds the module's tables. Each has one row: a state and an epoch. Every change of a privilege is a
compare-and-set on that row, in the transaction that also grants or revokes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class State(StrEnum):
    """What a side is to its module. Only `primary` may be writable."""

    PRIMARY = "primary"  # holds the truth
    STANDBY = "standby"  # follows
    READY = "ready"  # holds all that the primary holds, and waits to be given the truth
    GIVEN = "given"  # gave the truth away; the other side may open


class Privilege(Enum):
    """What happens to the application role's right to write, in the same transaction."""

    KEEP = "keep"
    GRANT = "grant"
    REVOKE = "revoke"


class Epoch(Enum):
    """Which epoch the row has afterwards."""

    KEEP = "keep"
    NEXT = "next"  # one more than it had
    OF_THE_OTHER = "of the other side"  # the one that the other side has by then


class Role(Enum):
    """Which of the two sides a transition changes."""

    SOURCE = "source"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One compare-and-set on one side."""

    name: str
    side: Role
    before: frozenset[State]
    after: State
    privilege: Privilege = Privilege.KEEP
    epoch: Epoch = Epoch.KEEP


@dataclass(frozen=True, slots=True)
class Row:
    """What the gate of one side says."""

    state: State
    epoch: int


# The epoch moves here, not later: whoever fenced is the only one who can carry data and give the truth away at that epoch.
# With equal epochs two coordinators at once could pass each other's checks, and the slower one write old rows to the target.
FENCE = Transition(
    name="fence",
    side=Role.SOURCE,
    before=frozenset({State.PRIMARY}),
    after=State.PRIMARY,
    privilege=Privilege.REVOKE,
    epoch=Epoch.NEXT,
)
READY = Transition(name="ready", side=Role.TARGET, before=frozenset({State.STANDBY}), after=State.READY)
# The one commit that decides: before it every way leads back, after it every way leads forward.
GIVE = Transition(name="give", side=Role.SOURCE, before=frozenset({State.PRIMARY}), after=State.GIVEN)
OPEN = Transition(
    name="open",
    side=Role.TARGET,
    before=frozenset({State.READY}),
    after=State.PRIMARY,
    privilege=Privilege.GRANT,
    epoch=Epoch.OF_THE_OTHER,
)
RETIRE = Transition(name="retire", side=Role.SOURCE, before=frozenset({State.GIVEN}), after=State.STANDBY)
# The way back. The epoch moves, or a coordinator that was frozen wakes up and fences a side that serves.
UNFENCE = Transition(
    name="unfence",
    side=Role.SOURCE,
    before=frozenset({State.PRIMARY}),
    after=State.PRIMARY,
    privilege=Privilege.GRANT,
    epoch=Epoch.NEXT,
)
STAND_BACK = Transition(
    name="stand back",
    side=Role.TARGET,
    before=frozenset({State.STANDBY, State.READY}),
    after=State.STANDBY,
    epoch=Epoch.OF_THE_OTHER,
)
TRANSITIONS = (FENCE, READY, GIVE, OPEN, RETIRE, UNFENCE, STAND_BACK)


class StepKind(Enum):
    """What a step of the switch is made of."""

    CHECK = "check"  # both rows are read and must allow a switch; nothing changes
    HOLD = "hold"  # the polite gate: writers that ask first wait from here on
    TRANSITION = "transition"
    DRAIN = "drain"  # nobody who was let in before the fence is still writing
    DATA = "data"  # what the target lacks, and only while it is a standby of this epoch
    CURSOR = "cursor"  # sequences, and where the way back will begin: before the target opens


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a switch; what fails before `fence` leaves nothing to undo."""

    number: int  # in the design's list
    kind: StepKind
    transition: Transition | None = None

    @property
    def name(self) -> str:
        return self.transition.name if self.transition else self.kind.value


STEPS = (
    Step(number=0, kind=StepKind.CHECK),
    Step(number=2, kind=StepKind.HOLD),
    Step(number=3, kind=StepKind.TRANSITION, transition=FENCE),
    Step(number=4, kind=StepKind.DRAIN),
    Step(number=5, kind=StepKind.DATA),
    Step(number=6, kind=StepKind.CURSOR),
    Step(number=7, kind=StepKind.TRANSITION, transition=READY),
    Step(number=8, kind=StepKind.TRANSITION, transition=GIVE),
    Step(number=9, kind=StepKind.TRANSITION, transition=OPEN),
    Step(number=10, kind=StepKind.TRANSITION, transition=RETIRE),
)


class Impossible(Exception):
    """The two rows fit no moment of a switch; read one after the other, they may belong to different moments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What brings two sides to rest: transitions in this order, with the side that plays each role."""

    source: int  # the place, in the pair of rows, of the side that has or had the truth
    transitions: tuple[Transition, ...]

    @property
    def at_rest(self) -> bool:
        """Whether no switch is under way."""
        return not self.transitions

    @property
    def forward(self) -> bool:
        """Whether the truth changes sides, or has."""
        return RETIRE in self.transitions


def remedy_for(first: Row, second: Row) -> Remedy:
    """Decide from what the rows of both sides say, whichever of them is which.

    Sides at rest have one epoch, and nothing is done to them: from the fence until the end of the way the epochs differ.

    Raises:
        Impossible: no moment of a switch leaves such rows. Read both again before believing it.
    """
    rows = (first, second)
    for source, target in ((0, 1), (1, 0)):
        old, new = rows[source], rows[target]
        if old.state is State.PRIMARY and new.state is State.STANDBY and old.epoch == new.epoch:
            return Remedy(source=source, transitions=())
        if old.state is State.PRIMARY and new.state in STAND_BACK.before and old.epoch > new.epoch:
            # The side that has the truth first: once its epoch moved, nobody can give it away at the old one.
            return Remedy(source=source, transitions=(UNFENCE, STAND_BACK))
        if old.state is State.GIVEN and new.state is State.READY and old.epoch == new.epoch + 1:
            return Remedy(source=source, transitions=(OPEN, RETIRE))
        if old.state is State.GIVEN and new.state is State.PRIMARY and old.epoch == new.epoch:
            return Remedy(source=source, transitions=(RETIRE,))
    raise Impossible(
        f"One side is {first.state.value} at epoch {first.epoch}, the other {second.state.value} at epoch"
        f" {second.epoch}. No moment of a switch looks like that; if both read the same again, somebody changed a row by"
        " hand. Compare the data of both sides before you decide which one is right."
    )


def may_switch(first: Row, second: Row) -> int | None:
    """Return the place of the side that would give the truth away; None when the rows ask for a recovery first."""
    if {first.state, second.state} == {State.PRIMARY, State.STANDBY} and first.epoch == second.epoch:
        return 0 if first.state is State.PRIMARY else 1
    return None


def epoch_after(transition: Transition, row: Row, other: Row) -> int:
    """Return the epoch of a row after a transition, from both rows as they were read before it."""
    if transition.epoch is Epoch.KEEP:
        return row.epoch
    if transition.epoch is Epoch.NEXT:
        return row.epoch + 1
    return other.epoch
