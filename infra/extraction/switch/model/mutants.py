"""Ways to build the switch wrongly, each of which the model must convict."""

from __future__ import annotations

from enum import Enum


class Mutant(Enum):
    """One mistake; the value says it in words."""

    SAME_EPOCH_ON_THE_WAY_BACK = "the way back sets the epochs to what they were"
    SAME_EPOCH_AT_THE_FENCE = "two coordinators may fence at one epoch"
    FENCE_WITHOUT_DRAIN = "after the fence nobody waits for those who were let in before"
    DRAIN_WITHOUT_FENCE = "it waits for writers, but the right to write stays"
    OPEN_BEFORE_GIVEN = "the target opens before the source gave the truth away"
    NO_COMPARE = "rows are set without comparing them to what was read"
    CURSOR_AFTER_OPENING = "the way back begins at a cursor taken after the target opened"
    DATA_WITHOUT_GUARD = "the data step writes without looking at the target's gate"
    CURSOR_WITHOUT_GUARD = "the cursor is set without looking at the target's gate"
    TARGET_STANDS_BACK_FIRST = "the way back begins on the target"
    BACK_FROM_MEMORY = "a coordinator that fails grants the right back without reading either row"
    FORWARD_WITHOUT_CURRENT_ROWS = "a recovery opens the target without comparing its row"
    GATE_WITHOUT_PRIVILEGE = "the rows change, the privileges do not"
    DATA_BEFORE_FENCE = "the last step copies before the fence stands"
    NO_DATA = "there is no last step"
