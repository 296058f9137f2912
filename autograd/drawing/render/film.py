"""Frames as pictures: frames side by side, and one SVG that plays by itself, also where scripts are stripped.

Each part of the picture is written once for every way it looks, with the frames in which it looks so.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from ...display import INK
from ..layout.placement import Layout, Place, Route, arrange
from ..layout.sizes import QUIET
from ..picture.elements import Box, Edge
from ..picture.frames import FrameSequence
from .svg import box_shape, edge_lines, edge_text
from .svg_elements import document, n, rect, text_at, wrapped
from .theme import MARKER

COLUMN = 760.0  # width of a notebook, with its file browser open
_MARGIN = 12.0
_LINE = 17.0


def stage(sequence: FrameSequence) -> Layout:
    """Lay out all frames of a sequence in the same places."""
    return arrange([frame.picture for frame in sequence.frames])


Part = tuple[int, int, str]
"""The first frame in which something is seen, the first in which it no longer is, and its markup."""


def _drawn(sequence: FrameSequence, layout: Layout) -> list[list[str]]:
    """Write each frame, in the order of drawing: rings, edges, boxes, texts; an empty text for what is not seen."""
    written: dict[Any, str] = {}

    def once(write: Callable[..., str], *look: Any) -> str:
        key = write.__name__, *(x if isinstance(x, int) else id(x) for x in look)
        if key not in written:
            written[key] = write(*look)
        return written[key]

    made = []
    for frame in sequence.frames:
        picture = frame.picture
        edges = list(enumerate(zip(picture.edges, layout.routes, strict=True)))
        boxes = list(enumerate(zip(picture.boxes, layout.places, strict=True)))
        made.append([
            *(once(_ring, place) if i in frame.lit else "" for i, (_, place) in boxes),
            *(once(_edge, edge, route, frame.turned[k], k in frame.lit_edges) for k, (edge, route) in edges),
            *(once(_box, box, place, picture.level_of(box), i in frame.faint) for i, (box, place) in boxes),
            *(once(edge_text, edge, route) if edge.text else "" for _, (edge, route) in edges),
        ])  # fmt: skip
    return made


def _parts(drawn: list[list[str]]) -> list[Part]:
    """Find the frames in which each markup is seen."""
    parts = []
    for looks in zip(*drawn, strict=True):
        start = 0
        for markup, run in groupby(looks):
            end = start + len(list(run))
            parts += [(start, end, markup)] if markup else []
            start = end
    return parts


def _edge(edge: Edge, route: Route, is_turned: bool, is_lit: bool) -> str:
    markup = edge_lines(edge, route, is_turned)
    if is_lit:
        first, *spline = route.points
        curve = " ".join(f"{n(x)},{n(y)}" for x, y in spline)
        line = f"M{_at(route.start)} L{_at(first)} C{curve} L{_at(route.end)}"
        pen = f'stroke="{MARKER}" stroke-width="8" stroke-linecap="round" fill="none"'
        markup = f'<path d="{line}" {pen}/>{markup}'
    return markup


def _at(point: tuple[float, float]) -> str:
    return f"{n(point[0])},{n(point[1])}"


def _box(box: Box, place: Place, level: int, is_faint: bool) -> str:
    markup = box_shape(box, place, level)
    return f'<g opacity="0.6">{markup}</g>' if is_faint else markup


def _ring(place: Place) -> str:
    left, top = place.x - place.width / 2 - 5, place.y - place.height / 2 - 5
    return rect(left, top, place.width + 10, place.height + 10, 12, f'class="lit" fill="{MARKER}"')


# One picture that plays ----------------------------------------------------------------------------------------


def animation(sequence: FrameSequence, layout: Layout, seconds: float) -> str:
    """Write an SVG that shows each frame for some seconds, and begins again; where nothing moves, the last one."""
    count = len(sequence.frames)
    captions, width, height, whole = _captions(sequence, layout)
    parts = _parts(_drawn(sequence, layout))
    told = [(i, i + 1, caption) for i, caption in enumerate(captions)]
    body = [
        f'<g transform="translate({n((width - layout.width) / 2)} {n(_MARGIN)})">',
        *(_timed(part, count) for part in parts),
        '</g><g class="caption">',
        *(_timed(part, count) for part in told),
        "</g>",
    ]
    spans = {(start, end) for start, end, _ in [*parts, *told]}
    more = f' data-plays="" data-frames="{count}" data-turn="{sequence.turn}" data-picture="{n(width)} {n(height)}"'
    return document(width, whole, sequence.title, sequence.sentence, body, _timing(spans, count, seconds), more)


def _captions(sequence: FrameSequence, layout: Layout) -> tuple[list[str], float, float, float]:
    """Write what stands below each frame; return width, height, and height with it as well."""
    count = len(sequence.frames)
    width = max(layout.width + 2 * _MARGIN, 420.0)
    height = layout.height + 2 * _MARGIN
    told = [wrapped([sentence], width - 2 * _MARGIN, 7.3) for sentence in sequence.sentences]
    lines = max(map(len, told))
    captions = [_caption(told[i], height, width, lines, i, count) for i in range(count)]
    return captions, width, height, height + _LINE * lines + 14


def stills(sequence: FrameSequence, layout: Layout) -> list[str]:
    """Write each frame as an SVG of its own, all of one size."""
    captions, width, _, whole = _captions(sequence, layout)
    head = f'<g transform="translate({n((width - layout.width) / 2)} {n(_MARGIN)})">'
    return [
        document(width, whole, sequence.title, told, [head, *filter(None, seen), "</g>", caption])
        for seen, told, caption in zip(_drawn(sequence, layout), sequence.sentences, captions, strict=True)
    ]


def _timed(part: Part, count: int) -> str:
    start, end, markup = part
    if (start, end) == (0, count):
        return markup
    hidden = "" if end == count else ' visibility="hidden"'
    return f'<g class="v v{start}-{end}" data-v="{start} {end}"{hidden}>{markup}</g>'


def _timing(spans: set[tuple[int, int]], count: int, seconds: float) -> str:
    """Write one rule for each span of frames; the last frame stays for longer."""
    total = count + 2
    rules = []
    for start, end in sorted(spans - {(0, count)}):
        times = [(0, "visible" if start == 0 else "hidden")]
        times += [(start, "visible")] if start else []
        times += [(end, "hidden")] if end < count else []
        name = f"TOKEN-{start}-{end}"
        steps = "".join(f"{100 * at / total:.3f}%{{visibility:{state}}}" for at, state in times)
        rules.append(f"@keyframes {name}{{{steps}}}")
        rules.append(f"#TOKEN[data-plays] .v{start}-{end}{{animation:{name} {total * seconds:g}s step-end infinite}}")
    for still in ("(prefers-reduced-motion:reduce)", "print"):
        rules.append(f"@media {still}{{#TOKEN .v{{animation:none!important}}}}")
    return "".join(rules)


def _caption(lines: list[str], top: float, width: float, room: int, i: int, count: int) -> str:
    """Write the sentence of a frame, and how far it has come on a line below."""
    parts = [text_at(_MARGIN, top + _LINE * (k + 1) - 5, line, 12, "ink") for k, line in enumerate(lines)]
    y, right = top + _LINE * room + 4, width - _MARGIN
    at = _MARGIN + (right - _MARGIN) * i / max(count - 1, 1)
    line = f'x1="{n(_MARGIN)}" y1="{n(y)}" x2="{n(right)}" y2="{n(y)}"'
    parts.append(f'<line {line} stroke="{QUIET}" stroke-width="1"/>')
    parts.append(f'<circle cx="{n(at)}" cy="{n(y)}" r="4" fill="{INK}"/>')
    return "".join(parts)


# Frames side by side -------------------------------------------------------------------------------------------


def film(sequence: FrameSequence, layout: Layout, shown: list[int], columns: int | None) -> str:
    """Write frames side by side, each with its sentence below it."""
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    if columns is None:
        most = max(1, min(3, round(COLUMN / (0.75 * width))))
        columns = -(-len(shown) // -(-len(shown) // most))  # as many rows, evenly filled
    cell = COLUMN / columns if columns > 1 else max(min(width, COLUMN), 0.7 * width)
    scale = min(1.0, cell / width)
    told = [wrapped([sequence.said(i)], cell - 2 * _MARGIN, 6.8) for i in shown]
    drawn = _drawn(sequence, layout)
    body: list[str] = []
    y = 0.0
    for row in range(0, len(shown), columns):
        chosen = range(row, min(row + columns, len(shown)))
        for k in chosen:
            x = (k - row) * cell
            body.append(f'<g transform="translate({n(x + (cell - width * scale) / 2)} {n(y)}) scale({scale:.4f})">')
            body.append(f'<g transform="translate({n(_MARGIN)} {n(_MARGIN)})">')
            body += filter(None, drawn[shown[k]])
            body.append("</g></g>")
            for number, line in enumerate(told[k]):
                body.append(text_at(x + _MARGIN, y + height * scale + 14 * number + 8, line, 11, "ink"))
        y += height * scale + 14 * max(len(told[k]) for k in chosen) + 16
    return document(cell * columns, y, sequence.title, sequence.sentence, body)
