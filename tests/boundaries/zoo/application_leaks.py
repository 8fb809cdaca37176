"""Leaks that show in the loaded project: what Django, Celery and the plumbing have registered, however it came there."""

from __future__ import annotations

from tests.boundaries.zoo import application_behaviour, application_models, application_pages
from tests.boundaries.zoo.specimens import Specimen

SPECIMENS: tuple[Specimen, ...] = (
    *application_models.RELATIONS,
    *application_models.MODELS,
    *application_models.MIGRATIONS,
    *application_behaviour.SIGNALS,
    *application_behaviour.TASKS,
    *application_pages.ADDRESSES,
    *application_pages.TEMPLATES,
    *application_pages.ADMIN,
    *application_pages.PRESENTATION,
    *application_behaviour.WIRING,
    *application_behaviour.PROCESS,
    *application_behaviour.HOLDINGS,
)
