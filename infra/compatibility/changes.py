"""What changed since a release, and what that does to those who were built for it.

Two processes of different versions meet in every deployment, and all the time while a module lives alone. An old asker writes
arguments that today's answerer reads; today's answerer writes answers that an old asker reads. So arguments may widen and answers
may grow. The other way round (a new asker meets an old answerer) can be avoided: deploy the answerer first. Events are
read in both directions, as old ones wait in outboxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from infra.boundaries.rules import Rule
from infra.compatibility import rules
from infra.compatibility.descriptions import Document
from infra.compatibility.shapes import Mismatch, Side, Trouble, mismatches


class Effect(StrEnum):
    """What a change does to those who were built for the released version."""

    BREAKING = "breaking"
    ANSWERER_FIRST = "answerer first"  # harmless when the answering module is deployed before those who ask it


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference that matters."""

    effect: Effect
    rule: Rule
    subject: str  # "catalog.v1 offers", "orders.order_placed.v1"
    place: str  # "arguments.currency", "kind"
    sentence: str


def contract_changes(old: Document, new: Document | None) -> list[Change]:
    """Return what changed in a contract since the released description `old`; `new` is None where it is gone."""
    name = old["contract"]
    if new is None:
        return [_broken(rules.GONE, name, "", f"{name} was released and is declared no more.")]
    changes: list[Change] = []
    for method, before in old["methods"].items():
        after = new["methods"].get(method)
        subject = f"{name} {method}"
        if after is None:
            changes.append(_broken(rules.GONE, subject, "", f"{subject} was released and is gone."))
            continue
        changes += _promises(subject, before, after)
        changes += _errors(subject, before["errors"], after["errors"])
        changes += _arguments(subject, old, new, before, after)
        changes += _answers(subject, old, new, before, after)
    changes += [
        _ordered(f"{name} {method}", "", f"{name} {method} is new.")
        for method in new["methods"].keys() - old["methods"].keys()
    ]
    return changes


def event_changes(old: Document, new: Document | None) -> list[Change]:
    """Return what changed in an event since the released description `old`; `new` is None where it is gone."""
    name = old["event"]
    if new is None:
        return [_broken(rules.GONE, name, "", f"{name} was released and is declared no more.")]
    changes: list[Change] = []
    if old["stream"] != new["stream"]:
        sentence = (
            f"{name} was ordered by {old['stream']} and is ordered by {new['stream']}:"
            " old and new events of one thing would overtake each other."
        )
        changes.append(_broken(rules.EVENT, name, "stream", sentence))
    before, after = Side(old, old["payload"]), Side(new, new["payload"])
    found = [(mismatch, False) for mismatch in mismatches(before, after, old_writes=False, leaves_out=False)]
    known = {mismatch.place for mismatch, _ in found}
    found += [
        (mismatch, True) for mismatch in mismatches(before, after, old_writes=True) if mismatch.place not in known
    ]
    for mismatch, old_writes in found:
        sentence = f"{name}: {sentence_for(mismatch, old_writes=old_writes)}"
        changes.append(_broken(rules.EVENT, name, mismatch.place, sentence))
    return changes


def sentence_for(mismatch: Mismatch, *, old_writes: bool) -> str:
    """Return one difference in words: what was, what is, who suffers."""
    place, old, new = mismatch.place or "the value", mismatch.old, mismatch.new
    match mismatch.trouble, old_writes:
        case Trouble.LOST, _:
            return f"`{place}` is gone (it was {old})."
        case Trouble.MISSING, True if old == "not there":
            return f"`{place}` is new and has no default: what was written before does not have it."
        case Trouble.MISSING, True:
            return f"`{place}` has lost its default: what was written before may lack it."
        case Trouble.MISSING, False:
            return f"`{place}` may be missing now, and was always there."
        case Trouble.NULL, True:
            return f"`{place}` may no longer be null."
        case Trouble.NULL, False:
            return f"`{place}` may be null now, and never was."
        case Trouble.MEMBERS, True:
            return f"`{place}` no longer knows {old}."
        case Trouble.MEMBERS, False:
            return f"`{place}` has new members ({new}) that readers built before do not know."
        case Trouble.LIMITS, _:
            return f"`{place}` takes less than before: {new}, was {old}."
        case Trouble.DEFAULT, _:
            return f"`{place}`, when left out, now means {new} and meant {old}."
        case _:
            return f"`{place}` was {old} and is {new}."


def _promises(subject: str, old: Document, new: Document) -> Iterator[Change]:
    if (old["kind"], new["kind"]) == ("query", "command"):
        yield _broken(
            rules.PROMISE,
            subject,
            "kind",
            f"{subject} was a query, which askers repeat as they like, and is a command now.",
        )
    if old["key"] is not None and old["key"] != new["key"]:
        now = f"by {new['key']}" if new["key"] else "no more"
        sentence = (
            f"{subject} knew repeats by {old['key']}, now {now}; askers that repeat a lost call would do it twice."
        )
        yield _broken(rules.PROMISE, subject, "key", sentence)
    if new["timeout_seconds"] < old["timeout_seconds"]:
        sentence = (
            f"{subject} allowed {old['timeout_seconds']:g} s and allows {new['timeout_seconds']:g} s:"
            " calls that were answered in time are broken off."
        )
        yield _broken(rules.PROMISE, subject, "timeout_seconds", sentence)


def _errors(subject: str, old: Document, new: Document) -> Iterator[Change]:
    for code in sorted(new.keys() - old.keys()):
        sentence = (
            f"{subject} may now refuse with {code}, which askers built before cannot name: they see a defect instead."
        )
        yield _broken(rules.PROMISE, subject, f"errors.{code}", sentence)
    for code in sorted(old.keys() - new.keys()):
        yield _ordered(subject, f"errors.{code}", f"{subject} no longer refuses with {code}.")
    for code in sorted(old.keys() & new.keys()):
        before, after = old[code], new[code]
        if before["status"] != after["status"]:
            sentence = f"{subject}: {code} had status {before['status']} and has {after['status']}."
            yield _broken(rules.PROMISE, subject, f"errors.{code}.status", sentence)
        for member in sorted(set(before["members"]) - set(after["members"])):
            sentence = f"{subject}: {code} no longer carries `{member}`."
            yield _broken(rules.PROMISE, subject, f"errors.{code}.{member}", sentence)


def _arguments(subject: str, old: Document, new: Document, before: Document, after: Document) -> Iterator[Change]:
    there, here = Side(old, before["arguments"]), Side(new, after["arguments"])
    broken = mismatches(there, here, old_writes=True)
    for mismatch in broken:
        sentence = f"{subject}, arguments: {sentence_for(mismatch, old_writes=True)}"
        yield _broken(rules.ARGUMENTS, subject, f"arguments.{mismatch.place}", sentence)
    if not broken and mismatches(
        here, there, old_writes=True
    ):  # a new asker may write what an old answerer does not read
        yield _ordered(subject, "arguments", f"{subject} takes more than before.")


def _answers(subject: str, old: Document, new: Document, before: Document, after: Document) -> Iterator[Change]:
    there, here = Side(old, before["result"]), Side(new, after["result"])
    broken = mismatches(there, here, old_writes=False, leaves_out=False)
    for mismatch in broken:
        sentence = f"{subject}, its answer: {sentence_for(mismatch, old_writes=False)}"
        yield _broken(rules.ANSWER, subject, f"result.{mismatch.place}", sentence)
    known = {mismatch.place for mismatch in broken}
    for mismatch in mismatches(there, here, old_writes=True):
        if mismatch.place not in known and mismatch.trouble is not Trouble.DEFAULT:
            sentence = f"{subject}, its answer: {sentence_for(mismatch, old_writes=True)}"
            yield _ordered(subject, f"result.{mismatch.place}", sentence)


def _broken(rule: Rule, subject: str, place: str, sentence: str) -> Change:
    return Change(effect=Effect.BREAKING, rule=rule, subject=subject, place=place, sentence=sentence)


def _ordered(subject: str, place: str, sentence: str) -> Change:
    return Change(effect=Effect.ANSWERER_FIRST, rule=rules.ANSWER, subject=subject, place=place, sentence=sentence)
