"""Finding and reading a project's files. Whatever is there, nothing of it stops the look: what cannot be read is said."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.boundaries.static.source import Source, parse

LARGEST = 2 * 1024 * 1024  # bytes; nobody writes more by hand, and parsing takes a hundred times that in memory
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "bower_components"})
TEMPLATE_ENDINGS = (".html", ".htm", ".txt", ".xml", ".jinja", ".jinja2", ".j2", ".svg", ".md", ".mjml", ".eml")


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that the rules could not look into."""

    path: str
    name: str
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that is no Python: a template, a script of SQL."""

    name: str  # of a template that by which it is loaded, else its path
    path: str
    package: str  # the dotted name of the folder that holds it, or its `templates` folder
    text: str


@dataclass(slots=True)
class Found:
    """All files of some top-level packages."""

    sources: dict[str, Source]
    templates: list[TextFile]
    static_files: dict[str, str]  # name by which it is served: package
    sql: list[TextFile]
    unread: list[Unread]


def read_all(folders: dict[str, Path], root: Path) -> Found:
    """Read what belongs to top-level packages, given by name; a package may be a single file."""
    found = Found({}, [], {}, [], [])
    with no_collection():
        _read_folders(folders, root, found)
    return found


@contextmanager
def no_collection() -> Iterator[None]:
    """Spare the garbage collector: it would look again and again at trees that stay, which takes as long as parsing them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read_folders(folders: dict[str, Path], root: Path, found: Found) -> None:
    for _, place in sorted(folders.items()):
        paths = [place] if place.is_file() else _walked(place)
        base = place.parent
        for path in paths:
            _read(path, path.relative_to(base), _shown(path, root), found)


def top_level(root: Path, package: str) -> Path | None:
    """Return where a top-level package is: at the root, in `src`, or in a folder of the root."""
    try:
        children = sorted(child for child in root.iterdir() if child.is_dir() and not _is_skipped(child.name))
    except OSError:
        return None
    for parent in (root, root / "src", *children):
        for place in (parent / package, parent / f"{package}.py"):
            if place.is_dir() or (place.suffix == ".py" and place.is_file()):
                return place
    return None


def _walked(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_skipped(name))
        for name in sorted(files):
            yield Path(parent, name)


def _is_skipped(folder: str) -> bool:
    return folder.startswith(".") or folder in SKIPPED_FOLDERS


def _read(path: Path, inner: Path, shown: str, found: Found) -> None:
    name = _dotted(inner)
    inside = inner.parts[:-1]
    is_python, is_sql = path.suffix == ".py", path.suffix == ".sql"
    is_template = "templates" in inside or "jinja2" in inside
    if "static" in inside and not is_python:
        place = inside.index("static")
        found.static_files["/".join(inner.parts[place + 1 :])] = ".".join(inside[:place])
        return
    if not (is_python or is_sql or (is_template and path.name.endswith(TEMPLATE_ENDINGS))):
        return
    try:
        if path.stat().st_size > LARGEST:
            found.unread.append(Unread(shown, name, f"it has more than {LARGEST:,} bytes"))
            return
        content = path.read_bytes()
        if is_python:
            found.sources[name] = parse(content, name=name, path=shown, is_package=path.name == "__init__.py")
            return
    except SyntaxError as error:
        found.unread.append(Unread(shown, name, f"Python cannot parse it ({error.msg})", error.lineno or 0))
        return
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        found.unread.append(Unread(shown, name, f"it cannot be read ({error})"))
        return
    text = content.decode("utf-8", errors="replace")
    if is_sql:
        found.sql.append(TextFile(shown, shown, ".".join(inside), text))
    else:
        first = min(index for index, part in enumerate(inside) if part in ("templates", "jinja2"))
        found.templates.append(TextFile("/".join(inner.parts[first + 1 :]), shown, ".".join(inside[:first]), text))


def _dotted(inner: Path) -> str:
    parts = inner.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _shown(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()
