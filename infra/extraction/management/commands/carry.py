"""`manage.py carry`: keep both sides of every module on the move alike, until SIGTERM."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from infra.extraction.move.carrier import Carrier
from infra.extraction.move.requests import offer
from infra.extraction.move.sides import modules
from infra.extraction.record import presence
from infra.extraction.retiring.completing import complete_as_asked


class Command(BaseCommand):
    help = "Carry the writes of modules on the move to their other side, compare both, watch switches, do what the console asks."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("modules", nargs="*", help="only these; all when none is named")

    def handle(self, *args: Any, **options: Any) -> None:
        if unknown := [name for name in options["modules"] if name not in modules()]:
            raise CommandError(f"There is no module {unknown[0]}; there are {', '.join(modules())}.")
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        offer("complete", complete_as_asked)
        presence.start()
        try:
            Carrier(options["modules"] or None).run(stop)
        finally:
            presence.stop()
