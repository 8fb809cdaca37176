"""A carrier in a process of its own, in a rhythm for tests."""

from __future__ import annotations

import logging
import signal
import sys
import threading

import django

django.setup()

from infra.extraction.move.carrier import Carrier, growth_limits  # noqa: E402
from infra.extraction.move.carrying import Rhythm  # noqa: E402
from infra.extraction.record import presence  # noqa: E402

logging.basicConfig(level=logging.INFO, stream=sys.stderr)


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    presence.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    quick = Rhythm(gates=0.3, note=0.3, compare=1.0, everything=3.0, supersede=0.3, limits=growth_limits())
    Carrier(rhythm=quick).run(stop)
    presence.stop()


if __name__ == "__main__":
    main()
