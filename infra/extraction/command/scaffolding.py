"""The verb `scaffold`: the service's small composition root, `extracted/MODULE/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from infra.extraction.command.outcome import NextCommand, Outcome
from infra.service.scaffold.making import scaffold as make

if TYPE_CHECKING:
    from infra.extraction.command.verbs import Call

PACKAGE = "extracted"


def scaffold(call: Call) -> Outcome:
    """Write the folder; what people have changed in it stays, and is said."""
    root = settings.HOUSE.root
    folder = root / PACKAGE / call.module
    made = make(call.module, folder, manifests=settings.MANIFESTS)
    for path in made.written:
        call.say(f"written: {path.relative_to(root)}")
    for path in made.kept:
        call.say(f"kept, as somebody has changed it: {path.relative_to(root)}")
    call.say(
        f"{call.module}: {len(made.written)} files written, {len(made.unchanged)} unchanged, {len(made.kept)} kept"
    )
    command = f"python {PACKAGE}/{call.module}/manage.py serve"
    return Outcome(
        module=call.module,
        verb="scaffold",
        result={
            "folder": str(folder.relative_to(root)),
            "written": [str(path.relative_to(root)) for path in made.written],
            "unchanged": [str(path.relative_to(root)) for path in made.unchanged],
            "kept": [str(path.relative_to(root)) for path in made.kept],
        },
        next=(
            NextCommand(command=command, does="start the service (beside the shop, in another terminal)"),
            NextCommand(
                command=f"python manage.py extract {call.module} start --until shared-database",
                does="then let it answer on the monolith's tables",
            ),
        ),
    )
