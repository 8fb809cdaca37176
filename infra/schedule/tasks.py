"""The Celery task that runs a periodic task."""

from celery import shared_task

from infra.schedule import runs
from infra.schedule.broker import RUN


@shared_task(name=RUN, ignore_result=True)
def run_periodic_task(*, module: str, name: str, lease: str) -> None:
    runs.run(runs.Claim(module, name, lease))
