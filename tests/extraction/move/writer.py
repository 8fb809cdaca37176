"""A process of customers: threads that write through the ORM wherever the record says, and tell what was acknowledged."""

from __future__ import annotations

import random
import sys
import threading
import time
from uuid import uuid4

import django
from django.db import Error, connections, transaction
from django.db.models import F

django.setup()

from infra.extraction.admission import HeldTooLong  # noqa: E402
from infra.extraction.fence import refused_by_fence  # noqa: E402
from infra.extraction.record import presence  # noqa: E402
from infra.extraction.record.values import SERVICE  # noqa: E402
from tests.extraction.move.ledger.models import Account, Entry  # noqa: E402

_lines = threading.Lock()
PATIENCE_SECONDS = 60.0


def tell(line: str) -> None:
    with _lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def customer(seed: int, ending: threading.Event, rest_seconds: float) -> None:
    dice = random.Random(seed)
    while not ending.is_set():
        key, account, amount = uuid4(), dice.randint(1, 8), dice.randint(1, 99)
        tell(f"intent {key}")
        began = time.monotonic()
        while not write(key, account, amount):
            if time.monotonic() - began > PATIENCE_SECONDS:
                tell("stuck: no side accepts writes")
                return
        tell(f"ack {key} {time.monotonic() - began:.4f}")
        ending.wait(rest_seconds)
    connections.close_all()


def write(key: object, account: int, amount: int) -> bool:
    """Write once at the side that the record names; return whether it is done, also by an earlier try."""
    revision = 0
    try:
        with presence.admission.writing("ledger") as where:
            revision = where.revision
            alias = "ledger_service" if where.home == SERVICE else "ledger"
            with transaction.atomic(using=alias):
                if Entry.objects.using(alias).filter(key=key).exists():
                    return True
                Account.objects.using(alias).filter(pk=account).update(
                    balance=F("balance") + amount, version=F("version") + 1
                )
                version = Account.objects.using(alias).get(pk=account).version
                Entry.objects.using(alias).create(key=key, account_id=account, amount=amount, version=version)
    except HeldTooLong:
        tell("held too long")
        return False
    except Error as error:
        if refused_by_fence(error):
            tell("refused")
            presence.admission.wait_for_news("ledger", revision, seconds=0.5)
            return False
        tell(f"error {type(error).__name__}: {str(error).strip().splitlines()[0]}")
        connections.close_all()
        time.sleep(0.05)
        return False
    return True


def main(seed: str, threads: str, rest_seconds: str) -> None:
    presence.start()
    ending = threading.Event()
    running = [
        threading.Thread(target=customer, args=(int(seed) * 100 + number, ending, float(rest_seconds)))
        for number in range(int(threads))
    ]
    for thread in running:
        thread.start()
    tell("ready")
    sys.stdin.readline()
    ending.set()
    for thread in running:
        thread.join()
    presence.stop()
    tell("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
