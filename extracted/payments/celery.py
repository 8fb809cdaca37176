"""The Celery app of the payments service: celery -A extracted.payments.celery worker"""

from infra.service.process import worker_application

app = worker_application("extracted.payments.settings")
