"""The source text of modules: how much there is of it, and what it says. Nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.boundaries.generation.house import House


@dataclass(frozen=True)
class SourceFile:
    """One Python file of a module."""

    path: Path
    shown: str  # relative to the project's root

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8", errors="replace")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; empty where the text is no Python, which other checks tell."""
        try:
            return ast.parse(self.text)
        except SyntaxError:
            return ast.Module(body=[], type_ignores=[])

    @property
    def lines(self) -> int:
        """Lines with something on them."""
        return sum(1 for line in self.text.splitlines() if line.strip())


class Sources:
    """The files of every module of a house; migrations and what is generated left out."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._files: dict[str, tuple[SourceFile, ...]] = {}

    def of(self, module: str) -> tuple[SourceFile, ...]:
        if module not in self._files:
            self._files[module] = tuple(self._read(module))
        return self._files[module]

    def strings(self, module: str) -> Iterator[tuple[SourceFile, ast.Constant, str]]:
        """Yield the texts in a module's code, without docstrings."""
        for file in self.of(module):
            prose = {id(node) for node in _docstrings(file.tree)}
            for node in ast.walk(file.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                    yield file, node, node.value

    def functions(self, module: str) -> Mapping[str, list[tuple[SourceFile, ast.FunctionDef]]]:
        """Return the functions and methods of a module by name."""
        found: dict[str, list[tuple[SourceFile, ast.FunctionDef]]] = {}
        for file in self.of(module):
            for node in ast.walk(file.tree):
                if isinstance(node, ast.FunctionDef):
                    found.setdefault(node.name, []).append((file, node))
        return found

    def _read(self, module: str) -> Iterator[SourceFile]:
        folder = self._house.folder / module
        for path in sorted(folder.rglob("*.py")):
            if not set(self._house.inside_ignored) & set(path.relative_to(folder).parts):
                yield SourceFile(path, path.relative_to(self._house.root).as_posix())


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
