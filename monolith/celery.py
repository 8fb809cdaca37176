"""The Celery app of the single web app: it carries events and periodic tasks, and nothing else.

    celery -A monolith.celery worker --queues banyan.orders,banyan.users

Each module has the queues that its manifest names; without `--queues` a worker serves them all.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.production")

from infra.events.broker import queue_of
from infra.events.celery_app import carrying_app

app = carrying_app("banyan", default_queue=queue_of("default"))
