"""Handing due tasks to Celery, on the queue of their module."""

from infra.events.broker import celery_app, queue_of
from infra.schedule.runs import Claim

RUN = "banyan.schedule.run"


def send(claim: Claim) -> None:
    celery_app().send_task(RUN, kwargs=claim._asdict(), queue=queue_of(claim.module))
