"""The display of objects in notebooks: a table or a heat map as HTML, and the repr as text.

It is plain HTML with inline styles, so it looks the same in trusted notebooks, untrusted notebooks and exported pages.
Elements without a colour of their own have the colour of the light or dark theme.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

# Colours: orange for negative, blue for positive ---------------------------------------------------------------

LEVELS = 8  # steps of saturation to either side of 0
INK, NAN = "#1f2328", "#d6006e"
POSITIVE, NEGATIVE = "#2166ac", "#b35806"  # of lines
_LIGHT = ("#f6a04d", "#f7f7f7", "#79b4e3")


def fill(level: int, colours: tuple[str, str, str] = _LIGHT) -> str:
    """Return the colour of a level from -8 (orange) to 8 (blue).

    >>> fill(-8), fill(0), fill(8)
    ('#f6a04d', '#f7f7f7', '#79b4e3')
    """
    low, middle, high = colours
    end, share = (low if level < 0 else high), abs(level) / LEVELS
    channels = zip(_channels(middle), _channels(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in channels)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def level(amount: float | None, largest: float) -> int:
    """Return the level of a number, in proportion to the square root of its size.

    >>> level(-4.0, 4.0), level(1.0, 4.0), level(0.0, 4.0), level(None, 4.0)
    (-8, 4, 0, 0)
    """
    if not amount or math.isnan(amount):
        return 0
    share = 1.0 if math.isinf(amount) or not largest else min(1.0, math.sqrt(abs(amount) / largest))
    return int(math.copysign(max(1, round(LEVELS * share)), amount))


def levels(array: np.ndarray, largest: float) -> np.ndarray:
    """Return `level` of each element, as whole numbers.

    >>> levels(np.array([-4.0, 1.0, np.nan]), 4.0)
    array([-8,  4,  0])
    """
    with np.errstate(all="ignore"):
        share = np.sqrt(np.minimum(1.0, np.abs(array) / np.float64(largest)))
        return np.nan_to_num(np.sign(array) * np.maximum(np.round(LEVELS * share), array != 0)).astype(int)


def largest_of(array: np.ndarray) -> float:
    """Return the largest absolute value of the finite numbers in an array, 0 if there is none."""
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))


# HTML for notebooks --------------------------------------------------------------------------------------------------


class Shown:
    """The base class of objects that a notebook shows as HTML. A subclass has `_html`; if it fails, the repr is shown.

    >>> class Traffic(Shown):
    ...     def _html(self):
    ...         return table(["light", "on"], [["red", 1], ["green", 0]])
    ...     def __repr__(self):
    ...         return "Traffic()"
    >>> sorted(Traffic()._repr_mimebundle_())
    ['text/html', 'text/plain']
    """

    __slots__ = ()

    def _html(self) -> str:
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            return {"text/html": self._html(), "text/plain": repr(self)}
        except Exception:  # an object that cannot be shown must not break the cell that made it
            return {"text/plain": repr(self)}


# Tables --------------------------------------------------------------------------------------------------------

_CELL = "padding:2px 8px;white-space:nowrap;font-family:monospace;"


def number(x: float) -> str:
    """Return a number as text with four significant digits.

    >>> number(0.88079), number(-3.0), number(float("nan"))
    ('0.8808', '-3', 'nan')
    """
    return f"{x:.4g}"


class Markup(str):
    """HTML that a table includes as it is. Other text is escaped."""


def cell(x: float, largest: float) -> Markup:
    """Return a table cell with a number on its colour. The tooltip shows all digits."""
    colour = f"background-color:{fill(level(x, largest))};color:{INK};print-color-adjust:exact;"
    edge = f"border:2px solid {NAN};" if math.isnan(x) else ""
    return Markup(f'<td title="{x!r}" style="{_CELL}text-align:right;{colour}{edge}">{number(x)}</td>')


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], total: Sequence[Any] = ()) -> str:
    """Return an HTML table. Entries are texts, numbers, or results of `cell`.

    >>> table(["name", "count"], [["bias", 16]])
    '<table ...>name</th>...>bias</td>...>16</td></tr></table>'
    """
    titles = "".join(f'<th style="{_CELL}text-align:{_side(rows, k)}">{escape(x)}</th>' for k, x in enumerate(head))
    body = "".join(f"<tr>{''.join(map(_entry, row))}</tr>" for row in rows)
    if total:
        body += f"<tr>{''.join(_entry(x, 'font-weight:bold;border-top:1px solid #8c959f;') for x in total)}</tr>"
    heading = f"<tr>{titles}</tr>" if head else ""
    return f'<table style="border-collapse:collapse;margin:4px 0">{heading}{body}</table>'


def _side(rows: Sequence[Sequence[Any]], k: int) -> str:
    return "left" if all(type(row[k]) is str for row in rows) else "right"


def _entry(x: Any, style: str = "") -> str:
    if isinstance(x, Markup):
        return x
    if isinstance(x, str):
        return f'<td style="{_CELL}text-align:left;{style}">{escape(x)}</td>'
    text = f"{x:,}" if isinstance(x, int) else number(x)
    return f'<td style="{_CELL}text-align:right;{style}">{text}</td>'


def aligned(rows: Sequence[Sequence[str]], left: int) -> str:
    """Return a table as text. The first `left` columns are aligned left, the others right.

    >>> print(aligned([["name", "count"], ["bias", "16"]], left=1))
    name  count
    bias     16
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [f"<{n}" if k < left else f">{n}" for k, n in enumerate(widths)]
    return "\n".join("  ".join(map(format, row, sides)).rstrip() for row in rows)


def side_by_side(parts: Sequence[tuple[str, str]]) -> str:
    """Return pieces of HTML side by side, each below its title."""
    style = "display:inline-block;vertical-align:top;margin-right:16px"
    return "".join(f'<div style="{style}"><div>{escape(title)}</div>{body}</div>' for title, body in parts)


# Arrays --------------------------------------------------------------------------------------------------------

_MOST = (12, 10)  # rows and columns of a table of numbers
_PIXELS = 160  # rows and columns of a heat map, at most
_SAMPLE = 1_000_000  # elements that statistics look at, at most


def heat(array: np.ndarray) -> str:
    """Return HTML that shows an array as coloured numbers, or as an image if it is large, and its statistics.

    For an array of more than two axes, all axes but the last one are flattened to rows.
    """
    if not array.size:
        return f"no elements, shape {array.shape}"
    plane = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    strided = array.reshape(-1)[:: -(-array.size // _SAMPLE)]
    values = strided.astype(np.float64, copy=False)
    finite = values[np.isfinite(values)]
    largest = largest_of(finite)
    if plane.shape[0] <= _MOST[0] and plane.shape[1] <= _MOST[1]:
        body = table([], [[cell(float(x), largest) for x in row] for row in plane])
    else:
        body = _image(plane, largest)
    return body + _statistics(array, values, finite)


def _statistics(array: np.ndarray, values: np.ndarray, finite: np.ndarray) -> str:
    if array.size == 1:
        return ""
    parts = []
    if finite.size:
        with np.errstate(all="ignore"):
            low, high, mean, std = (number(float(f(finite))) for f in (np.min, np.max, np.mean, np.std))
        parts.append(f"{low} … {high}, mean {mean}, std {std}")
    if zeros := float(np.mean(values == 0)):
        parts.append(f"zeros {100 * zeros:.3g} %")
    if bad := values.size - finite.size:
        parts.append(f"NaN or infinite × {bad}")
    if values.size < array.size:
        parts.append(f"of {values.size:,} elements")
    return f'<div style="font-size:85%">{escape("; ".join(parts))}</div>'


def _image(plane: np.ndarray, largest: float) -> str:
    """Return an image with one square for each element; for a large array, for the first element of each block."""
    rows, columns = (-(-n // _PIXELS) for n in plane.shape)
    shown = plane[::rows, ::columns].astype(np.float64)
    size = max(1, min(16, 320 // max(shown.shape)))
    index = np.where(np.isnan(shown), 2 * LEVELS + 1, levels(shown, largest) + LEVELS).astype(np.uint8)
    palette = [*(fill(i - LEVELS) for i in range(2 * LEVELS + 1)), NAN]
    square = np.ones((max(size, 16 // len(shown)), size), np.uint8)
    data = base64.b64encode(_png(np.kron(index, square), palette)).decode()
    whole = "" if (rows, columns) == (1, 1) else f"; every {rows} × {columns} shown"
    alt = f"heat map of {plane.shape[0]} × {plane.shape[1]} numbers, blue positive, orange negative{whole}"
    return f'<img alt="{alt}" title="{alt}" src="data:image/png;base64,{data}"/>'


def _png(index: np.ndarray, palette: list[str]) -> bytes:
    """Return an image with palette colours in the PNG format."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    height, width = index.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = bytes(channel for colour in palette for channel in _channels(colour))
    lines = np.concatenate([np.zeros((height, 1), np.uint8), index], axis=1).tobytes()
    body = chunk(b"IHDR", header) + chunk(b"PLTE", colours) + chunk(b"IDAT", zlib.compress(lines, 9))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")
