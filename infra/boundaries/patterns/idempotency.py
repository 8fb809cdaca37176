"""What may not happen twice, and could: commands, requests, and work that does not come through the inbox."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.boundaries.manifest import Manifest
from infra.boundaries.patterns.evidence import NO_SOURCES, Evidence
from infra.boundaries.patterns.measures import Measure, Measured, NotMeasured
from infra.boundaries.patterns.routes import addresses
from infra.boundaries.patterns.rules import BESIDE_THE_INBOX, COMMAND_WITHOUT_KEY, POST_WITHOUT_KEY
from infra.boundaries.patterns.sources import SourceFile, Sources
from infra.contracts.declaration import declared_contracts

# Decorators and calls that give work to a broker by themselves.
_HANDS_OVER = frozenset({"shared_task", "send_task", "apply_async", "delay"})
_MONEY = "Money"

Functions = Mapping[str, list[tuple[SourceFile, ast.FunctionDef]]]


def measured(evidence: Evidence) -> Iterator[Measured]:
    """Measure commands, requests and tasks of every module."""
    yield from _commands(evidence)
    if evidence.sources is None:
        yield NotMeasured(BESIDE_THE_INBOX, NO_SOURCES)
    else:
        for manifest in evidence.manifests:
            yield from _beside_the_inbox(manifest, evidence.sources)
    if evidence.sources is None or not evidence.has_application:
        yield NotMeasured(POST_WITHOUT_KEY, "it needs the loaded project and the modules' source text.")
    else:
        yield from _requests(evidence, evidence.sources)


def _commands(evidence: Evidence) -> Iterator[Measure]:
    for manifest in evidence.manifests:
        for contract in declared_contracts():
            if contract.wire_name in manifest.offers:
                for method in contract.methods.values():
                    if method.kind == "command":
                        yield Measure(
                            rule=COMMAND_WITHOUT_KEY,
                            module=manifest.name,
                            source=contract.wire_name,
                            target=method.name,
                            figure=int(method.key is None),
                            unit="without a key",
                            threshold=0,
                            too_much=method.key is None,
                            detail=f"{method} is repeatable by {method.key}."
                            if method.key
                            else f"{method} has no key, so that nobody may ask it again after a lost answer.",
                            **_place(method.function, evidence.sources, manifest.name),
                        )


def _requests(evidence: Evidence, sources: Sources) -> Iterator[Measure]:
    every = [*addresses()]
    for manifest in evidence.manifests:
        commands = _commands_asked_by(manifest)
        functions = sources.functions(manifest.name)
        for address in every:
            handler = address.method("post")
            if handler is None or f".{manifest.name}." not in address.python_name:
                continue
            why = _why_not_twice(handler, functions, commands)
            guarded = hasattr(handler, "idempotency_required")
            if why or guarded:
                yield Measure(
                    rule=POST_WITHOUT_KEY,
                    module=manifest.name,
                    source=address.python_name,
                    target=f"POST {address.route}",
                    figure=int(not guarded),
                    unit="without an idempotency key",
                    threshold=0,
                    too_much=bool(why) and not guarded,
                    detail=f"POST {address.route} {why or 'takes a key'}{'' if guarded else ', and takes no key'}.",
                    **_place(handler, sources, manifest.name),
                )


def _commands_asked_by(manifest: Manifest) -> dict[str, str]:
    """Return the commands that a module may ask of others: method name -> how people call it."""
    return {
        method.name: str(method)
        for contract in declared_contracts()
        if contract.wire_name in manifest.asks
        for method in contract.methods.values()
        if method.kind == "command"
    }


def _why_not_twice(handler: Callable[..., Any], functions: Functions, commands: Mapping[str, str]) -> str:
    """Return what a view's method leads to that must not happen twice; "" where it is nothing that we know.

    Followed by name through the module's own functions: the method, what it calls, what that calls.
    """
    begun = inspect.unwrap(handler)
    todo = [
        (file, node)
        for file, node in functions.get(begun.__name__, [])
        if node.lineno <= begun.__code__.co_firstlineno + len(node.decorator_list) <= (node.end_lineno or 0) + 1
        and file.path.as_posix() == begun.__code__.co_filename
    ]
    seen: set[int] = set()
    while todo:
        file, node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if _takes_money(node) and "/http" not in file.shown:  # there amounts are only written as JSON
            return f"leads to {node.name}, which takes an amount of money"
        for called in _called(node):
            if called in commands:
                return f"leads to the command {commands[called]}"
            # A name that many functions have (get, save, post) would lead anywhere.
            if len(places := functions.get(called, [])) == 1 and not called.startswith("__"):
                todo.append(places[0])
    return ""


def _takes_money(node: ast.FunctionDef) -> bool:
    arguments = [*node.args.args, *node.args.kwonlyargs]
    return any(
        isinstance(part, ast.Name) and part.id == _MONEY
        for argument in arguments
        if argument.annotation is not None
        for part in ast.walk(argument.annotation)
    )


def _called(node: ast.FunctionDef) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            if isinstance(part.func, ast.Attribute):
                yield part.func.attr
            elif isinstance(part.func, ast.Name):
                yield part.func.id


def _beside_the_inbox(manifest: Manifest, sources: Sources) -> Iterator[Measure]:
    count = 0
    for file in sources.of(manifest.name):
        for node in ast.walk(file.tree):
            for name, line in _hand_overs(node):
                count += 1
                yield Measure(
                    rule=BESIDE_THE_INBOX,
                    module=manifest.name,
                    source=file.shown.removesuffix(".py").replace("/", "."),
                    target=name,
                    figure=1,
                    unit="hand-over beside the inbox",
                    threshold=0,
                    too_much=True,
                    detail=f"{name} gives work to the broker directly; it may run twice, late or never.",
                    path=file.shown,
                    line=line,
                )
    yield Measure(
        rule=BESIDE_THE_INBOX,
        module=manifest.name,
        source=manifest.name,
        figure=count,
        unit="hand-overs beside the inbox",
        threshold=0,
        too_much=False,  # each has a measure of its own
        detail=f"{manifest.name} gives work to the broker directly in {count} places.",
    )


def _hand_overs(node: ast.AST) -> Iterator[tuple[str, int]]:
    if isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in {"shared_task"} or (name == "task" and isinstance(called, ast.Attribute)):
                yield f"@{name}", decorator.lineno
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _HANDS_OVER:
        yield f".{node.func.attr}()", node.lineno


def _place(function: Callable[..., Any], sources: Sources | None, module: str) -> dict[str, Any]:
    code = inspect.unwrap(function).__code__
    for file in sources.of(module) if sources is not None else ():
        if file.path.as_posix() == code.co_filename:
            return {"path": file.shown, "line": code.co_firstlineno}
    return {}
