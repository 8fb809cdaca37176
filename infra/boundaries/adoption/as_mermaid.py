"""The map as a Mermaid flow chart: an arrow per pair, with its places; what has to be cut so that no circle is left is red."""

from __future__ import annotations

import re

from infra.boundaries.adoption.survey import Survey


def written(survey: Survey) -> str:
    """Return the chart."""
    names = {figure.name: re.sub(r"\W", "_", figure.name) for figure in survey.figures}
    lines = ["flowchart LR"]
    lines += (f'    {names[figure.name]}["{figure.name}<br>{figure.lines:,} lines"]' for figure in survey.figures)
    red = []
    for position, arrow in enumerate(survey.between_modules):
        lines.append(f"    {names[arrow.source]} -->|{arrow.places}| {names[arrow.target]}")
        if arrow.pair in survey.backwards:
            red.append(str(position))
    if red:
        lines.append(f"    linkStyle {','.join(red)} stroke:#c62828,stroke-width:3px")
    return "\n".join(lines) + "\n"
