"""The generated files: what each holds, writing them, and finding those that no longer say what the manifests say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from infra.boundaries.generation import grants, handbook, imports, routes
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest

COMMAND = "manage.py modules generate"
HEAD = f"generated, do not edit: {COMMAND}"
FOLDER = "generated"  # below the modules' own
IMPORTS = f"{FOLDER}/imports.toml"  # import-linter's configuration


def generated(
    manifests: Sequence[Manifest], house: House, other_schemas: Mapping[str, str] | None = None
) -> dict[Path, str]:
    """Return the text of every generated file by its path; the same manifests give the same bytes."""
    texts = {
        IMPORTS: _text(f"# {HEAD}", imports.written(manifests, house)),
        f"{FOLDER}/grants.sql": _text(f"-- {HEAD}", grants.written(manifests, other_schemas or {})),
        f"{FOLDER}/celery.toml": _text(f"# {HEAD}", routes.queues(manifests)),
        f"{FOLDER}/access.toml": _text(f"# {HEAD}", routes.access(manifests, house)),
        **{f"{FOLDER}/{name}": text for name, text in handbook.pictures(manifests, HEAD).items()},
        "MAP.md": _text(f"<!-- {HEAD} -->", handbook.written(manifests, FOLDER)),
    }
    return {house.folder / name: text for name, text in texts.items()}


def outdated(files: Mapping[Path, str], house: House) -> list[Path]:
    """Return the paths whose committed text is another one or missing, and those in the folder that nothing generates."""
    strays = {path for path in (house.folder / FOLDER).glob("*") if path.is_file()} - set(files)
    return sorted(strays | {path for path, text in files.items() if _text_of(path) != text})


def write(files: Mapping[Path, str], house: House) -> list[Path]:
    """Write what is out of date, remove what nothing generates any longer, and return the paths of both."""
    changed = outdated(files, house)
    for path in changed:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _text_of(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _text(head: str, lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in (head, *lines))
