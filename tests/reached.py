"""A pytest plugin that runs only the tests under given paths, and counts what that leaves out: `--reached tests/orders`."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reached", action="append", default=[], help="run only tests under this path; may be repeated")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = [(config.rootpath / path).resolve() for path in config.getoption("--reached")]
    left_out = [item for item in items if not _is_under(item.path, wanted)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _is_under(item.path, wanted)]


def _is_under(path: Path, wanted: list[Path]) -> bool:
    return any(path == folder or folder in path.parents for folder in wanted)
