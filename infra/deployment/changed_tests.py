"""`make test-changed`: the tests that the present change can reach, and how many that leaves out.

The change is what differs from the point where this branch left the main one; on the main branch, from the last commit.
`BASE=v1.2 make test-changed` compares with something else. CI runs all tests: this is for the minutes between two of its runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.boundaries.reach.selection import Importers

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("infra", "modules", "monolith", "tests")
READS_ALL_CODE = ("tests/architecture/test_imports.py",)


def main(arguments: list[str]) -> None:
    """Say what is run and why, then run it; the exit code is pytest's. `--list` says it only."""
    os.chdir(REPOSITORY)
    sys.path.insert(0, str(REPOSITORY))
    os.environ["DJANGO_SETTINGS_MODULE"] = "monolith.settings.test"
    from django.conf import settings

    from infra.boundaries.reach import reached

    base = os.environ.get("BASE") or usual_base()
    changed = changed_files(base)
    if not changed:
        sys.stdout.write(f"Nothing differs from {base}.\n")
        return
    selection = reached(
        changed, manifests=settings.MANIFESTS, package="modules", importers=importers(), always=READS_ALL_CODE
    )
    sys.stdout.write(f"{len(changed)} files differ from {base}.\n")
    if selection.everything:
        sys.stdout.write(f"All tests: {selection.everything}.\n")
        options = []
    else:
        for path in selection.paths:
            sys.stdout.write(f"  {path:<40} {'; '.join(selection.reasons[path][:2])}\n")
        options = ["-p", "tests.reached", *(f"--reached={path}" for path in selection.paths)]
    sys.stdout.flush()
    if "--list" in arguments:
        return
    processes = os.environ.get("TEST_PROCESSES", "auto")
    os.execv(  # noqa: S606 the tests take this process's place, and their exit code with it
        sys.executable,
        [sys.executable, "-m", "pytest", "-n", processes, "--dist", "loadscope", *options, *arguments],
    )


def usual_base() -> str:
    """Return the commit where the present branch left the main one, or the last commit before the present state."""
    head = git("rev-parse", "HEAD")
    for name in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
        found = subprocess.run(["git", "merge-base", "HEAD", name], capture_output=True, text=True)
        if found.returncode == 0 and found.stdout.strip() != head:
            return found.stdout.strip()[:12]
    is_clean = not git("status", "--porcelain")
    return "HEAD~1" if is_clean else "HEAD"


def changed_files(base: str) -> list[str]:
    """Return the paths that differ from a commit, changed, new, deleted, committed or not."""
    differing = git("diff", "--name-only", "--no-renames", base).splitlines()
    return sorted({*differing, *git("ls-files", "--others", "--exclude-standard").splitlines()})


def importers() -> Importers:
    """Return a function from a Python module's name to the names of all that import it, directly or not."""
    import grimp

    graph = grimp.build_graph(*PACKAGES, include_external_packages=False)

    def of(name: str) -> Iterable[str]:
        return graph.find_downstream_modules(name) if name in graph.modules else ()

    return of


def git(*arguments: str) -> str:
    called = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=REPOSITORY)
    if called.returncode:
        raise SystemExit(f"make test-changed asks git what changed, and git says: {called.stderr.strip()}")
    return called.stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
