"""One Python file as the rules see it: parsed once, walked once, and what the walk met sorted by kind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
StringNode = ast.Constant | ast.JoinedStr


class Place(StrEnum):
    """Where in a file something stands."""

    TOP = "top"
    FUNCTION = "function"
    TYPE_CHECKING = "type checking"


@dataclass(frozen=True, slots=True)
class Scope:
    """What encloses a node."""

    name: str = ""  # enclosing classes and functions, dotted; empty at the top
    type_checking: bool = False
    function: FunctionNode | None = None
    class_: ast.ClassDef | None = None

    @property
    def place(self) -> Place:
        if self.type_checking:
            return Place.TYPE_CHECKING
        return Place.FUNCTION if self.function else Place.TOP


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name. `from a import b` imports "a.b"; whether that is a module or something in one, names cannot tell."""

    target: str
    origin: str  # the module that it names: "a"
    bound: str  # the name that it has in this file; "*" for a star
    line: int
    scope: Scope
    whole: bool  # `import a.b`, not `from a import b`


@dataclass(slots=True)
class Source:
    """A file's nodes by kind, each with what encloses it. Bare strings (docstrings) are left out."""

    name: str  # dotted
    path: str  # from the project's root
    is_package: bool
    imports: list[Import] = field(default_factory=list)
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    attributes: list[tuple[ast.Attribute, Scope]] = field(default_factory=list)  # outermost of each chain
    strings: list[tuple[StringNode, Scope]] = field(default_factory=list)
    subscripts: list[tuple[ast.Subscript, Scope]] = field(default_factory=list)
    classes: list[tuple[ast.ClassDef, Scope]] = field(default_factory=list)
    functions: list[tuple[FunctionNode, Scope]] = field(default_factory=list)
    changes: list[tuple[ast.expr, Scope]] = field(default_factory=list)  # attributes and items assigned to or deleted
    withs: list[tuple[ast.With | ast.AsyncWith, Scope]] = field(default_factory=list)
    body: list[ast.stmt] = field(default_factory=list)
    bindings: dict[str, str] = field(default_factory=dict)  # local name: what was imported under it
    constants: dict[str, ast.expr] = field(default_factory=dict)  # names given one value, once

    def dotted(self, node: ast.AST) -> str:
        """Return the full name that a chain of attributes stands for, as far as imports tell; empty where they do not."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.bindings:
            return ""
        return ".".join((self.bindings[node.id], *reversed(parts)))

    def absolute(self, module: str | None, level: int) -> str:
        """Return the dotted name that the `from` part of an import means."""
        if not level:
            return module or ""
        parts = self.name.split(".")
        parts = parts[: max(0, len(parts) - (level - 1 if self.is_package else level))]
        return ".".join([*parts, module] if module else parts)


def parse(content: bytes, *, name: str, path: str, is_package: bool) -> Source:
    """Parse and walk one file.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: Python cannot parse it.
    """
    tree = ast.parse(content, filename=path)
    source = Source(name=name, path=path, is_package=is_package, body=tree.body)
    _Walk(source).over(tree)
    return source


_SAYS_NOTHING = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop)


class _Walk:
    """Visits every node once, without recursion: foreign files nest deeper than Python's stack."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.stored: dict[str, int] = {}
        self.values: dict[str, ast.expr] = {}

    def over(self, tree: ast.Module) -> None:
        pending: list[tuple[ast.AST, Scope]] = [(tree, Scope())]
        while pending:
            node, scope = pending.pop()
            kind = type(node)
            if kind is ast.Expr and isinstance(getattr(node, "value", None), ast.Constant):
                continue
            if visit := _VISITS.get(kind):
                scope = visit(self, node, scope)
            elif isinstance(node, ast.If) and "TYPE_CHECKING" in [*chain(node.test)][:1]:
                inner = Scope(scope.name, True, scope.function, scope.class_)
                pending += [(child, scope) for child in node.orelse]
                pending += [(child, inner) for child in node.body]
                continue
            if kind is ast.Attribute:
                pending.append((_below_chain(node), scope))
                continue
            if isinstance(node, ast.JoinedStr):
                pending += [(part, scope) for part in node.values if not isinstance(part, ast.Constant)]
                continue
            # In the order of the file: the last one that is put there is looked at first.
            for value in reversed(vars(node).values()):
                if isinstance(value, list):
                    pending += [(child, scope) for child in reversed(value) if isinstance(child, ast.AST)]
                elif isinstance(value, ast.AST) and not isinstance(value, _SAYS_NOTHING):
                    pending.append((value, scope))
        bound = self.source.bindings
        self.source.constants = {
            name: value for name, value in self.values.items() if self.stored[name] == 1 and name not in bound
        }

    def imported(self, node: ast.Import, scope: Scope) -> Scope:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            bound = alias.asname or first
            self.source.bindings.setdefault(bound, alias.name if alias.asname else first)
            self.source.imports.append(Import(alias.name, alias.name, bound, node.lineno, scope, True))
        return scope

    def imported_from(self, node: ast.ImportFrom, scope: Scope) -> Scope:
        origin = self.source.absolute(node.module, node.level)
        for alias in node.names:
            target = origin if alias.name == "*" else f"{origin}.{alias.name}" if origin else alias.name
            bound = alias.asname or alias.name
            self.source.bindings.setdefault(bound, target)
            self.source.imports.append(Import(target, origin, bound, node.lineno, scope, False))
        return scope

    def call(self, node: ast.Call, scope: Scope) -> Scope:
        self.source.calls.append((node, scope))
        return scope

    def attribute(self, node: ast.Attribute, scope: Scope) -> Scope:
        self.source.attributes.append((node, scope))
        return scope

    def string(self, node: StringNode, scope: Scope) -> Scope:
        if isinstance(node, ast.JoinedStr) or isinstance(node.value, str):
            self.source.strings.append((node, scope))
        return scope

    def subscript(self, node: ast.Subscript, scope: Scope) -> Scope:
        self.source.subscripts.append((node, scope))
        return scope

    def class_(self, node: ast.ClassDef, scope: Scope) -> Scope:
        self.source.classes.append((node, scope))
        return Scope(_joined(scope.name, node.name), scope.type_checking, scope.function, node)

    def function(self, node: FunctionNode, scope: Scope) -> Scope:
        self.source.functions.append((node, scope))
        return Scope(_joined(scope.name, node.name), scope.type_checking, node, scope.class_)

    def with_(self, node: ast.With | ast.AsyncWith, scope: Scope) -> Scope:
        self.source.withs.append((node, scope))
        return scope

    def assigned(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete, scope: Scope) -> Scope:
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
        for target in targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                self.source.changes.append((target, scope))
        if isinstance(node, ast.Assign | ast.AnnAssign) and len(targets) == 1 and isinstance(targets[0], ast.Name):
            if node.value is not None:
                self.values[targets[0].id] = node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self.stored[node.target.id] = 2  # what it holds is not what it was first given
        return scope

    def name(self, node: ast.Name, scope: Scope) -> Scope:
        if isinstance(node.ctx, ast.Store):
            self.stored[node.id] = self.stored.get(node.id, 0) + 1
        return scope

    def argument(self, node: ast.arg, scope: Scope) -> Scope:
        self.stored[node.arg] = self.stored.get(node.arg, 0) + 1
        return scope


_VISITS: Mapping[type[ast.AST], Callable[[_Walk, Any, Scope], Scope]] = {
    ast.Import: _Walk.imported,
    ast.ImportFrom: _Walk.imported_from,
    ast.Call: _Walk.call,
    ast.Attribute: _Walk.attribute,
    ast.Constant: _Walk.string,
    ast.JoinedStr: _Walk.string,
    ast.Subscript: _Walk.subscript,
    ast.ClassDef: _Walk.class_,
    ast.FunctionDef: _Walk.function,
    ast.AsyncFunctionDef: _Walk.function,
    ast.With: _Walk.with_,
    ast.AsyncWith: _Walk.with_,
    ast.Assign: _Walk.assigned,
    ast.AnnAssign: _Walk.assigned,
    ast.AugAssign: _Walk.assigned,
    ast.Delete: _Walk.assigned,
    ast.Name: _Walk.name,
    ast.arg: _Walk.argument,
}


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer else inner


def _below_chain(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def ancestors(name: str) -> Iterator[str]:
    """Yield a dotted name and all that enclose it, the longest first."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def chain(node: ast.AST) -> Iterator[str]:
    """Yield the names of a chain of attributes, the last one first: `a.b.c` gives c, b, a."""
    while isinstance(node, ast.Attribute):
        yield node.attr
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
