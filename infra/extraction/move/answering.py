"""Whether the service of a module answers."""

from __future__ import annotations

import httpx

from infra.extraction.move.errors import MoveRefused

SERVICE_SECONDS = 5.0  # to say who it is


def require_service(module: str, address: str) -> None:
    """Ask whoever is at an address whether it is the module's service.

    Raises:
        MoveRefused: nobody answers there, or somebody else does.
    """
    try:
        answer = httpx.get(f"{address}/_service", timeout=SERVICE_SECONDS)
        said = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError) as error:
        raise MoveRefused(
            f"The service of {module} does not answer at {address} ({str(error) or type(error).__name__}). Start it:"
            f" python extracted/{module}/manage.py serve"
        ) from error
    if not isinstance(said, dict) or said.get("module") != module:
        raise MoveRefused(
            f"What answers at {address} is not the service of {module}: GET {address}/_service said {answer.status_code}."
            f" Correct {module.upper()}_SERVICE_URL."
        )
