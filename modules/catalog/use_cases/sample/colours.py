"""Colours by the names that customers read."""

from __future__ import annotations

COLOURS = {
    "Chalk": "#f1ece2",
    "Oat": "#d9c8ac",
    "Clay": "#c0714f",
    "Brick": "#9c4433",
    "Rust": "#b5582c",
    "Ochre": "#d39a34",
    "Moss": "#707c45",
    "Fern": "#4d7a52",
    "Pine": "#2e5246",
    "Sea": "#3f8e97",
    "Sky": "#86b4d3",
    "Ink": "#273a5e",
    "Plum": "#6d3f63",
    "Rose": "#d79a97",
    "Slate": "#5c6670",
    "Coal": "#303236",
    "Oak": "#c39a63",
    "Ash": "#dcc39a",
    "Walnut": "#7b5236",
    "Brass": "#c9a24e",
    "Copper": "#bf7650",
    "Steel": "#aab2b8",
}

BACKGROUNDS = ("#efe9df", "#e4ebe7", "#e8e6ef", "#f3e6df", "#e3eaf0", "#eeecd9")


def shade(colour: str, by: float) -> str:
    """Return a colour lightened (`by` up to 1) or darkened (down to -1)."""
    goal = 255 if by > 0 else 0
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (goal - part) * abs(by)):02x}" for part in parts)
