"""The Celery app of the payments service, where there is a broker."""

from infra.service.process import worker_application

app = worker_application("extracted.payments.settings")
