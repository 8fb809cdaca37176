"""Metrics of several web processes: each writes its own files, in a folder that lives as long as gunicorn's main process."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is first imported
_PREFIX = "banyan-metrics-"
# In memory where that is possible: the files change with each request.
_PARENT = Path("/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir())  # noqa: S108


def prepare_metrics() -> None:
    """Make the folder, empty; call it in the main process before it starts workers (gunicorn's `on_starting`)."""
    for folder in _PARENT.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not _lives(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)  # left by a main process that was killed
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_PARENT)


def forget_worker(process_id: int) -> None:
    """Drop the gauges of a worker that is gone (gunicorn's `child_exit`); its counts stay."""
    if os.environ.get(VARIABLE):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(process_id)  # type: ignore[no-untyped-call]


def discard_metrics() -> None:
    """Remove the folder (gunicorn's `on_exit`)."""
    if folder := os.environ.pop(VARIABLE, ""):
        shutil.rmtree(folder, ignore_errors=True)


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
