"""What a string in the source says, as far as it can be read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from infra.boundaries.static.source import Source

UNKNOWN: Final = "\0"  # stands in a text for what only a running program knows
_DEEPEST = 40  # nested expressions and names of names


class Texts:
    """Reads strings in sources, through names that are given one value, in this file or where they are imported from."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def whole(self, source: Source, node: ast.AST | None) -> str | None:
        """Return the string that an expression is, or None where that cannot be read in the source."""
        if node is None:
            return None
        text = self.known(source, node)
        return None if UNKNOWN in text else text

    def known(self, source: Source, node: ast.AST, depth: int = 0) -> str:
        """Return the string that an expression is, with UNKNOWN for each part that cannot be read in the source."""
        if depth > _DEEPEST:
            return UNKNOWN
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.JoinedStr(values=values):
                return "".join(self.known(source, value, depth + 1) for value in values)
            case ast.FormattedValue(value=value, format_spec=None, conversion=-1):
                return self.known(source, value, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.known(source, left, depth + 1) + self.known(source, right, depth + 1)
            case ast.BinOp(left=left, op=ast.Mod()):
                return self.known(source, left, depth + 1) + UNKNOWN
            case ast.Call(func=ast.Attribute(value=value, attr="format")):
                return self.known(source, value, depth + 1) + UNKNOWN
            case ast.Call(func=ast.Attribute(value=value, attr="strip" | "lower" | "lstrip" | "rstrip"), args=[]):
                return self.known(source, value, depth + 1)
            case ast.Call(func=ast.Attribute(value=glue, attr="join"), args=[ast.List() | ast.Tuple() as parts]):
                pieces = [self.known(source, piece, depth + 1) for piece in parts.elts]
                return self.known(source, glue, depth + 1).join(pieces)
            case ast.Name() | ast.Attribute():
                return self._named(source, node, depth + 1)
        return UNKNOWN

    def all_of(self, source: Source, node: ast.AST | None) -> Iterator[str]:
        """Yield the strings of a list or tuple of them, or the one that an expression is."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            for element in node.elts:
                yield from self.all_of(source, element)
        elif (text := self.whole(source, node)) is not None:
            yield text

    def _named(self, source: Source, node: ast.Name | ast.Attribute, depth: int) -> str:
        if isinstance(node, ast.Name) and node.id in source.constants:
            return self.known(source, source.constants[node.id], depth)
        origin, _, name = source.dotted(node).rpartition(".")
        home = self._sources.get(origin)
        if home is None or home is source or name not in home.constants:
            return UNKNOWN
        return self.known(home, home.constants[name], depth)


def argument(call: ast.Call, position: int | None, *keywords: str) -> ast.expr | None:
    """Return an argument of a call, by its position or by one of its names."""
    if position is not None and len(call.args) > position:
        given = call.args[: position + 1]
        return None if any(isinstance(value, ast.Starred) for value in given) else given[position]
    return next((keyword.value for keyword in call.keywords if keyword.arg in keywords), None)


def called(call: ast.Call) -> str:
    """Return the last name of what is called: `get_model` of `apps.get_model(...)`."""
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
