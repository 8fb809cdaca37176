"""From changed files to the folders of tests that could notice.

A module's internals are seen by its own tests alone, its contract also by those who ask it, its events also by those who hear
them: that is what borders are for. Plumbing is seen by whatever imports it, directly or not. Whatever is not understood is
taken to reach everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from infra.boundaries.manifest import Manifest

Importers = Callable[[str], Iterable[str]]
"""Returns every Python module that imports the given one, directly or not."""

PUBLIC_FILES = ("contract.py", "events.py", "manifest.py")
PROSE = (".md", ".rst", ".txt")


@dataclass(slots=True)
class Selection:
    """Folders and files of tests, each with the reasons for it; `everything` where one of them is that."""

    reasons: dict[str, list[str]] = field(default_factory=dict)
    everything: str = ""  # why all tests are to run; empty: the selected ones suffice

    def add(self, path: str, reason: str) -> None:
        reasons = self.reasons.setdefault(path, [])
        if reason not in reasons:
            reasons.append(reason)

    @property
    def paths(self) -> list[str]:
        """The selected paths, without those that lie in another one."""
        return sorted(
            path
            for path in self.reasons
            if not any(other != path and path.startswith(f"{other}/") for other in self.reasons)
        )


def reached(
    changed: Iterable[str],
    *,
    manifests: Sequence[Manifest],
    package: str,
    importers: Importers,
    always: Sequence[str] = (),
) -> Selection:
    """Return which tests could notice a change of these files.

    Args:
        changed: paths relative to the repository's root, with slashes; deleted ones, too.
        package: the folder of the modules; tests of module M are in `tests/M`.
        always: tests that look at the whole text of the repository, and run for any change of code.
    """
    selection = Selection()
    for path in sorted(changed):
        _Change(path, manifests, package, importers, selection).select()
        if selection.everything:
            break
        if path.endswith(".py"):
            for test in always:
                selection.add(test, "it reads all code")
    return selection


class _Change:
    """One changed file, on its way into a selection."""

    def __init__(
        self, path: str, manifests: Sequence[Manifest], package: str, importers: Importers, selection: Selection
    ) -> None:
        self._path = path
        self._parts = PurePosixPath(path).parts
        self._manifests = {manifest.name: manifest for manifest in manifests}
        self._package = package
        self._importers = importers
        self._selection = selection

    def select(self) -> None:
        top = self._parts[0]
        if self._path.endswith(PROSE):
            self._selection.add("tests/architecture/test_readmes.py", f"{self._path} changed")
        elif top == self._package and len(self._parts) > 2 and self._parts[1] in self._manifests:
            self._select_of_module(self._manifests[self._parts[1]])
        elif top == "tests":
            self._select_of_tests()
        elif self._path.endswith(".py") and len(self._parts) > 1:
            self._select_of_plumbing()
        else:
            self._selection.everything = f"{self._path} changed, and may reach anything"

    def _select_of_module(self, manifest: Manifest) -> None:
        own, file = f"tests/{manifest.name}", self._parts[2]
        if len(self._parts) > 3 or file not in PUBLIC_FILES:
            self._selection.add(own, f"the internals of {manifest.name} changed")
            return
        self._selection.add(own, f"{self._path} changed")
        if file == "manifest.py":
            self._selection.add("tests/boundaries", f"{self._path} changed")
            self._selection.add("tests/architecture", f"{self._path} changed")
            return
        self._selection.add("tests/compatibility", f"{self._path} changed")
        for other in self._manifests.values():
            if file == "contract.py" and manifest.name in other.asked_modules:
                self._selection.add(f"tests/{other.name}", f"{other.name} asks {manifest.name}")
            if file == "events.py" and any(name.partition(".")[0] == manifest.name for name in other.hears):
                self._selection.add(f"tests/{other.name}", f"{other.name} hears {manifest.name}")

    def _select_of_tests(self) -> None:
        folder = self._parts[1] if len(self._parts) > 2 else ""
        if folder in self._manifests and self._parts[2] == "fakes.py":
            for other in self._manifests.values():
                if folder in other.asked_modules:
                    self._selection.add(f"tests/{other.name}", f"{other.name} is tested with the stand-in of {folder}")
        if folder in self._manifests:
            self._selection.add(f"tests/{folder}", f"{self._path} changed")
        elif folder and self._parts[-1].startswith("test_"):
            self._selection.add(self._path, "it changed")
        elif folder:
            self._selection.add(f"tests/{folder}", f"{self._path} changed")
        else:
            self._selection.everything = f"{self._path} is what all tests stand on"

    def _select_of_plumbing(self) -> None:
        name = ".".join(PurePosixPath(self._path).with_suffix("").parts).removesuffix(".__init__")
        found = set(self._importers(name))
        if not found:
            self._selection.everything = f"{self._path} changed, and nothing known imports it"
            return
        reason = f"{name} changed, which it uses"
        for importer in sorted(found):
            parts = importer.split(".")
            if parts[0] == self._package and len(parts) > 1 and parts[1] in self._manifests:
                self._selection.everything = f"{self._path} changed, which the modules stand on"
                return
            if parts[0] == "tests" and len(parts) > 2:
                self._selection.add("/".join(parts[:3] if parts[1] in ("infra", "boundaries") else parts[:2]), reason)
        if not self._selection.reasons:
            self._selection.everything = f"{self._path} changed, and no test imports it"
