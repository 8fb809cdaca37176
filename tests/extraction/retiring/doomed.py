"""`manage.py extract ledger complete` in processes of their own, each killed by a real SIGKILL at the step that it is told.

Told line by line what to do, `MODULE FUNCTION before|after OPTION...`, or `- - - OPTION...` to come to its end; says how the
process ended. Each is a fork of one that has loaded everything, so that it costs no more than its work.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

MODULE = "ledger"
# Before it forks, so that no child does it again.
LOADED = ("infra.extraction.management.commands.extract", "infra.extraction.retiring.completing")


def know_the_module() -> None:
    from infra.boundaries.manifest import Manifest

    address = settings.SERVICE_ADDRESSES[MODULE]
    settings.MANIFESTS = (
        *settings.MANIFESTS,
        Manifest(name=MODULE, owner="Tests <tests@example.com>", purpose="Books that balance.", tables=()),
    )
    settings.MODULE_LOCATIONS = {**settings.MODULE_LOCATIONS, MODULE: address}
    settings.ADMIN_DATABASE_URL = os.environ["BANYAN_TEST_ADMIN_URL"]


def die_at(module: str, name: str, moment: str) -> None:
    place = importlib.import_module(module)
    original = getattr(place, name)

    def dies(*args: Any, **options: Any) -> Any:
        if moment == "after":
            original(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, dies)


def run(module: str, name: str, moment: str, *options: str) -> None:
    """Run the command in this process, and end it with the command's exit code."""
    code = 3
    try:
        if module != "-":
            die_at(module, name, moment)
        call_command("extract", MODULE, "complete", "--confirm", MODULE, *options, stdout=sys.stderr)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 (nothing may go on after the fork but what is here)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    django.setup()
    for name in LOADED:
        importlib.import_module(name)
    know_the_module()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(*line.split())
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
