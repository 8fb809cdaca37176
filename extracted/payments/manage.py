#!/usr/bin/env python
"""Commands of the payments service: serve, migrate_modules, provision_databases, events."""

import sys
from pathlib import Path

# Run as a file: what is imported stands two folders up, and the names in this folder are not to be found.
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from infra.service.command_line import main

if __name__ == "__main__":
    main("extracted.payments.settings")
