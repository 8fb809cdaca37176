"""Transactions that stay open while another module is asked. A hint ahead of the guard that sees every call as it happens."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.project import Project
from infra.boundaries.static.source import FunctionNode, Scope, chain
from infra.boundaries.static.text import called

_NO_PART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def look(view: View) -> Iterator[Crossing]:
    """Yield the questions that a source asks inside its transactions."""
    opened = [*_blocks(view)]
    if not opened:
        return
    reading = _Reading(view)
    for body, scope, what in opened:
        names = reading.names_in(scope.function)
        for node in _nodes(body):
            if isinstance(node, ast.Call) and (asked := reading.asked(node, names)):
                target, owner, way = asked
                detail = f"{target} is called{way} inside {what}."
                yield view.crosses(rules.TRANSACTION, node, scope, to=owner, target=target, detail=detail)


def _blocks(view: View) -> Iterator[tuple[list[ast.stmt], Scope, str]]:
    """Yield what runs in a transaction: blocks, decorated functions, and handlers of events."""
    for block, scope in view.source.withs:
        for item in block.items:
            if isinstance(item.context_expr, ast.Call) and called(item.context_expr) == "atomic":
                yield block.body, scope, "an open transaction"
    for function, scope in view.source.functions:
        inner = Scope(f"{scope.name}.{function.name}".lstrip("."), scope.type_checking, function, scope.class_)
        for decorator in function.decorator_list:
            name = called(decorator) if isinstance(decorator, ast.Call) else next(chain(decorator), "")
            if name in ("atomic", "commit_on_success"):
                yield function.body, inner, "a function that is one transaction"
            elif name == "subscribe":
                yield function.body, inner, "a handler, which runs in the transaction that moves its position"


class _Reading:
    """Which names of a source stand for other modules, and which of its functions ask them."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._functions = {function.name: function for function, _ in view.source.functions}

    def names_in(self, function: FunctionNode | None) -> Mapping[str, str]:
        """Return what stands for a contract in a function, as dotted as it is written: "catalog", "partners.catalog"."""
        names: dict[str, str] = {}
        if function is None:
            return names
        arguments = function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                names |= self._held(argument.arg, argument.annotation)
        for node in _nodes(function.body):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names |= self._held(node.target.id, node.annotation)
            elif isinstance(node, ast.Assign) and (contract := self._resolved(node.value)):
                names |= {target.id: contract for target in node.targets if isinstance(target, ast.Name)}
        return names

    def asked(self, call: ast.Call, names: Mapping[str, str], depth: int = 0) -> tuple[str, str, str] | None:
        """Return what a call asks, of which module, and by what way; None where it asks nobody."""
        project = self._view.project
        if isinstance(call.func, ast.Attribute):
            written = ".".join(reversed([*chain(call.func.value)]))
            contract = names.get(written) or self._resolved(call.func.value)
            if contract:
                return f"{project.short(contract)}.{call.func.attr}", project.module_of(contract), ""
        dotted = self._view.source.dotted(call.func)
        owner = project.module_of(dotted)
        if self._view.is_foreign(owner) and not project.is_public(dotted) and dotted.rpartition(".")[2].islower():
            return project.short(dotted), owner, ""
        if depth == 0 and isinstance(call.func, ast.Name) and (inner := self._functions.get(call.func.id)):
            held = self.names_in(inner)
            for node in _nodes(inner.body):
                if isinstance(node, ast.Call) and (found := self.asked(node, held, 1)):
                    return found[0], found[1], f" by {inner.name}()"
        return None

    def _held(self, name: str, annotation: ast.expr) -> dict[str, str]:
        dotted = self._view.source.dotted(annotation)
        if contract := self._contract(dotted):
            return {name: contract}
        if isinstance(annotation, ast.Name) and not dotted:
            dotted = f"{self._view.source.name}.{annotation.id}"
        return {f"{name}.{field}": contract for field, contract in self._view.project.carriers.get(dotted, {}).items()}

    def _resolved(self, node: ast.AST) -> str:
        """Return the contract of `resolve(StockContract)`."""
        if isinstance(node, ast.Call) and called(node) == "resolve" and node.args:
            return self._contract(self._view.source.dotted(node.args[0]))
        return ""

    def _contract(self, dotted: str) -> str:
        return dotted if _is_contract(self._view.project, dotted, self._view.module) else ""


def carriers(project: Project) -> dict[str, dict[str, str]]:
    """Return classes that carry contracts: `partners.catalog.offers()` where Partners has `catalog: CatalogContract`."""
    found: dict[str, dict[str, str]] = {}
    for source in project.sources.values():
        module = project.module_of(source.name)
        for node, _ in source.classes if module else ():
            held = {
                statement.target.id: contract
                for statement in node.body
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
                if _is_contract(project, contract := source.dotted(statement.annotation), module)
            }
            if held:
                found[f"{source.name}.{node.name}"] = held
    return found


def _is_contract(project: Project, dotted: str, asker: str) -> bool:
    return dotted.endswith("Contract") and project.is_public(dotted) and project.module_of(dotted) != asker


def _nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what runs when a body runs: not what it only defines."""
    pending: list[ast.AST] = [*reversed(body)]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _NO_PART):
            pending += reversed([*ast.iter_child_nodes(node)])
