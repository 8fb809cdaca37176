"""Metrics of several web processes: each writes its own files, in a folder that lives as long as gunicorn's main process."""

from __future__ import annotations

import os
import shutil
import tempfile

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it when it is first imported


def prepare_metrics() -> None:
    """Make the folder, empty; call it in the main process before it starts workers (gunicorn's `on_starting`)."""
    # In memory where that is possible: the files change with each request.
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="banyan-metrics-", dir=parent)


def forget_worker(process_id: int) -> None:
    """Drop the gauges of a worker that is gone (gunicorn's `child_exit`); its counts stay."""
    if os.environ.get(VARIABLE):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(process_id)  # type: ignore[no-untyped-call]


def discard_metrics() -> None:
    """Remove the folder (gunicorn's `on_exit`)."""
    if folder := os.environ.pop(VARIABLE, ""):
        shutil.rmtree(folder, ignore_errors=True)
