"""Sizes and colours, which the SVG and the DOT share."""

from __future__ import annotations

import math

from .picture import Box, Edge, Line, width_of

__all__ = ["LEVELS", "box_size", "edge_colour", "edge_size", "fill", "level", "line_height", "line_width"]

LEVELS = 8  # steps of saturation to either side of 0
INK, PAPER, QUIET, NAN = "#1f2328", "#ffffff", "#6e7781", "#d6006e"
POSITIVE, NEGATIVE = "#2166ac", "#b35806"
_LIGHT = ("#f6a04d", "#f7f7f7", "#79b4e3")
_DARK = ("#9a4a1f", "#23272e", "#1f5f99")


def fill(level: int, dark: bool = False) -> str:
    """Give the colour of a level from -8, orange, over 0 to 8, blue.

    >>> fill(-8), fill(0), fill(8)
    ('#f6a04d', '#f7f7f7', '#79b4e3')
    """
    low, middle, high = _DARK if dark else _LIGHT
    end, share = (low if level < 0 else high), abs(level) / LEVELS
    channels = zip(_channels(middle), _channels(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def level(amount: float | None, largest: float) -> int:
    """Give the level of a number: saturation grows with the square root of its size.

    >>> level(-4.0, 4.0), level(1.0, 4.0), level(0.0, 4.0), level(None, 4.0)
    (-8, 4, 0, 0)
    """
    if not amount or math.isnan(amount):
        return 0
    share = 1.0 if math.isinf(amount) or not largest else min(1.0, math.sqrt(abs(amount) / largest))
    return int(math.copysign(max(1, round(LEVELS * share)), amount))


def edge_colour(edge: Edge) -> str:
    """Give the colour of an edge by the sign of its number."""
    return NAN if edge.has_nan else POSITIVE if edge.sign > 0 else NEGATIVE if edge.sign < 0 else QUIET


def line_height(line: Line) -> float:
    """Height of a line in pixels."""
    return 13.0 if line.small else 16.0


def line_width(text: str, small: bool) -> float:
    """Width of a line in pixels: a monospace character is about 0.6 of its size wide."""
    return width_of(text) * (6.1 if small else 7.3)


def box_size(boxes: list[Box]) -> tuple[float, float]:
    """Give the size that holds each of several boxes: those of one node in several views."""
    width = max(max((line_width(x.text, x.small) for x in box.lines), default=0.0) for box in boxes)
    width += {"constant": 12.0, "leaf": 24.0, "op": 18.0}[boxes[0].kind]
    height = max(sum(map(line_height, box.lines)) for box in boxes) + (6.0 if boxes[0].kind == "constant" else 12.0)
    return max(width, 24.0), max(height, 20.0)


def edge_size(edges: list[Edge]) -> tuple[float, float] | None:
    """Give the size of the text beside an edge in several views; None if there is none."""
    width = max(line_width(edge.text, small=True) for edge in edges)
    return (width + 6.0, 14.0) if width else None
