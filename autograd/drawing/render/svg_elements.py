"""The elements of all SVG pictures. Colours are literal and the font is fixed, so all programs draw the same."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from itertools import groupby

from ...display import INK, fill
from ..analysis.formula import one_line
from ..layout.sizes import PAPER, line_width
from ..picture.elements import width_of
from .theme import FONT

_SIZE = re.compile(r'width="(\d+)" height="(\d+)" viewBox="[^"]*"')


def token_of(*content: str) -> str:
    """Return an id that depends on content alone, so that two pictures on one page do not mix."""
    return "cg" + hashlib.sha256("".join(content).encode()).hexdigest()[:10]


def document(
    width: float, height: float, title: str, sentence: str, body: Iterable[str], style: str = "", more: str = ""
) -> str:
    """Write an SVG around its `body`: whole pixels, no style sheet, so that converters agree on it.

    Args:
        width, height: in pixels.
        title, sentence: a name, and a description for readers who do not see the picture.
        body: what is drawn.
        style: a style sheet; `TOKEN` in it becomes the id.
        more: further attributes of the first tag.
    """
    body = list(body)
    token, w, h = token_of(*body, style), math.ceil(width), math.ceil(height)
    sheet = [f"<style>{style.replace('TOKEN', token)}</style>"] if style else []
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{token}" class="chalkgrad" role="img" '
        f'aria-labelledby="{token}-t {token}-d" width="{w}" height="{h}" viewBox="0 0 {w} {h}" '
        f'font-family="{FONT}" font-size="12"{more}>'
    )
    words = [f'<title id="{token}-t">{escape(title)}</title>', f'<desc id="{token}-d">{escape(sentence)}</desc>']
    return "\n".join([head, *words, *sheet, _paper(0, 0, w, h), *body, "</svg>\n"])


def _paper(x: int, y: int, width: int, height: int) -> str:
    return f'<rect class="paper" x="{x}" y="{y}" width="{width}" height="{height}" fill="{PAPER}"/>'


def size_of(svg: str) -> tuple[int, int]:
    """Return the width and the height of a document."""
    found = _SIZE.search(svg)
    assert found is not None
    return int(found[1]), int(found[2])


def framed(svg: str, title: str, ratio: float | None) -> str:
    """Return a document with a title above, and with a ratio of width to height."""
    width, height = size_of(svg)
    top = 34 if title else 0
    w, h = max(width, math.ceil(9 * width_of(title)) + 20), height + top
    if ratio:
        w, h = max(w, round(h * ratio)), max(h, round(w / ratio))
    x, y = (width - w) // 2, (height + top - h) // 2 - top
    words = text_at(width / 2, y + 24, title, 14, "ink", anchor="middle", bold=True) if title else ""
    svg = svg.replace(_paper(0, 0, width, height), _paper(x, y, w, h) + words, 1)
    return _SIZE.sub(f'width="{w}" height="{h}" viewBox="{x} {y} {w} {h}"', svg, count=1)


def escape(text: str) -> str:
    """Return a text with markup escaped. (The function in `xml.sax` would import a web client.)"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """Write a text as the value of an attribute."""
    escaped = escape(text).replace('"', "&quot;").replace("\n", "&#10;")
    return f'"{escaped}"'


def rect(x: float, y: float, width: float, height: float, radius: float, rest: str) -> str:
    """Write a rectangle."""
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" rx="{n(radius)}" {rest}/>'


def text_at(
    x: float, y: float, text: str, size: int, name: str, *, colour: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    """Write a line of text, escaped."""
    weight = ' font-weight="bold"' if bold else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    small = "" if size == 12 else f' font-size="{size}"'
    text = escape(one_line(text))
    return f'<text class="{name}" x="{n(x)}" y="{n(y)}"{place}{small}{weight} fill="{colour}">{text}</text>'


def heat_map(levels: list[list[int]], left: float, top: float, cell: float) -> str:
    """Draw rows of levels as small squares: one path for each colour."""
    drawn: dict[int, list[str]] = {}
    for i, row in enumerate(levels):
        x = left
        for k, run in groupby(row):
            width = cell * len(list(run))
            drawn.setdefault(k, []).append(f"M{n(x)},{n(top + i * cell)}h{n(width)}v{n(cell)}h-{n(width)}z")
            x += width
    paths = "".join(f'<path d="{"".join(drawn[k])}" fill="{fill(k)}"/>' for k in sorted(drawn))
    across, down = n(cell * len(levels[0])), n(cell * len(levels))
    frame = f'<path d="M{n(left)},{n(top)}h{across}v{down}h-{across}z" fill="none" stroke="{INK}" stroke-width="0.6"/>'
    return paths + frame


def above_lines(x: float, y: float, text: str, size: int, *, colour: str, anchor: str = "middle") -> str:
    """Return a text on a background of paper, legible above lines."""
    width = line_width(text, small=True) * size / 10 + 2
    words = text_at(x, y, text, size, "number", colour=colour, anchor=anchor)
    return on_paper(x - (width / 2 if anchor == "middle" else 1), y - 0.9 * size, width, 1.2 * size, words)


def on_paper(left: float, top: float, width: float, height: float, drawn: str) -> str:
    """Return SVG elements on a background of paper."""
    place = f'x="{n(left)}" y="{n(top)}" width="{n(width)}" height="{n(height)}"'
    return f'<g><rect class="paper" {place} rx="2" fill="{PAPER}"/>{drawn}</g>'


def wrapped(remarks: list[str], width: float, character: float = 6.1) -> list[str]:
    """Return remarks on lines of a given width. A remark is broken only if it is too long."""
    room = int(width / character)
    words: list[str] = []
    for i, remark in enumerate(remarks):
        end = "  ·  " if i < len(remarks) - 1 else ""
        words += [remark + end] if len(remark) <= room else [*(word + " " for word in remark.split()), end]
    lines = [""]
    for word in words:
        if lines[-1] and width_of(lines[-1] + word.rstrip()) > room:
            lines.append("")
        lines[-1] += word
    return [line.rstrip(" ·") for line in lines if line.rstrip(" ·")]


def n(x: float) -> str:
    """Write a coordinate."""
    return f"{x:.2f}".rstrip("0").rstrip(".")
