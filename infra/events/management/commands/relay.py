"""`manage.py relay`: the relay as a process of its own."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from infra.boundaries.observation.storing import observe_in_background
from infra.events import wakeup
from infra.events.configuration import broker_url, installed_modules, setting
from infra.events.relay import RelayLoop
from infra.extraction.record import presence
from infra.schedule.clock import Clock


class Command(BaseCommand):
    help = (
        "Hand published events to their consumers, and start periodic tasks when they are due, until SIGTERM or Ctrl-C."
        " Any number may run at once. A module that moves to a service is relayed there, and here again when it comes back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--module", action="append", metavar="NAME", help="relay this module only; may be repeated")

    def handle(self, *args: Any, **options: Any) -> None:
        modules = tuple(options["module"] or installed_modules())
        if unknown := set(modules) - set(installed_modules()):
            raise CommandError(
                f"No module here is called {', '.join(sorted(unknown))}; there are {', '.join(installed_modules())}."
            )
        stop = threading.Event()

        def finish(signal_number: int, frame: object) -> None:
            stop.set()
            wakeup.wake()

        signal.signal(signal.SIGTERM, finish)
        signal.signal(signal.SIGINT, finish)
        presence.start()
        observe_in_background()
        clock = threading.Thread(target=Clock().run, args=[stop], name="banyan-clock")
        clock.start()
        where = "to Celery" if broker_url() else "to their handlers, in this process"
        self.stdout.write(f"Relaying events of {', '.join(modules)} {where}.")
        self.stdout.flush()
        RelayLoop(modules, longest_pause=setting("EVENTS_POLL_SECONDS")).run(stop)
        clock.join()
        presence.stop()
        self.stdout.write("Stopped.")
