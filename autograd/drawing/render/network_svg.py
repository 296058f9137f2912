"""A net as SVG: circles for units, lines for weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...display import INK, NEGATIVE, POSITIVE, fill, level
from ..analysis.formula import short
from ..layout.sizes import QUIET
from ..picture.network import Network, network_text, units_text
from .svg_elements import above_lines, document, escape, heat_map, n, text_at, wrapped

_WIDTH = 760.0  # of a notebook's column
_TOP = 54.0  # room for titles
_WHOLE = 16  # columns of more units are condensed
_FIRST, _LAST = 5, 3  # units of a condensed column
_HEIGHT = 560.0


@dataclass
class _Units:
    """The units of a column that are drawn, by their numbers; None stands for those left out."""

    shown: list[int | None]
    x: float
    gap: float

    def y(self, row: int, height: float) -> float:
        return _TOP + height / 2 + (row - (len(self.shown) - 1) / 2) * self.gap

    @property
    def radius(self) -> float:
        return min(20.0, 0.38 * self.gap)

    @property
    def thickest(self) -> float:
        return 0.085 * self.gap - (0.5 if self.gap < 44 else 0.0)


def network_svg(network: Network, has_legend: bool = True) -> str:
    """Draw a network: blue for positive, orange and dashed for negative, wider for larger."""
    columns = _columns(network)
    height = max(column.gap * len(column.shown) for column in columns)
    body = [line for _, line in sorted(_links(network, columns, height), key=lambda link: link[0])]
    for k, column in enumerate(columns):
        body += _titles(network, k, column)
        for row, j in enumerate(column.shown):
            body.append(_unit(network, columns, k, row, j, column.y(row, height)))
    width = columns[-1].x + columns[0].x
    y = _TOP + height + 12
    for remark in wrapped(_legend(network) if has_legend else [], width - 24):
        y += 14
        body.append(text_at(12, y, remark, 10, "quiet", colour=QUIET))
    sentence = " ".join(f"{line}." for line in network_text(network).splitlines()[1:])
    return document(width, y + 12, network.title, sentence, body)


def _columns(network: Network) -> list[_Units]:
    shown: list[list[int | None]] = [
        list(range(size)) if size <= _WHOLE else [*range(_FIRST), None, *range(size - _LAST, size)]
        for size in network.sizes
    ]
    gap = min(58.0, _HEIGHT / max(map(len, shown)))
    between = max(110.0, min(200.0, (_WIDTH - 180) / (len(shown) - 1)))
    return [_Units(units, 90 + between * k, gap) for k, units in enumerate(shown)]


def _links(network: Network, columns: list[_Units], height: float) -> Iterator[tuple[float, str]]:
    finite = [np.abs(weight[np.isfinite(weight)]) for weight in network.weights]
    largest = max((float(sizes.max()) for sizes in finite if sizes.size), default=0.0) or 1.0
    for k, weight in enumerate(network.weights):
        left, right = columns[k], columns[k + 1]
        for row, i in enumerate(left.shown):
            for row_, j in enumerate(right.shown):
                if i is None or j is None:
                    continue
                w = float(weight[i, j])
                share = min(1.0, abs(w) / largest) if math.isfinite(w) else 1.0
                ends = (f'x1="{n(left.x)}" y1="{n(left.y(row, height))}" '
                        f'x2="{n(right.x)}" y2="{n(right.y(row_, height))}"')  # fmt: skip
                colour = NEGATIVE if w < 0 else POSITIVE if w > 0 else QUIET
                dash = ' stroke-dasharray="7 4"' if w < 0 else ""
                thick, strong = 0.5 + left.thickest * share, 0.35 + 0.6 * share
                pen = f'stroke="{colour}" stroke-width="{n(thick)}" opacity="{n(strong)}"'
                hint = f"{network.what} from {_called(network, k, i)} to {_called(network, k + 1, j)}: {w!r}"
                yield share, f'<g><title>{escape(hint)}</title><line {ends} {pen}{dash}/></g>'


def _called(network: Network, k: int, j: int) -> str:
    return f"{network.column(k)} [{j}]"


def _unit(network: Network, columns: list[_Units], k: int, row: int, j: int | None, y: float) -> str:
    column = columns[k]
    x, radius = column.x, column.radius
    if j is None:
        return "".join(f'<circle cx="{n(x)}" cy="{n(y + d)}" r="2" fill="{INK}"/>' for d in (-8, 0, 8))
    bias, value = network.bias(k, j), network.value(k, j)
    amount = value if network.values else bias
    scale = _largest(network, k)
    hint = _called(network, k, j)
    hint += "" if bias is None else f"\n{'bias' if network.what == 'weight' else 'gradient of the bias'} {bias!r}"
    hint += "" if value is None else f"\nvalue {value!r}"
    pen = f'fill="{fill(level(amount, scale))}" stroke="{INK}" stroke-width="1.5"'
    parts = [f"<g><title>{escape(hint)}</title>", f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(radius)}" {pen}/>']
    if network.maps:
        values = network.maps[k][:, :, j]
        largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
        levels = [[level(float(v), largest) for v in line] for line in values]
        parts[1] = heat_map(levels, x - radius, y - radius, 2 * radius / len(levels))
    inside = value if network.values else None
    if inside is not None and radius >= 16:
        parts.append(text_at(x, y + 3.5, _brief(inside), 10, "ink", anchor="middle"))
    last = len(columns) - 1
    beside = f"x[{j}]" if k == 0 else ""
    if inside is not None and radius < 16 and k in (0, last):
        beside = f"x[{j}] {_brief(inside)}" if k == 0 else _brief(inside)
    if beside:
        at, anchor = (x - radius - 6, "end") if k == 0 else (x + radius + 6, "start")
        parts.append(text_at(at, y + 4, beside, 11, "ink", anchor=anchor))
    if bias and column.gap >= 44:
        colour = NEGATIVE if bias < 0 else POSITIVE
        parts.append(above_lines(x, y + radius + 11, f"b {_brief(bias)}", 9, colour=colour))
    return "".join([*parts, "</g>"])


def _brief(x: float) -> str:
    return short(x, 2)


def _largest(network: Network, k: int) -> float:
    """Return the scale of the fill: over all biases, or over the values of one column."""
    arrays: Sequence[Any] = [network.values[k]] if network.values else network.biases
    sizes = [np.abs(a[np.isfinite(a)]).max(initial=0.0) for a in arrays if a is not None]
    return float(max(sizes, default=0.0))


def _titles(network: Network, k: int, column: _Units) -> list[str]:
    told = [network.column(k), ", ".join([units_text(network.sizes[k]), *([network.notes[k - 1]] if k else [])])]
    told[1] = told[1].rstrip(", ")
    return [
        text_at(column.x, 20, told[0], 12, "ink", anchor="middle", bold=True),
        text_at(column.x, 35, told[1], 10, "quiet", colour=QUIET, anchor="middle"),
    ]


def _legend(network: Network) -> list[str]:
    finite = [np.abs(weight[np.isfinite(weight)]).max(initial=0.0) for weight in network.weights]
    line = f"line: {network.what}, blue positive, orange and dashed negative, the widest {short(max(finite))}"
    has_bias = any(bias is not None for bias in network.biases)
    own = "bias" if network.what == "weight" else "gradient of the bias"
    filled = [f"square: the value of the unit for {network.span}, on its own scale"] if network.maps else (
        ["fill: the value at this point"] if network.values else [f"fill: the {own}"] if has_bias else [])  # fmt: skip
    left_out = ["dots: units left out"] if max(network.sizes) > _WHOLE else []
    return [line, *filled, *left_out]
