"""What a form of the page asks for, checked before it becomes a request to the carrier."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from monolith.console.extraction.state import Move
from monolith.console.extraction.steps import KINDS, SHIFT, step, verb_named

_WHY_AT_MOST = 500
_ASKED_HERE = "asked for at the console"


class Refused(Exception):
    """The form can't be carried out; the reasons are for the person who sent it. Nothing was written."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


def wanted(form: Mapping[str, str], move: Move, *, may_ask: bool) -> tuple[str, dict[str, object]]:
    """Return the verb and its options.

    Raises:
        Refused: unknown, not possible now, not confirmed, or out of bounds.
    """
    verb = verb_named(form.get("verb", ""))
    if verb is None:
        raise Refused("The page asked for something that there is not. Reload it.")
    if reasons := step(move, verb, may_ask=may_ask).reasons:
        raise Refused(*reasons)
    if verb.is_dangerous and form.get("typed", "").strip() != move.module:
        raise Refused(f"To confirm “{verb.title}”, type the module's name: {move.module}")
    options: dict[str, object] = {"why": form.get("why", "").strip()[:_WHY_AT_MOST] or _ASKED_HERE}
    if verb is SHIFT:
        options |= _shares(form, move)
    if verb.name == "share":
        options["address"] = settings.SERVICE_ADDRESSES[move.module]
    return verb.name, options


def _shares(form: Mapping[str, str], move: Move) -> dict[str, int]:
    shares = {}
    for kind in KINDS:
        text = form.get(kind, "").strip()
        if text and not (text.isascii() and text.isdigit() and int(text) <= 100):
            raise Refused(f"{kind}: write a whole number from 0 to 100, not {text[:20]!r}.")
        if text and int(text) != move.where.share(kind):
            shares[kind] = int(text)
    if not shares:
        raise Refused("Nothing to shift: these are the present shares.")
    return shares
