"""`python -m infra.databases.embedded remove STATE_FOLDER`: stop the servers under a state folder and delete their data."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.databases.embedded import EmbeddedServer, EmbeddedServerError


def main() -> None:
    _, _, state = sys.argv
    for credentials in sorted(Path(state).glob("*/credentials.json")):
        server = EmbeddedServer(credentials.parent)
        sys.stdout.write(f"removing {server.cluster}\n")
        server.remove()


if __name__ == "__main__":
    try:
        main()
    except EmbeddedServerError as error:
        raise SystemExit(str(error)) from error
