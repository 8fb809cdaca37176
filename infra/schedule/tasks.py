"""The Celery task that runs a periodic task."""

from typing import Any

from celery import Task, shared_task

from infra.extraction.home import NotHere, at_home
from infra.schedule import runs
from infra.schedule.broker import RUN
from infra.schedule.declaration import task_named

PAUSE_SECONDS = 1


@shared_task(name=RUN, bind=True, max_retries=None, ignore_result=True)
def run_periodic_task(self: Task[Any, Any], *, module: str, name: str, lease: str) -> None:
    """Run a claimed task. Where its module is not at home (any more), put it back for a worker of the other side.

    The claim moved with the module. When none has taken it before it runs out, it is due again anyway.
    """
    try:
        with at_home(module):
            claim = runs.Claim(module, name, lease)
            if runs.is_held(claim):
                runs.run(claim)
    except NotHere as moved:
        if self.request.retries * PAUSE_SECONDS < task_named(module, name).lease_seconds:
            raise self.retry(exc=moved, countdown=PAUSE_SECONDS) from moved
