"""From when on a figure is too much. One place; `settings.BOUNDARY_THRESHOLDS = {"changes_together": 0.7}` changes some."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """A finding is what lies beyond. Each number says why it is that number."""

    shared_tables: int = 0
    # A request that asks, and a module that asks in order to answer. One more, and nobody knows what a page depends on.
    questions_deep: int = 2
    # At a millisecond each this is what a person notices as slow when two of three are over a network.
    questions_per_request: int = 15
    # A retry and a second look are fine; four of a kind are a loop.
    same_question: int = 3
    journeys_to_judge: int = 20  # fewer say nothing about the rare ones
    # Half of all commits that touch either touch both.
    changes_together: float = 0.5
    changes_to_judge: int = 10  # commits that touch both; fewer are chance
    # A commit that touches more modules than this is a sweep (a rename, a new formatter) and says nothing about two of them.
    modules_in_a_change: int = 3
    share_of_the_whole: float = 0.5  # of the lines of all modules, where there are three or more
    lines: int = 30_000  # what a team of five can know
    tables: int = 60
    methods: int = 40  # that others may ask
    fan: int = 12  # modules that it asks and that ask it
    # A module that remembers nothing needs at least so much code to be worth a border; one with tables a quarter of it.
    fewest_lines: int = 300


def thresholds() -> Thresholds:
    """Return the thresholds with the project's changes.

    Raises:
        ImproperlyConfigured: a name that there is not.
    """
    changes = dict(getattr(settings, "BOUNDARY_THRESHOLDS", {}))
    known = [field.name for field in fields(Thresholds)]
    for name in changes:
        if name not in known:
            raise ImproperlyConfigured(f"BOUNDARY_THRESHOLDS has no {name!r}; there are {', '.join(known)}.")
    return replace(Thresholds(), **changes)
