"""The process that forks: for each project's path that it is told, a child loads the project and says what is found.

Before it forks it has loaded the apps that every planted project has: Django's, rest_framework and the plumbing. So a child
loads the two modules only, with settings and addresses of their own.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from dataclasses import asdict

import celery.app.builtins
import celery.backends.base
import celery.canvas
import celery.signals  # noqa: F401
import django
from django.apps import apps
from django.conf import settings
from django.db import connections, router
from django.utils.functional import empty

from tests.boundaries.application.tiny_settings import COMMON_APPS


def load_what_is_common() -> None:
    """Load the apps that no project plants anything in."""
    settings.configure(
        INSTALLED_APPS=COMMON_APPS, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, DATABASES={}
    )
    django.setup()

    import infra.boundaries.application.audit
    import infra.contracts
    import infra.events.outbox  # noqa: F401


def look(root: str) -> dict[str, object]:
    """Load the project at a path and return what the application layer finds there, or why it cannot be loaded."""
    from infra.boundaries.application import check

    sys.path.insert(0, root)
    try:
        # As after a start: the project's own settings, read when first asked for.
        settings._wrapped = empty
        connections.__dict__.pop("settings", None)
        router.__dict__.pop("routers", None)
        apps.set_installed_apps(settings.INSTALLED_APPS)
        return {"found": [asdict(found) | {"rule": found.rule.id} for found in check(settings.MANIFESTS)]}
    except BaseException:  # noqa: BLE001  # planted code may end in any way
        return {"error": traceback.format_exc()}


def main() -> None:
    load_what_is_common()
    gc.freeze()  # what is loaded stays shared with the children
    for line in sys.stdin:
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.close(reading)
            os.dup2(2, 1)  # what planted code prints is no answer
            with os.fdopen(writing, "w") as answer:
                json.dump(look(line.rstrip("\n")), answer)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answered:
            text = answered.read()
        os.wait()
        sys.stdout.write(f"{text or json.dumps({'error': 'The project ended the process.'})}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
