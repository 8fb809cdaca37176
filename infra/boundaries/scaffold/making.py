"""Making a module from the templates beside this file: all of its files, or none."""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from django.template import Context, Engine

TEMPLATES = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
# Names of databases, roles and schemas that are there already, or that PostgreSQL keeps for itself.
_RESERVED = frozenset(
    {"default", "platform", "public", "postgres", "information_schema", "generated", "tests", "infra"}
)


class CannotMake(Exception):
    """No module was made; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModule:
    """What a new module begins with."""

    name: str
    owner: str
    purpose: str

    @property
    def camel_case_name(self) -> str:
        return "".join(part.title() for part in self.name.split("_"))


def make(module: NewModule, *, modules: Path, tests: Path, taken: Collection[str]) -> list[Path]:
    """Write a module's files and its tests' into new folders; return the files.

    Args:
        modules, tests: the folders in which the module's two folders are to be.
        taken: app labels that are in use.

    Raises:
        CannotMake: the name will not do, or something is there already. Nothing is left behind.
    """
    refuse_name(module.name, taken)
    targets = {"module": modules / module.name, "tests": tests / module.name}
    for target in targets.values():
        if target.exists():
            raise CannotMake(f"{target} is there already. Choose another name, or remove it first.")
    written: list[Path] = []
    try:
        for kind, target in targets.items():
            written += _render(TEMPLATES / kind, target, module, package=modules.name)
    except BaseException:
        for target in targets.values():
            shutil.rmtree(target, ignore_errors=True)
        raise
    return written


def refuse_name(name: str, taken: Collection[str]) -> None:
    """Raise CannotMake where a name cannot be a module's."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise CannotMake(
            f"{name!r} cannot be a module's name: it becomes a folder, a schema, a role and a path, so it is a lower-case word of"
            " 2 to 40 letters, digits and underscores, such as gift_cards."
        )
    if name in _RESERVED or name.startswith("pg_") or name.endswith("_owner"):
        raise CannotMake(f"{name!r} is a name that the database needs for itself. Choose another one.")
    if name in taken:
        raise CannotMake(f"An app with the label {name!r} is installed already. Choose another name.")


def _render(source: Path, target: Path, module: NewModule, *, package: str) -> list[Path]:
    engine = Engine()
    context = Context(
        {
            "package": package,
            "app_name": module.name,
            "camel_case_app_name": module.camel_case_name,
            "title": module.name.replace("_", " ").capitalize(),
            "owner": module.owner,
            "purpose": module.purpose,
        },
        autoescape=False,
    )
    written = []
    for template in sorted(source.rglob("*.py-tpl")):
        file = target / template.relative_to(source).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(engine.from_string(template.read_text(encoding="utf-8")).render(context), encoding="utf-8")
        written.append(file)
    return written
