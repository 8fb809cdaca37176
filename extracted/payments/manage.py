#!/usr/bin/env python
"""The command line of the payments service: serve, migrate_modules, provision_databases, relay, events."""

import sys
from pathlib import Path

if (
    not __package__
):  # run as a file: what is imported stands two folders up, and this folder's names are not to be found
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from infra.service.command_line import main

if __name__ == "__main__":
    main("extracted.payments.settings")
