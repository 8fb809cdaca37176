"""Making extracted/<module>/ from the templates beside this file; again and again, without taking anybody's changes away."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.template import Context, Engine

from infra.boundaries.manifest import Manifest

TEMPLATES = Path(__file__).parent / "templates"
MARK = "-tpl"
NOTES = "scaffold.json"  # the digest of each file as it was made: who differs from that was changed by people
_EXECUTABLE = "manage.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of the files."""

    written: tuple[Path, ...]
    unchanged: tuple[Path, ...]
    kept: tuple[Path, ...]  # somebody has changed them since they were made: left as they are


def scaffold(module: str, folder: Path, *, manifests: Sequence[Manifest], force: bool = False) -> Made:
    """Make the composition root of a module's service; a repeat changes nothing.

    Args:
        folder: where the files go: the module's name in the folder `extracted` beside `modules` and `infra`.
        force: whether files that people have changed are made anew, too.

    Raises:
        LookupError: there is no such module.
    """
    texts = rendered(module, manifests)
    notes = _read_notes(folder)
    written, unchanged, kept = [], [], []
    for name, text in texts.items():
        file = folder / name
        found = file.read_text(encoding="utf-8") if file.is_file() else None
        if found == text:
            unchanged.append(file)
        elif found is not None and notes.get(name) != _digest(found) and not force:
            kept.append(file)
            continue
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            file.chmod(0o755 if name == _EXECUTABLE else 0o644)
            written.append(file)
        notes[name] = _digest(text)
    _write_notes(folder, {name: notes[name] for name in texts if name in notes})
    package = folder.parent / "__init__.py"
    if not package.exists():
        package.write_text('"""Modules that live alone, one folder each: a second, small composition root."""\n')
        written.append(package)
    return Made(written=tuple(written), unchanged=tuple(unchanged), kept=tuple(kept))


def rendered(module: str, manifests: Sequence[Manifest]) -> dict[str, str]:
    """Return the text of each file by its name in the folder; the same manifest of the module gives the same texts.

    Raises:
        LookupError: there is no such module.
    """
    names = [manifest.name for manifest in manifests]
    if module not in names:
        raise LookupError(f"There is no module {module}; there are {', '.join(names)}.")
    manifest = manifests[names.index(module)]
    context = Context(
        {
            "module": module,
            "name": module.replace("_", "-"),  # what hosts, images and Kubernetes' objects may be called
            "upper": module.upper(),
            "schema": manifest.schema,
            "purpose": manifest.purpose,
            "prefixes": [_as_path(prefix) for prefix in manifest.url_prefixes],
            "offers": _listed(manifest.offers),
            "asks": _listed(manifest.asks),
            "hears": _listed(manifest.hears),
        },
        autoescape=False,
    )
    engine = Engine()
    return {
        template.relative_to(TEMPLATES).as_posix().removesuffix(MARK): engine.from_string(
            template.read_text(encoding="utf-8")
        ).render(context)
        for template in sorted(TEMPLATES.rglob(f"*{MARK}"))
    }


def _as_path(prefix: str) -> tuple[str, str]:
    """Return a manifest's prefix in the Gateway API's words; its prefixes cover the path without a slash, too, as ours do."""
    return ("PathPrefix", prefix.rstrip("/")) if prefix.endswith("/") else ("Exact", prefix)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _read_notes(folder: Path) -> dict[str, str]:
    file = folder / NOTES
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _write_notes(folder: Path, notes: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTES).write_text(json.dumps(notes, indent=2) + "\n", encoding="utf-8")
