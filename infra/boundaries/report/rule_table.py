"""The rules as people look them up: one explained, all by layer, and the table that stands in the README."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from textwrap import fill

from infra.boundaries.rules import Layer, Rule

LAYERS = {
    Layer.MANIFEST: "what modules declare, against each other and against what is there",
    Layer.STATIC: "the source text; needs neither settings nor a database",
    Layer.APPLICATION: "the project as Django has loaded it",
    Layer.DATABASE: "roles, grants and the live catalogue",
    Layer.RUNTIME: "what a running shop does",
    Layer.PATTERN: "figures of code and of a running shop, against thresholds",
    Layer.COMPATIBILITY: "contracts, events and the public API, against what was released",
}


def markdown(rules: Iterable[Rule]) -> str:
    """Return a table of all rules by layer."""
    lines = []
    for layer, of_layer in _by_layer(rules):
        lines += [f"**{layer.capitalize()}**: {LAYERS[layer]}", "", "| rule | what is not allowed |", "|---|---|"]
        lines += [f"| {rule.id} | {rule.title.replace('|', chr(92) + '|')} |" for rule in of_layer]
        lines.append("")
    return "\n".join(lines)


def listed(rules: Iterable[Rule], *, command: str) -> str:
    """Return all rules by layer for a terminal."""
    lines = []
    for layer, of_layer in _by_layer(rules):
        lines += [f"{layer.capitalize()}: {LAYERS[layer]}", *(f"  {rule.id}  {rule.title}" for rule in of_layer), ""]
    return "\n".join([*lines, f"{command} --explain BND000 says of one of them why it matters and what to do instead."])


def explained(rule: Rule, *, command: str) -> str:
    """Return all that there is to say of a rule."""
    paragraphs = (
        f"{rule.id}  {rule.title}",
        f"Why it matters: {rule.why}",
        f"How to mend it: {rule.recipe}",
        f"Who sees it: the {rule.layer} layer, which looks at {LAYERS[rule.layer]}.",
        f"{command} --layer {rule.layer} says where it is broken now.",
    )
    return "\n\n".join(fill(text, width=100, break_long_words=False, break_on_hyphens=False) for text in paragraphs)


def _by_layer(rules: Iterable[Rule]) -> Iterator[tuple[Layer, list[Rule]]]:
    for layer, of_layer in groupby(sorted(rules, key=lambda rule: rule.id), key=lambda rule: rule.layer):
        yield layer, list(of_layer)
