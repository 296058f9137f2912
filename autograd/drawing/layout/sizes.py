"""Sizes and colours for all formats."""

from __future__ import annotations

from ...display import NAN, NEGATIVE, POSITIVE
from ..picture.elements import Box, Edge, Line, width_of

PAPER, QUIET = "#ffffff", "#6e7781"
CELL = 6.0  # of a heat map


def edge_colour(edge: Edge) -> str:
    """Return the colour of an edge by the sign of its number."""
    x = edge.amount
    return NAN if x != x else POSITIVE if x > 0 else NEGATIVE if x < 0 else QUIET


def title_lines(title: str, width: float) -> list[str]:
    """Put the title of a frame on one line, or its pieces on several, as its width allows."""
    return [title] if line_width(title, small=True) + 16 <= width else title.split("  ")


def line_height(line: Line) -> float:
    """Height of a line in pixels."""
    if line.glyphs:
        return line.glyphs.height + 5.0
    return 13.0 if line.small else 16.0


def line_width(text: str, small: bool) -> float:
    """Width of a line in pixels: a monospace character is about 0.6 of its size wide."""
    return width_of(text) * (6.1 if small else 7.3)


def box_size(boxes: list[Box]) -> tuple[float, float]:
    """Return the size that holds each of several boxes: those of one node in several views."""
    lines = [line for box in boxes for line in box.lines]
    width = max((x.glyphs.width if x.glyphs else line_width(x.text, x.small) for x in lines), default=0.0)
    width += {"constant": 12.0, "stub": 12.0, "leaf": 24.0, "op": 18.0}[boxes[0].kind]
    room = 6.0 if boxes[0].kind in ("constant", "stub") else 12.0
    width = max(width, *(CELL * len(box.heat[0]) + 24.0 if box.heat else 0.0 for box in boxes))
    height = max(sum(map(line_height, box.lines)) + heat_height(box) for box in boxes) + room
    return max(width, 24.0), max(height, 20.0)


def heat_height(box: Box) -> float:
    """Height of the heat map in a box, with the room above it."""
    return CELL * len(box.heat) + 5.0 if box.heat else 0.0


def edge_size(edges: list[Edge]) -> tuple[float, float] | None:
    """Return the size of the text beside an edge in several views; None if there is none."""
    glyphs = [edge.formula.glyphs for edge in edges if edge.text and edge.formula and edge.formula.glyphs]
    if glyphs:
        return max(x.width for x in glyphs) + 8.0, max(x.height for x in glyphs) + 4.0
    width = max(line_width(edge.text, small=True) for edge in edges)
    return (width + 6.0, 14.0) if width else None
