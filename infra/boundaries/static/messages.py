"""What reaches another module's code without naming its file: tasks, queues, signals, registrations in its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.index import TASK_DECORATORS, called_base, class_values
from infra.boundaries.static.project import Zone
from infra.boundaries.static.relations import USER_MODEL, target_of
from infra.boundaries.static.source import Scope, chain
from infra.boundaries.static.text import argument, called

_SENDS = ("send_task", "signature", "subtask", "Signature")
_REGISTERS = (*TASK_DECORATORS, "subscribe", "provide", "contract", "register_task")
_SIGNALS_OF_MODELS = (
    *("pre_init", "post_init", "pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "class_prepared"),
)


def look(view: View) -> Iterator[Crossing]:
    """Yield the tasks, queues and signals of others that a source names, and what it registers as theirs."""
    for call, scope in view.source.calls:
        name = called(call)
        if name in _SENDS:
            yield from _sent(view, call, scope, name)
        elif name == "receiver" or (name == "connect" and isinstance(call.func, ast.Attribute)):
            yield from _listens(view, call, scope, name)
        elif name in _REGISTERS and view.zone is Zone.MODULE:
            yield from _registers(view, call, scope, name)
        yield from _queued(view, call, scope)
    for subscript, scope in view.source.subscripts:
        if next(chain(subscript.value), "") == "tasks":
            yield from _task(view, view.project.index.texts.whole(view.source, subscript.slice), subscript, scope)
    if view.zone is Zone.MODULE and view.project.is_public(view.source.name):
        yield from _facts(view)


def _sent(view: View, call: ast.Call, scope: Scope, name: str) -> Iterator[Crossing]:
    origin = view.source.dotted(call.func)
    first = argument(call, 0, "name", "task", "varies")
    if origin.startswith("inspect.") or first is None:
        return
    text = view.project.index.texts.whole(view.source, first)
    yield from _task(view, text, call, scope)
    is_celery = name == "send_task" or origin.startswith("celery")
    if text is None and is_celery and view.zone is Zone.MODULE:
        detail = f"The task that {name}(...) sends is computed."
        yield view.crosses(rules.COMPUTED, call, scope, to="", target=f"{name}(...)", detail=detail)


def _task(view: View, name: str | None, node: ast.AST, scope: Scope) -> Iterator[Crossing]:
    if name is None:
        return
    project = view.project
    # An unknown task that begins with a module's name is that module's by the custom of naming.
    owner = project.index.tasks.get(name) or project.module_of(name)
    if not owner and "." in name:
        owner = project.index.labels.get(name.partition(".")[0], "")
    if view.is_foreign(owner):
        detail = f"It names the task {name}, which belongs to {owner}."
        yield view.crosses(rules.TASK, node, scope, to=owner, target=f"task {name}", detail=detail)


def _queued(view: View, call: ast.Call, scope: Scope) -> Iterator[Crossing]:
    queue = view.project.index.texts.whole(view.source, argument(call, None, "queue", "routing_key"))
    owner = view.project.index.queues.get(queue or "", "")
    if view.is_foreign(owner) and view.zone is Zone.MODULE:
        detail = f"It sends work to the queue {queue}, which belongs to {owner}."
        yield view.crosses(rules.TASK, call, scope, to=owner, target=f"queue {queue}", detail=detail)


def _listens(view: View, call: ast.Call, scope: Scope, name: str) -> Iterator[Crossing]:
    sender = argument(call, 1 if name == "connect" else None, "sender")
    signals = call.args[:1] if name == "receiver" else [call.func.value]  # type: ignore[attr-defined]
    listed = [each for one in signals for each in (one.elts if isinstance(one, ast.List | ast.Tuple) else [one])]
    names = [view.source.dotted(each).rpartition(".")[2] for each in listed if "django.db" in view.source.dotted(each)]
    if sender is None:
        for signal in names:
            if signal in _SIGNALS_OF_MODELS and view.zone is Zone.MODULE:
                detail = f"It hears {signal} of every model, so of other modules', too."
                yield view.crosses(rules.SIGNAL, call, scope, to="", target=f"{signal} of every model", detail=detail)
        return
    target, owner = target_of(view.project, view.source, sender)
    if view.is_foreign(owner) or (target == USER_MODEL and not owner):
        whose = f"which belongs to {owner}" if owner else "whose owner only settings know"
        detail = f"It hears what is done to {target}, {whose}."
        yield view.crosses(rules.SIGNAL, call, scope, to=owner, target=target, detail=detail)


def _registers(view: View, call: ast.Call, scope: Scope, name: str) -> Iterator[Crossing]:
    texts, index = view.project.index.texts, view.project.index
    claimed = texts.whole(view.source, argument(call, None, "module", "consumer"))
    if claimed and claimed in view.project.modules and view.is_foreign(claimed):
        yield _claimed(view, call, scope, name, claimed, claimed)
    label = texts.whole(view.source, argument(call, 0 if name == "contract" else None, "name"))
    if label and "." in label:
        owner = view.project.module_of(label) or index.labels.get(label.partition(".")[0], "")
        if view.is_foreign(owner):
            yield _claimed(view, call, scope, name, label, owner)


def _facts(view: View) -> Iterator[Crossing]:
    """Yield events that a module declares under another's name."""
    for node, scope in view.source.classes:
        if not any(called_base(base) == "Event" for base in node.bases):
            continue
        name = view.project.index.texts.whole(view.source, class_values(node).get("name")) or ""
        owner = view.project.index.labels.get(name.partition(".")[0], "")
        if view.is_foreign(owner):
            yield _claimed(view, node, Scope(f"{scope.name}.{node.name}".lstrip(".")), "Event", name, owner)


def _claimed(view: View, node: ast.AST, scope: Scope, what: str, name: str, owner: str) -> Crossing:
    detail = f"{what} {name!r} is registered in the name of {owner}."
    return view.crosses(rules.OTHERS_NAME, node, scope, to=owner, target=f"{what} {name}", detail=detail)
