"""The rules of the baseline itself: it may only get shorter unseen."""

from __future__ import annotations

from infra.boundaries.rules import rule

ACCEPTED_BUT_FIXED = rule(
    "BND090",
    title="A finding that is fixed is still in the baseline",
    why="The entry would let the same leak come back tomorrow without anybody noticing.",
    recipe="Take it out with `python manage.py boundaries --baseline`, and commit the file.",
)

ACCEPTED_BY_A_STRANGER = rule(
    "BND091",
    title="A baseline names a rule that does not exist",
    why="The entry accepts nothing, and hides that what it was meant for has no judge any more.",
    recipe="Correct the id (`python manage.py boundaries --rules` lists all), or delete the entry from the file.",
)
