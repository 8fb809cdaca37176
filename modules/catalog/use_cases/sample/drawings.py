"""Pictures of products: the shapes in `shapes/`, painted in the colour of the variant on a quiet ground."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from modules.catalog.use_cases.sample.colours import shade

_SHAPES = Path(__file__).parent / "shapes"


def picture(shape: str, colour: str, ground: str) -> str:
    """Return the SVG text of a thing in a colour, lit from the left.

    Args:
        shape: the name of a file in `shapes/`.
    """
    return _template(shape).substitute(
        flat=colour,
        light=shade(colour, 0.35),
        dark=shade(colour, -0.3),
        deep=shade(colour, -0.55),
        ground=ground,
        ground_light=shade(ground, 0.5),
        floor=shade(ground, -0.06),
    )


@cache
def _template(shape: str) -> Template:
    return Template((_SHAPES / f"{shape}.svg").read_text(encoding="utf-8"))
