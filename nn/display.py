"""What a notebook shows of nets and of training: plain HTML, as `chalkgrad.autograd.display` has it."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from autograd import display

Row = tuple[str, str, str, int]
"""Name, kind and sizes, shapes and count of a layer."""


def structure(title: str, rows: Sequence[Row], parameters: Iterable[tuple[str, Any]]) -> str:
    """Write a table of layers with the norms of their parameters and, after a backward pass, of their gradients.

    Args:
        title: what stands above it.
        rows: the layers.
        parameters: all parameters by their dotted names; each belongs to the layer with the longest fitting name.
    """
    squares = {path: np.zeros(2) for path, *_ in rows}
    has_grad = False
    for name, parameter in parameters:
        fitting = [path for path in squares if not path or name == path or name.startswith(f"{path}.")]
        grad = getattr(parameter.grad, "data", parameter.grad)
        has_grad = has_grad or parameter.grad is not None
        if fitting:
            squares[max(fitting, key=len)] += _square(parameter.data), 0.0 if grad is None else _square(grad)
    head = ["name", "layer", "parameters", "count", "norm", *(["norm of grad"] if has_grad else [])]
    body: list[list[Any]] = []
    for path, layer, shapes, count in rows:
        norms = np.sqrt(squares[path])[: 1 + has_grad].tolist() if count else [""] * (1 + has_grad)
        body.append([path, layer.split("\n")[0], shapes, count if count else "", *norms])
    norms = np.sqrt(np.sum([*squares.values()], axis=0))[: 1 + has_grad].tolist()
    total = ["total", "", "", sum(count for *_, count in rows), *norms]
    return f"<div>{escape(title)}</div>{display.table(head, body, total)}"


def _square(data: Any) -> float:
    # a gradient that overflows has the norm inf
    with np.errstate(all="ignore"):
        return float(np.sum(np.square(data, dtype=np.float64)))


# Curves --------------------------------------------------------------------------------------------------------

_SIZE = (360, 150)
_EDGES = (52, 8, 352, 128)  # left, top, right, bottom
_LINES = [("#2f7fc1", ""), ("#d0731f", "6 3"), ("#3c8d5a", "2 3"), ("#9a5fb4", "8 3 2 3")]
_POINTS = 300
_QUIET = "#7d8590"  # to be read on white and on black


def curves(title: str, history: Mapping[str, Sequence[float]]) -> str:
    """Draw lists of numbers over the epochs, beside a table of their ends."""
    rows = {name: np.asarray(row, dtype=np.float64) for name, row in history.items() if len(row)}
    if not rows:
        return f"<div>{escape(title)}</div>"
    body = [
        [name, float(row[0]), float(row[-1]), float(row.min()), int(row.argmin()) + 1] for name, row in rows.items()
    ]
    told = display.table(["", "first", "last", "smallest", "in epoch"], body)
    return display.side_by_side([(title, _plot(rows)), ("", told)])


def _plot(rows: Mapping[str, np.ndarray]) -> str:
    finite = np.concatenate([row[np.isfinite(row)] for row in rows.values()])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    is_log = low > 0 and high > 10 * low
    scale = np.log if is_log else np.asarray
    bottom, top = float(scale(low)), float(scale(high))
    top = top if top > bottom else bottom + 1.0
    x0, y0, x1, y1 = _EDGES
    longest = max(map(len, rows.values()))
    parts = [f'<path d="M{x0},{y0} V{y1} H{x1}" fill="none" stroke="{_QUIET}"/>']
    for (name, row), (colour, dash) in zip(rows.items(), _repeated(len(rows)), strict=True):
        places = np.unique(np.linspace(0, len(row) - 1, min(len(row), _POINTS)).round().astype(int))
        with np.errstate(all="ignore"):
            heights = (scale(row[places]) - bottom) / (top - bottom)
        points = [
            f"{x0 + (x1 - x0) * i / max(longest - 1, 1):.1f},{y1 - (y1 - y0) * h:.1f}"
            for i, h in zip(places.tolist(), heights.tolist(), strict=True) if math.isfinite(h)
        ]  # fmt: skip
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        line = f'points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"{dashed}'
        parts.append(f"<polyline {line}><title>{escape(name)}</title></polyline>")
        if len(points) == 1:
            x, y = points[0].split(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>')
    parts += [
        _text(x0 - 4, y0 + 4, display.number(high), "end"), _text(x0 - 4, y1, display.number(low), "end"),
        _text(x0, y1 + 14, "1", "middle"), _text(x1, y1 + 14, f"{longest}", "end"),
        _text((x0 + x1) / 2, y1 + 14, "epoch" + (", log scale" if is_log else ""), "middle"),
    ]  # fmt: skip
    if len(rows) > 1:
        for k, (name, (colour, _)) in enumerate(zip(rows, _repeated(len(rows)), strict=True)):
            parts.append(_text(x1 - 4, y0 + 6 + 13 * k, name, "end", colour))
    width, height = _SIZE
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="11">{"".join(parts)}</svg>'
    )
    data = base64.b64encode(svg.encode()).decode()
    alt = escape(f"{', '.join(rows)} over {longest} epochs")
    return f'<img alt="{alt}" width="{width}" height="{height}" src="data:image/svg+xml;base64,{data}"/>'


def _repeated(n: int) -> list[tuple[str, str]]:
    return [_LINES[k % len(_LINES)] for k in range(n)]


def _text(x: float, y: float, text: str, anchor: str, colour: str = _QUIET) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
