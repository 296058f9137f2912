"""Render a picture with its layout as SVG."""

from __future__ import annotations

import math
from functools import cache

from ...display import INK, NAN, fill
from ..layout.placement import PAGE, Layout, Place, Point, Route
from ..layout.sizes import CELL, PAPER, QUIET, edge_colour, heat_height, line_height, title_lines
from ..picture.elements import Box, Cluster, Edge, Glyphs, Picture
from .svg_elements import above_lines, document, escape, heat_map, n, on_paper, quoted, rect, text_at, wrapped
from .theme import MARKER

_MARGIN = 10.0
_CAPTION = 22.0
_GAP = 30.0  # between two views
_NARROWEST = 340.0
_DASHES = {"solid": "", "dashed": ' stroke-dasharray="5 3"', "dotted": ' stroke-dasharray="1 3"'}


def svg_text(views: list[Picture], layout: Layout, ratio: float | None = None) -> str:
    """Return an SVG of one or two views with the same layout, side by side if the paper is wide enough."""
    column = max(layout.width, _NARROWEST)
    is_wide = 2 * column + _GAP <= PAGE and layout.height > layout.width
    if ratio:
        is_wide = max(2 * column / ratio, layout.height) < max(column / ratio, 2 * layout.height)
    is_beside = len(views) > 1 and is_wide
    bodies = [_view(view, layout, column, len(views) > 1) for view in views]
    body: list[str] = []
    x = y = _MARGIN
    for lines, height in bodies:
        body += [f'<g transform="translate({n(x)} {n(y)})">', *lines, "</g>"]
        x, y = (x + column + _GAP, y) if is_beside else (x, y + height)
    width = 2 * _MARGIN + (2 * column + _GAP if is_beside else column)
    height = _MARGIN + (max if is_beside else sum)(height for _, height in bodies)
    title, sentence = views[0].title, " ".join(view.sentence for view in views)
    if len(views) > 1:
        title = title.replace("Forward graph", "Forward and backward graph")
    return document(width, height, title, sentence, body)


def _view(view: Picture, layout: Layout, width: float, has_caption: bool) -> tuple[list[str], float]:
    """Draw one view, from the upper left corner; return its height as well."""
    body, y = [], 0.0
    if has_caption:
        body.append(text_at(0, 12, "backward" if view.is_backward else "forward", 12, "cap", bold=True))
        y = _CAPTION
    body.append(f'<g transform="translate({n((width - layout.width) / 2)} {n(y)})">')
    (drawn,) = parts_of([view], layout)
    body += [*filter(None, drawn), "</g>"]
    y += layout.height + 10
    for remark in wrapped(view.legend, width):
        y += 14
        body.append(text_at(0, y - 3, remark, 10, "quiet", colour=QUIET))
    return body, y + 8


# Parts -------------------------------------------------------------------------------------------------------


def parts_of(views: list[Picture], layout: Layout) -> list[list[str]]:
    """Return the parts of each view in the order of drawing. Invisible parts are empty texts."""
    light, line = cache(_light), cache(_edge_lines)
    shape, text = cache(_box_shape), cache(_edge_text)
    made = []
    for view in views:
        edges = list(zip(view.edges, layout.routes, strict=True))
        boxes = list(zip(view.boxes, layout.places, strict=True))
        made.append([
            *map(_frame_shape, view.clusters, layout.frames),
            *(light(place) if box.is_lit else "" for box, place in boxes),
            *(line(edge, route) for edge, route in edges),
            *(shape(box, place, view.level_of(box)) for box, place in boxes),
            *(text(edge, route) for edge, route in edges),
        ])  # fmt: skip
    return made


def _frame_shape(cluster: Cluster, frame: Place | None) -> str:
    """Draw the frame of a cluster, with its title in the upper left corner."""
    if frame is None:
        return ""
    left, top = frame.left, frame.top
    marks = f'fill="none" stroke="{QUIET}" stroke-width="0.7"'
    lines = title_lines(cluster.title, frame.width)
    texts = [
        above_lines(left + 8, top + 14 + 13 * i, line, 10, colour=QUIET, anchor="start") for i, line in enumerate(lines)
    ]
    return "".join([rect(left, top, frame.width, frame.height, 8, marks), *texts])


def _light(place: Place) -> str:
    """Return the highlight of a box."""
    size = place.width + 10, place.height + 10
    return rect(place.left - 5, place.top - 5, *size, 12, f'class="lit" fill="{MARKER}"')


def _box_shape(box: Box, place: Place, level: int) -> str:
    """Draw a box in the colour of a level."""
    left, top = place.left, place.top
    opens = f" data-part={quoted(box.part)}" if box.part else ""
    parts = [f"<g{opens}><title>{escape(box.hint)}</title>"]
    colour, outline, thick = f'fill="{fill(level)}"', INK, 1.2
    radius = 5.0
    if box.kind == "leaf":
        radius, thick = min(place.height / 2, 22.0), 2.0
    if box.has_nan:
        outline, thick = NAN, 3.0
    pen = f'{colour} stroke="{outline}" stroke-width="{thick}"'
    if box.kind == "stub":
        pen = f'fill="none" stroke="{QUIET}" stroke-width="0.8" stroke-dasharray="3 2"'
    elif box.kind == "constant" and not box.has_nan:
        pen = colour
    if box.is_folded:  # a sheet below the first
        below = f'{colour} stroke="{INK}" stroke-width="0.8"'
        parts.append(rect(left + 3, top + 3, place.width, place.height, radius, below))
    parts.append(rect(left, top, place.width, place.height, radius, pen))
    if box.is_result:
        inner = f'fill="none" stroke="{outline}" stroke-width="1"'
        parts.append(rect(left + 3, top + 3, place.width - 6, place.height - 6, max(radius - 3, 2), inner))
    y = place.y - (sum(map(line_height, box.lines)) + heat_height(box)) / 2
    for line in box.lines:
        y += line_height(line)
        size = 10 if line.small else 12
        if line.glyphs:
            parts.append(_glyphs(line.glyphs, place.x - line.glyphs.width / 2, y - line_height(line) + 2.5, INK))
        else:
            parts.append(text_at(place.x, y - 4, line.text, size, "ink", bold=line.bold, anchor="middle"))
    if box.heat:
        parts.append(heat_map(box.heat, place.x - CELL * len(box.heat[0]) / 2, y + 3, CELL))
    if box.step is not None:
        radius = 8.0 if box.step < 100 else 11.0
        parts.append(
            f'<circle cx="{n(left + 2)}" cy="{n(top + 1)}" r="{n(radius)}" fill="{INK}"/>'
            + text_at(left + 2, top + 4.5, str(box.step), 10, "number", colour=PAPER, anchor="middle", bold=True)
        )
    markup = "".join([*parts, "</g>"])
    return f'<g opacity="0.6">{markup}</g>' if box.is_faint else markup


def _glyphs(glyphs: Glyphs, left: float, top: float, colour: str) -> str:
    return f'<g transform="translate({n(left)} {n(top)})">{glyphs.markup.replace("#000000", colour)}</g>'


def _edge_lines(edge: Edge, route: Route) -> str:
    """Draw an edge with its arrow."""
    start, end, points = route.along(edge)
    colour, dash = edge_colour(edge), _DASHES[edge.style]
    curve = " ".join(f"{n(x)},{n(y)}" for x, y in points[1:])
    line = f"M{n(start[0])},{n(start[1])} L{n(points[0][0])},{n(points[0][1])} C{curve}"
    head = ""
    if edge.arrow != "none":
        head = f'<path d="{_arrow(points[-1], end)}" fill="{colour}"/>'
    else:
        line += f" L{n(end[0])},{n(end[1])}"
    thick = 'stroke-width="0.8" stroke-opacity="0.6"' if edge.is_faint else 'stroke-width="1.2"'
    title = f"<title>{escape(edge.hint)}</title>" if edge.hint else ""
    drawn = f'<g>{title}<path d="{line}" fill="none" stroke="{colour}" {thick}{dash}/>{head}</g>'
    if edge.is_lit:
        pen = f'stroke="{MARKER}" stroke-width="8" stroke-linecap="round" fill="none"'
        drawn = f'<path d="{line} L{n(end[0])},{n(end[1])}" {pen}/>{drawn}'
    return drawn


def _arrow(base: Point, tip: Point) -> str:
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    nx, ny = -dy / length * 2.8, dx / length * 2.8
    corners = [(base[0] + nx, base[1] + ny), tip, (base[0] - nx, base[1] - ny)]
    return "M" + " L".join(f"{n(x)},{n(y)}" for x, y in corners) + "Z"


def _edge_text(edge: Edge, route: Route) -> str:
    """Write what stands on an edge."""
    if not edge.text or route.text is None:
        return ""
    x, y = route.text
    if edge.formula and (glyphs := edge.formula.glyphs):
        left, top = x - (glyphs.width / 2 if route.anchor == "middle" else 0.0), y - glyphs.height / 2
        drawn = _glyphs(glyphs, left, top, edge_colour(edge))
        return on_paper(left - 2, top, glyphs.width + 4, glyphs.height, drawn)
    return above_lines(x, y + 3.5, edge.text, 10, colour=edge_colour(edge), anchor=route.anchor)
