"""Render frames side by side, or as one SVG that plays by itself, also where scripts are not allowed.

Each part of the picture is written once for each of its looks, with the frames that have this look.
"""

from __future__ import annotations

from itertools import groupby

from ...display import INK
from ..layout.placement import Layout
from ..layout.sizes import QUIET
from ..picture.frames import FrameSequence
from .svg import parts_of
from .svg_elements import document, n, text_at, wrapped

COLUMN = 760.0  # width of a notebook, with its file browser open
_MARGIN = 12.0
_LINE = 17.0

# One picture that plays ----------------------------------------------------------------------------------------


def animation(sequence: FrameSequence, layout: Layout, seconds: float) -> str:
    """Return an SVG that shows each frame for some seconds, in a loop. Without motion, it shows the last frame."""
    frames, width, height = _captioned(sequence, layout)
    count = len(frames)
    spans: set[tuple[int, int]] = set()
    body = [_head(layout, width)]
    for looks in zip(*frames, strict=True):  # one part of the picture in all frames
        start = 0
        for markup, run in groupby(looks):
            end = start + len(list(run))
            if markup and (start, end) != (0, count):
                spans.add((start, end))
                markup = _timed(start, end, count, markup)
            body.append(markup)
            start = end
    picture = f'data-picture="{n(width)} {n(layout.height + 2 * _MARGIN)}"'
    more = f' data-plays="" data-frames="{count}" data-turn="{sequence.turn}" {picture}'
    body = [*filter(None, body), "</g>"]
    return document(width, height, sequence.title, sequence.sentence, body, _timing(spans, count, seconds), more)


def stills(sequence: FrameSequence, layout: Layout) -> list[str]:
    """Return each frame as its own SVG, all of the same size."""
    frames, width, height = _captioned(sequence, layout)
    return [
        document(width, height, sequence.title, sentence, [_head(layout, width), *filter(None, parts), "</g>"])
        for parts, sentence in zip(frames, sequence.sentences, strict=True)
    ]


def _head(layout: Layout, width: float) -> str:
    return f'<g transform="translate({n((width - layout.width) / 2)} {n(_MARGIN)})">'


def _captioned(sequence: FrameSequence, layout: Layout) -> tuple[list[list[str]], float, float]:
    """Return the parts of each frame, with its sentence and a progress bar, and the width and height."""
    frames = parts_of(sequence.frames, layout)
    width = max(layout.width + 2 * _MARGIN, 420.0)
    room = width - 2 * _MARGIN
    left, top = (layout.width - room) / 2, layout.height + _MARGIN
    captions = [wrapped([sentence], room, 7.3) for sentence in sequence.sentences]
    low = top + _LINE * max(map(len, captions)) + 4
    for i, (lines, parts) in enumerate(zip(captions, frames, strict=True)):
        words = [text_at(left, top + _LINE * (k + 1) - 5, line, 12, "ink") for k, line in enumerate(lines)]
        bar = f'<path d="M{n(left)},{n(low)}h{n(room)}" stroke="{QUIET}" stroke-width="1"/>'
        dot = f'<circle cx="{n(left + room * i / max(len(frames) - 1, 1))}" cy="{n(low)}" r="4" fill="{INK}"/>'
        parts.append(f'<g class="caption">{"".join(words)}{bar}{dot}</g>')
    return frames, width, low + 10 + _MARGIN


def _timed(start: int, end: int, count: int, markup: str) -> str:
    hidden = "" if end == count else ' visibility="hidden"'
    return f'<g class="v v{start}-{end}" data-v="{start} {end}"{hidden}>{markup}</g>'


def _timing(spans: set[tuple[int, int]], count: int, seconds: float) -> str:
    """Write one rule for each span of frames; the last frame stays for longer."""
    total = count + 2
    rules = []
    for start, end in sorted(spans):
        times = {0: "hidden", start: "visible"} | ({end: "hidden"} if end < count else {})
        name = f"TOKEN-{start}-{end}"
        steps = "".join(f"{100 * at / total:.3f}%{{visibility:{state}}}" for at, state in times.items())
        rules.append(f"@keyframes {name}{{{steps}}}")
        rules.append(f"#TOKEN[data-plays] .v{start}-{end}{{animation:{name} {total * seconds:g}s step-end infinite}}")
    for still in ("(prefers-reduced-motion:reduce)", "print"):
        rules.append(f"@media {still}{{#TOKEN .v{{animation:none!important}}}}")
    return "".join(rules)


# Frames side by side -------------------------------------------------------------------------------------------


def film(sequence: FrameSequence, layout: Layout, shown: list[int], columns: int | None) -> str:
    """Return an SVG of frames side by side, each with its sentence below it."""
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    if columns is None:
        most = max(1, min(3, round(COLUMN / (0.75 * width))))
        columns = -(-len(shown) // -(-len(shown) // most))  # as many rows, evenly filled
    cell = COLUMN / columns if columns > 1 else max(min(width, COLUMN), 0.7 * width)
    scale = min(1.0, cell / width)
    captions = [wrapped([sequence.sentences[i]], cell - 2 * _MARGIN, 6.8) for i in shown]
    drawn = parts_of(sequence.frames, layout)
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
            for number, line in enumerate(captions[k]):
                body.append(text_at(x + _MARGIN, y + height * scale + 14 * number + 8, line, 11, "ink"))
        y += height * scale + 14 * max(len(captions[k]) for k in chosen) + 16
    return document(cell * columns, y, sequence.title, sequence.sentence, body)
