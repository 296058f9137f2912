"""Frames as pictures: frames side by side, and one SVG that plays by itself, also where scripts are stripped.

Each part of the picture is written once for every way it looks, with the frames in which it looks so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..layout.placement import Layout, Place, Route, arrange
from ..layout.sizes import INK, QUIET
from ..picture.frames import Frame, FrameSequence
from .svg import box_shape, edge_lines, edge_text
from .svg_elements import document, n, rect, text_at, wrapped
from .theme import MARKER

__all__ = ["COLUMN", "animation", "film", "stage", "stills"]

COLUMN = 760.0  # width of a notebook, with its file browser open
_MARGIN = 12.0
_LINE = 17.0


def stage(sequence: FrameSequence) -> Layout:
    """Lay out all frames of a sequence in the same places."""
    return arrange([frame.picture for frame in sequence.frames])


Part = tuple[int, int, str]
"""The first frame in which something is seen, the first in which it no longer is, and its markup."""


def _parts(sequence: FrameSequence, layout: Layout) -> list[Part]:
    """Write every look of every edge and box once, in the order of drawing."""
    parts: list[Part] = []

    def add(look: Callable[[Frame], Any], write: Callable[[Frame], str]) -> None:
        parts.extend(_runs(sequence.frames, look, write))

    def add_edge(k: int, route: Route) -> None:
        add(lambda f: (id(f.picture.edges[k]), f.turned[k], k in f.lit_edges), lambda f: _edge(f, k, route))

    def add_ring(i: int, place: Place) -> None:
        add(lambda f: i in f.lit, lambda f: _ring(place) if i in f.lit else "")

    def add_box(i: int, place: Place) -> None:
        add(lambda f: (id(f.picture.boxes[i]), i in f.faint, f.phase), lambda f: _box(f, i, place))

    def add_text(k: int, route: Route) -> None:
        add(lambda f: id(f.picture.edges[k]), lambda f: _text(f, k, route))

    for i, place in enumerate(layout.places):
        add_ring(i, place)
    for k, route in enumerate(layout.routes):
        add_edge(k, route)
    for i, place in enumerate(layout.places):
        add_box(i, place)
    for k, route in enumerate(layout.routes):
        add_text(k, route)
    return parts


def _runs(frames: list[Frame], look: Callable[[Frame], Any], write: Callable[[Frame], str]) -> Iterator[Part]:
    start = 0
    for i in range(1, len(frames) + 1):
        if i == len(frames) or look(frames[i]) != look(frames[start]):
            if markup := write(frames[start]):
                yield start, i, markup
            start = i


def _edge(frame: Frame, k: int, route: Route) -> str:
    markup = edge_lines(frame.picture.edges[k], route, frame.turned[k])
    if k in frame.lit_edges:
        first, *spline = route.points
        curve = " ".join(f"{n(x)},{n(y)}" for x, y in spline)
        line = f"M{_at(route.start)} L{_at(first)} C{curve} L{_at(route.end)}"
        pen = f'stroke="{MARKER}" stroke-width="8" stroke-linecap="round" fill="none"'
        markup = f'<path d="{line}" {pen}/>{markup}'
    return markup


def _at(point: tuple[float, float]) -> str:
    return f"{n(point[0])},{n(point[1])}"


def _box(frame: Frame, i: int, place: Place) -> str:
    markup = box_shape(frame.picture.boxes[i], place, frame.picture)
    return f'<g opacity="0.6">{markup}</g>' if i in frame.faint else markup


def _ring(place: Place) -> str:
    left, top = place.x - place.width / 2 - 5, place.y - place.height / 2 - 5
    return rect(left, top, place.width + 10, place.height + 10, 12, f'class="lit" fill="{MARKER}"')


def _text(frame: Frame, k: int, route: Route) -> str:
    edge = frame.picture.edges[k]
    return edge_text(edge, route) if edge.text else ""


# One picture that plays ----------------------------------------------------------------------------------------


def animation(sequence: FrameSequence, layout: Layout, seconds: float) -> str:
    """Write an SVG that shows each frame for some seconds, and begins again; where nothing moves, the last one."""
    count = len(sequence.frames)
    parts, captions, width, height, whole = _scenes(sequence, layout)
    body = [
        f'<g transform="translate({n((width - layout.width) / 2)} {n(_MARGIN)})">',
        *(_timed(part, count) for part in parts),
        '</g><g class="caption">',
        *(_timed(part, count) for part in captions),
        "</g>",
    ]
    spans = {(start, end) for start, end, _ in [*parts, *captions]}
    more = f' data-plays="" data-frames="{count}" data-turn="{sequence.turn}" data-picture="{n(width)} {n(height)}"'
    return document(width, whole, sequence.title, sequence.sentence, body, _timing(spans, count, seconds), more)


def _scenes(sequence: FrameSequence, layout: Layout) -> tuple[list[Part], list[Part], float, float, float]:
    """Return what is seen of the picture and below it, and when; width, height, and height with the captions."""
    count = len(sequence.frames)
    width = max(layout.width + 2 * _MARGIN, 420.0)
    height = layout.height + 2 * _MARGIN
    told = [wrapped([sequence.said(i)], width - 2 * _MARGIN, 7.3) for i in range(count)]
    lines = max(map(len, told))
    captions = [(i, i + 1, _caption(told[i], height, width, lines, i, count)) for i in range(count)]
    return _parts(sequence, layout), captions, width, height, height + _LINE * lines + 14


def stills(sequence: FrameSequence, layout: Layout) -> list[str]:
    """Write each frame as an SVG of its own, all of one size."""
    parts, captions, width, _, whole = _scenes(sequence, layout)
    made = []
    for i in range(len(sequence.frames)):
        seen, told = ([markup for start, end, markup in x if start <= i < end] for x in (parts, captions))
        body = [f'<g transform="translate({n((width - layout.width) / 2)} {n(_MARGIN)})">', *seen, "</g>", *told]
        made.append(document(width, whole, sequence.title, sequence.said(i), body))
    return made


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
    parts = _parts(sequence, layout)
    body: list[str] = []
    y = 0.0
    for row in range(0, len(shown), columns):
        chosen = range(row, min(row + columns, len(shown)))
        for k in chosen:
            x = (k - row) * cell
            body.append(f'<g transform="translate({n(x + (cell - width * scale) / 2)} {n(y)}) scale({scale:.4f})">')
            body.append(f'<g transform="translate({n(_MARGIN)} {n(_MARGIN)})">')
            body += [markup for start, end, markup in parts if start <= shown[k] < end]
            body.append("</g></g>")
            for number, line in enumerate(told[k]):
                body.append(text_at(x + _MARGIN, y + height * scale + 14 * number + 8, line, 11, "ink"))
        y += height * scale + 14 * max(len(told[k]) for k in chosen) + 16
    return document(cell * columns, y, sequence.title, sequence.sentence, body)
