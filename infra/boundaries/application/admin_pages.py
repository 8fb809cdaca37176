"""Admin pages: whose model, whose code, and what they join."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory, dotted_name
from infra.boundaries.findings import Finding

_RELATED = ("autocomplete_fields", "raw_id_fields", "filter_horizontal", "filter_vertical", "list_select_related")
_PATHS = ("list_display", "list_filter", "search_fields", "ordering", "readonly_fields")


def check(territory: Territory) -> Iterator[Finding]:
    """Yield each admin page for a foreign model, and each that joins foreign rows."""
    if not territory.apps.is_installed("django.contrib.admin"):
        return
    from django.contrib.admin import sites

    for site in sites.all_sites:
        for model, page in site._registry.items():
            owner = territory.owner_of_model(model)
            writer = next((whose for base in type(page).__mro__ if (whose := territory.owner_of(base.__module__))), "")
            if writer and territory.crosses(writer, owner):
                yield territory.finding(
                    rules.ADMIN_OF_FOREIGN,
                    owner=writer,
                    source=dotted_name(page),
                    target=model._meta.label,
                    detail=f"{dotted_name(page)} of {territory.named(writer)} is the admin page of {model._meta.label}.",
                    at=page,
                )
            elif territory.is_module(owner) or writer:
                yield from _reaching(territory, owner, model, page)


def _reaching(territory: Territory, owner: str, model: type[Model], page: Any) -> Iterator[Finding]:
    reached: dict[tuple[str, str], str] = {}
    for base in type(page).__mro__[1:]:
        other = territory.owner_of(base.__module__)
        if other and territory.crosses(owner, other):
            reached[dotted_name(base), ""] = f"inherits from {dotted_name(base)} of {territory.named(other)}"
    for inline in page.inlines:
        writer = territory.owner_of(inline.__module__)
        if territory.reaches(owner, inline.model):
            reached[inline.model._meta.label, "inlines"] = f"edits rows of {inline.model._meta.label} in line"
        elif writer and territory.crosses(owner, writer):
            reached[dotted_name(inline), "inlines"] = f"takes {dotted_name(inline)} of {territory.named(writer)}"
    for option, path in _named_fields(page):
        for crossed in _crossed(territory, owner, model, path):
            # A column that is the relation itself shows the id; the relation has its own finding.
            if option in _RELATED or "__" in path:
                reached[crossed._meta.label, option] = f"joins {crossed._meta.label} by {option} {path!r}"
    for (target, option), what in reached.items():
        yield territory.finding(
            rules.ADMIN_REACHES,
            owner=owner,
            source=dotted_name(page),
            target=target,
            detail=f"{dotted_name(page)}, the admin page of {model._meta.label}, {what}.",
            at=page,
            line_of=option,
        )


def _named_fields(page: Any) -> Iterator[tuple[str, str]]:
    for option in (*_RELATED, *_PATHS):
        values = getattr(page, option, None) or ()
        for value in values if isinstance(values, list | tuple) else ():
            name = value[0] if isinstance(value, tuple) and value else value
            if isinstance(name, str):
                yield option, name.lstrip("^=@-")


def _crossed(territory: Territory, owner: str, model: type[Model], path: str) -> Iterator[type[Model]]:
    """Yield the first foreign model on a look-up path."""
    here: type[Model] = model
    for part in path.split("__"):
        try:
            field = here._meta.get_field(part)
        except FieldDoesNotExist:
            return
        related = field.related_model
        if not isinstance(related, type):
            return
        if territory.reaches(owner, related):
            yield related
            return
        here = related
