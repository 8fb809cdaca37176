"""Code that counts as a module's own, made of text: what the guards see is whose code a line belongs to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings


def code_of(module: str, text: str) -> Callable[..., Any]:
    """Return the function `planted` of a text, as if it stood in a file of the module."""
    names: dict[str, Any] = {"__name__": f"modules.{module}.planted"}
    file = Path(settings.BASE_DIR, "modules", module, "planted.py")
    exec(compile(text, str(file), "exec"), names)  # noqa: S102 - the tests' own text
    planted: Callable[..., Any] = names["planted"]
    return planted
