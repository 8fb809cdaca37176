"""What one file says about others: its imports, and the texts in it that may be names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from infra.boundaries.static import source as static

_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_WORD = re.compile(r"[A-Za-z_]\w*")
_URL = re.compile(r"[A-Za-z_][\w-]*:[\w:-]+")
_LINKS = frozenset({"reverse", "reverse_lazy", "redirect", "resolve_url"})


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name; `from a import b` is a.b, whether b is a file or something in a."""

    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Named:
    """A text that may name something of the project: "catalog.Product", or ("catalog", "Product") side by side in a call."""

    owner: str  # "catalog", "catalog.models"; empty where the text stands alone
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Link:
    """A URL by name, with its namespace: "catalog:detail"."""

    namespace: str
    line: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a file says, before anybody knows what of it is in the project."""

    imports: tuple[Import, ...]
    named: tuple[Named, ...]
    links: tuple[Link, ...]
    defined: frozenset[str]  # names at the top of the file, in `if` and `try` too
    classes: Mapping[str, tuple[str, ...]]  # of those the classes, with the last names of what they inherit
    texts: Mapping[str, str]  # what a name at the top or in a class is assigned: label = "catalog"


def facts_of(source: static.Source) -> Facts:
    """Return what a file says."""
    statements = list(_at_the_top(source.body))
    return Facts(
        imports=tuple(Import(imported.target, imported.line) for imported in source.imports),
        named=(
            *(named for call, _ in source.calls for named in _pairs(call)),
            *(Named("", text, node.lineno) for node, _ in source.strings if _DOTTED.fullmatch(text := _text(node))),
        ),
        links=tuple(link for call, _ in source.calls for link in _links(call)),
        defined=frozenset(name for statement in statements for name in _defined(statement)),
        classes={
            node.name: tuple(name for base in node.bases if (name := next(static.chain(base), "")))
            for node in statements
            if isinstance(node, ast.ClassDef)
        },
        texts=dict(_texts([*source.body, *(part for node, _ in source.classes for part in node.body)])),
    )


def _pairs(node: ast.Call) -> Iterator[Named]:
    """Yield what get_model("catalog", "Product") and get_classes("catalog.views", ["List", "Detail"]) name."""
    given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg)]
    if len(given) < 2 or not (owner := _text(given[0])) or not (_WORD.fullmatch(owner) or _DOTTED.fullmatch(owner)):
        return
    second = given[1]
    for each in second.elts if isinstance(second, ast.List | ast.Tuple) else [second]:
        if (name := _text(each)) and _WORD.fullmatch(name):
            yield Named(owner, name, node.lineno)


def _links(node: ast.Call) -> Iterator[Link]:
    if next(static.chain(node.func), "") in _LINKS and node.args and _URL.fullmatch(link := _text(node.args[0])):
        yield Link(link.partition(":")[0], node.lineno)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _at_the_top(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in statements:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _at_the_top(getattr(node, part, ()))
            for handler in getattr(node, "handlers", ()):
                yield from _at_the_top(handler.body)


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in aliases)


def _texts(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in statements:
        if isinstance(node, ast.Assign) and (text := _text(node.value)):
            yield from ((target.id, text) for target in node.targets if isinstance(target, ast.Name))
