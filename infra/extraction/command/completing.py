"""The verb `complete`: retiring, then dropping, or a copy of the checkout without the module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from infra.boundaries.amputation import AmputationRefused, copy_without
from infra.extraction.command.outcome import NextCommand, Outcome
from infra.extraction.move.errors import MoveRefused
from infra.extraction.record.changing import read
from infra.extraction.record.values import Phase
from infra.extraction.retiring import Completed
from infra.extraction.retiring import complete as retire

if TYPE_CHECKING:
    from infra.extraction.command.verbs import Call


def complete(call: Call) -> Outcome:
    """Retire, drop, or amputate, as the options say."""
    if call.options.get("amputate"):
        return _amputate(call, Path(call.options["amputate"]))
    done = retire(
        call.module,
        who=call.who,
        why=call.why,
        confirm=str(call.options.get("confirm") or ""),
        report=call.say,
        grace_days=int(call.options.get("grace_days", 14)),
        drop=bool(call.options.get("drop")),
    )
    return Outcome(
        module=call.module,
        verb="complete",
        result={
            "retiredSchema": done.retired,
            "export": str(done.export) if done.export else None,
            "dropped": done.dropped,
            "setting": done.setting,
            "settingIsThere": done.setting_is_there,
        },
        text=_text(done),
        next=tuple(_next(call, done)),
    )


def _text(done: Completed) -> str:
    name = done.where.module
    lines = [f"{name} lives in its service at {done.where.service}."]
    if done.retired:
        lines.append(f"The monolith's tables are kept in the schema {done.retired}, and exported to {done.export}.")
    elif done.dropped:
        lines.append("The monolith's tables are gone; their export is kept.")
    if done.setting_is_there:
        lines.append(f"The settings say so: {done.setting}")
    else:
        lines += [
            "Write this into the environment of shop, workers and services, and restart them; no record is needed then:",
            f"    {done.setting}",
        ]
    return "\n".join(lines)


def _next(call: Call, done: Completed) -> list[NextCommand]:
    command = f"python manage.py extract {call.module} complete"
    found = []
    if not done.setting_is_there:
        found.append(NextCommand(command=f"{command} --confirm {call.module}", does="again, to see that it is written"))
    if done.retired:
        days = int(call.options.get("grace_days", 14))
        found.append(
            NextCommand(command=f"{command} --drop --confirm {call.module}", does=f"{days} days after it was retired")
        )
    found.append(NextCommand(command=f"{command} --amputate DIR", does="a build without the module's internals"))
    return found


def _amputate(call: Call, folder: Path) -> Outcome:
    if read(call.module).phase != Phase.SPLIT:
        raise MoveRefused(
            f"{call.module} is not split: a build without it could not run it. First: python manage.py extract {call.module}"
            f" complete --confirm {call.module}"
        )
    if call.options.get("dry_run"):
        return Outcome(module=call.module, verb="complete")
    try:
        taken = copy_without(call.module, settings.HOUSE.root, folder)
    except AmputationRefused as refusal:
        raise MoveRefused(str(refusal)) from refusal
    call.say(f"{folder}: this checkout without {len(taken)} files and folders of {call.module}")
    return Outcome(
        module=call.module,
        verb="complete",
        result={"folder": str(folder), "taken": [str(path) for path in taken]},
        next=(
            NextCommand(
                command=f"docker build --build-arg WITHOUT={call.module} -f infra/deployment/Dockerfile .",
                does="the same as an image",
            ),
        ),
    )
