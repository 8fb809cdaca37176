"""The pages of modules on the move: all of them, one of them, and the same as JSON for the script that keeps them up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from infra.extraction.record.changing import ALIAS
from infra.extraction.record.models import Request
from infra.extraction.record.values import Phase
from monolith.console.extraction import words
from monolith.console.extraction.asking import Refused, wanted
from monolith.console.extraction.picture import line_of
from monolith.console.extraction.state import Move, move_of
from monolith.console.extraction.steps import CARRIER_COMMAND, KINDS, SHIFT, step, steps_of, title_of
from monolith.console.staff import asked_by_staff, live_for_staff

PERMISSION = "extraction_record.add_request"
# Parts of the page that change by themselves, each a template; in the order of the page.
SECTIONS = ("phase", "steps", "traffic", "copy", "comparison", "holds", "requests", "changes")


@live_for_staff
def overview(request: HttpRequest) -> HttpResponse:
    """Show how far every module is."""
    return render(request, "console/extraction/overview.html", {"shop": settings.SHOP_NAME, **_all(request)})


@live_for_staff
def overview_json(request: HttpRequest) -> HttpResponse:
    context = _all(request)
    return _json(
        request,
        {
            "modules": [_plain(each["move"]) for each in context["modules"]],
            "summary": context["summary"],
            "sections": {"modules": render_to_string("console/extraction/modules.html", context)},
        },
    )


@asked_by_staff
def module(request: HttpRequest, name: str) -> HttpResponse:
    """Show one module's move; by POST, ask the carrier for a verb."""
    move = _move(name)
    refused: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            verb, options = wanted(request.POST, move, may_ask=_may_ask(request.user))
        except Refused as refusal:
            refused = refusal.reasons
        else:
            Request.objects.using(ALIAS).create(
                module=name, verb=verb, options=options, who=request.user.get_username(), asked_at=Now()
            )
            # A page of its own, so that to reload it asks for nothing again.
            return HttpResponseRedirect(f"{reverse('console:extraction-module', args=[name])}#requests")
    context = {"shop": settings.SHOP_NAME, "refused": refused, "sections": SECTIONS, **_one(request, move)}
    return render(request, "console/extraction/module.html", context, status=409 if refused else 200)


@live_for_staff
def module_json(request: HttpRequest, name: str) -> HttpResponse:
    context = _one(request, _move(name))
    return _json(
        request,
        {
            **_plain(context["move"]),
            "steps": [
                {"verb": step.verb.name, "open": step.is_open, "reasons": step.reasons}
                for step in (*context["steps"], context["shift"])
            ],
            "summary": context["summary"],
            "sections": {each: render_to_string(f"console/extraction/{each}.html", context) for each in SECTIONS},
        },
    )


def _move(name: str) -> Move:
    if name not in {manifest.name for manifest in settings.MANIFESTS}:
        raise Http404
    return move_of(name)


def _one(request: HttpRequest, move: Move) -> dict[str, Any]:
    may_ask = _may_ask(request.user)
    shift = step(move, SHIFT, may_ask=may_ask)
    return {
        "move": move,
        "line": line_of(move),
        "home": words.side(move.where.home),
        "steps": steps_of(move, may_ask=may_ask),
        "shift": shift,
        "may_shift": move.where.phase in SHIFT.phases,
        "shares": [(kind, label, move.where.share(kind)) for kind, label in KINDS.items()],
        "address": settings.SERVICE_ADDRESSES.get(move.module, ""),
        "carrier_command": CARRIER_COMMAND,
        "summary": _summary(move),
    }


def _all(request: HttpRequest) -> dict[str, Any]:
    moves = [move_of(manifest.name) for manifest in settings.MANIFESTS]
    return {
        "modules": [
            {
                "move": move,
                "line": line_of(move),
                "reads": move.where.share("reads"),
                "writes": move.where.share("writes"),
            }
            for move in moves
        ],
        "carrier": max((move.carrier for move in moves), key=lambda carrier: carrier.alive),
        "carrier_command": CARRIER_COMMAND,
        "summary": " ".join(_summary(move) for move in moves if move.where.phase != Phase.IN_PROCESS),
    }


def _summary(move: Move) -> str:
    """Return what a screen reader is told when it changes: coarse on purpose, or it would talk without end."""
    said = [f"{move.module}: {move.phase}."]
    if move.where.hold:
        said.append("Writes are held.")
    if move.where.phase == Phase.DUAL_WRITE and move.copy is not None:
        said.append("The copy is complete." if move.copy.complete else f"{move.copy.per_cent // 10 * 10} % are copied.")
    if move.compared is not None and move.compared.differences:
        said.append("Rows differ.")
    if move.requests:
        newest = move.requests[0]
        said.append(f"“{title_of(newest.verb)}”: {newest.state}.")
    if move.where.phase != Phase.IN_PROCESS and not move.carrier.alive:
        said.append("No carrier lives.")
    return " ".join(said)


def _may_ask(user: AbstractBaseUser | AnonymousUser) -> bool:
    return bool(getattr(user, "has_perm", lambda permission: False)(PERMISSION))


def _plain(move: Move) -> dict[str, Any]:
    plain = _camel(msgspec.to_builtins(move))
    assert isinstance(plain, dict)
    return plain


def _camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_camel_name(name): _camel(each) for name, each in value.items()}
    return [_camel(each) for each in value] if isinstance(value, list) else value


def _camel_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def _json(request: HttpRequest, content: Mapping[str, Any]) -> HttpResponse:
    """Return the content, or 304 where the script has it already: most seconds nothing changes."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(body, content_type="application/json", headers={"ETag": tag})
