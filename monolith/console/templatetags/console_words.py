"""Figures in templates, as people say them; what is not known is said so."""

from __future__ import annotations

from django import template

from monolith.console.extraction import words
from monolith.console.extraction.steps import title_of

register = template.Library()
UNKNOWN = "not known"


@register.filter
def count(number: float | None) -> str:
    return UNKNOWN if number is None else words.count(number)


@register.filter
def duration(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else words.duration(seconds)


@register.filter
def milliseconds(number: float | None) -> str:
    return UNKNOWN if number is None else words.milliseconds(number)


@register.filter
def verb_title(verb: str) -> str:
    return title_of(verb)
