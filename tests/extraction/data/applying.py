"""An applier in a process of its own, to be killed, frozen and cut off: it begins again whenever its servers let it.

python -m tests.extraction.data.applying SOURCE TARGET
"""

from __future__ import annotations

import json
import random
import sys
import time

import psycopg

from infra.extraction.data.errors import DataPlaneError
from infra.extraction.data.pace import Pace
from infra.extraction.data.step import Applier
from infra.extraction.sides import Side
from tests.extraction.data.shop import NAMES


def as_json(side: Side) -> str:
    return json.dumps([side.name, side.owner_url, side.application_role, side.schema])


def main(*texts: str) -> None:
    source, target = (
        Side(name=name, owner_url=url, application_role=role, schema=schema)
        for name, url, role, schema in map(json.loads, texts)
    )
    while True:
        pace = Pace(rows=30, least=10, most=60, batch=random.choice([40, 5000]))
        try:
            with Applier(source, target, NAMES, pace=pace, streams=2) as applier:
                say("began")
                while True:
                    said = applier.copied
                    applier.advance()
                    if applier.copied and not said:
                        say("copied")
        except (psycopg.Error, DataPlaneError) as error:
            say(f"{type(error).__name__}: {str(error).splitlines()[0]}")
            time.sleep(0.05)


def say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
