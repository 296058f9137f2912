"""Render a net as SVG, with circles for units and lines for weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

from ...display import INK, NEGATIVE, POSITIVE, fill, largest_of, level, levels
from ..analysis.formula import several, short
from ..layout.sizes import QUIET
from ..picture.network import Network, network_text
from .svg_elements import above_lines, document, escape, heat_map, n, text_at, wrapped

_WIDTH = 760.0  # of a notebook's column
_TOP = 54.0  # room for titles
_WHOLE = 16  # columns of more units are condensed
_FIRST, _LAST = 5, 3  # units of a condensed column
_HEIGHT = 560.0
_ROOMY = 44.0  # between units, for a bias below each


Spot = tuple[int | None, float, float]
"""The number of a unit, or None for those left out, and where it stands."""


def network_svg(network: Network, has_legend: bool = True) -> str:
    """Return a network as SVG. Positive weights are blue, negative ones orange and dashed, larger ones wider."""
    columns, gap = _columns(network)
    body = [line for _, line in sorted(_links(network, columns, gap), key=lambda link: link[0])]
    for k, column in enumerate(columns):
        note = f", {network.notes[k - 1]}" if k and network.notes[k - 1] else ""
        label, x = several(network.sizes[k], "unit") + note, column[0][1]
        body.append(text_at(x, 20, network.column(k), 12, "ink", anchor="middle", bold=True))
        body.append(text_at(x, 35, label, 10, "quiet", colour=QUIET, anchor="middle"))
        body += [_unit(network, k, spot, gap) for spot in column]
    width = columns[-1][0][1] + columns[0][0][1]
    y = _TOP + gap * max(map(len, columns)) + 12
    for remark in wrapped(list(_legend(network)) if has_legend else [], width - 24):
        y += 14
        body.append(text_at(12, y, remark, 10, "quiet", colour=QUIET))
    sentence = " ".join(f"{line}." for line in network_text(network).splitlines()[1:])
    return document(width, y + 12, network.title, sentence, body)


def _columns(network: Network) -> tuple[list[list[Spot]], float]:
    """Return the positions of the units of each column, and their distance."""
    shown: list[list[int | None]] = [
        list(range(size)) if size <= _WHOLE else [*range(_FIRST), None, *range(size - _LAST, size)]
        for size in network.sizes
    ]
    most = max(map(len, shown))
    gap = min(58.0, _HEIGHT / most)
    between = max(110.0, min(200.0, (_WIDTH - 180) / (len(shown) - 1)))
    columns: list[list[Spot]] = []
    for k, units in enumerate(shown):
        first = _TOP + gap * (most - len(units) + 1) / 2
        columns.append([(j, 90 + between * k, first + gap * row) for row, j in enumerate(units)])
    return columns, gap


def _links(network: Network, columns: list[list[Spot]], gap: float) -> Iterator[tuple[float, str]]:
    largest = max(map(largest_of, network.weights)) or 1.0
    thickest = 0.085 * gap - (0.5 if gap < _ROOMY else 0.0)
    for k, weight in enumerate(network.weights):
        for (i, x1, y1), (j, x2, y2) in product(columns[k], columns[k + 1]):
            if i is None or j is None:
                continue
            w = float(weight[i, j])
            share = min(1.0, abs(w) / largest) if math.isfinite(w) else 1.0
            ends = f'x1="{n(x1)}" y1="{n(y1)}" x2="{n(x2)}" y2="{n(y2)}"'
            colour = NEGATIVE if w < 0 else POSITIVE if w > 0 else QUIET
            dash = ' stroke-dasharray="7 4"' if w < 0 else ""
            thick, strong = 0.5 + thickest * share, 0.35 + 0.6 * share
            pen = f'stroke="{colour}" stroke-width="{n(thick)}" opacity="{n(strong)}"'
            hint = f"{network.what} from {_called(network, k, i)} to {_called(network, k + 1, j)}: {w!r}"
            yield share, f"<g><title>{escape(hint)}</title><line {ends} {pen}{dash}/></g>"


def _called(network: Network, k: int, j: int) -> str:
    return f"{network.column(k)} [{j}]"


def _unit(network: Network, k: int, spot: Spot, gap: float) -> str:
    j, x, y = spot
    radius = min(20.0, 0.38 * gap)
    if j is None:
        return "".join(f'<circle cx="{n(x)}" cy="{n(y + d)}" r="2" fill="{INK}"/>' for d in (-8, 0, 8))
    bias, value = network.bias(k, j), network.value(k, j)
    hint = _called(network, k, j)
    hint += "" if bias is None else f"\n{_bias_of(network)} {bias!r}"
    hint += "" if value is None else f"\nvalue {value!r}"
    shown, scale = (value, [network.values[k]]) if network.values else (bias, network.biases)  # one column, or all
    colour = fill(level(shown, max((largest_of(array) for array in scale if array is not None), default=0.0)))
    drawn = f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(radius)}" fill="{colour}" stroke="{INK}" stroke-width="1.5"/>'
    if network.maps:
        values = network.maps[k][:, :, j]
        squares = levels(values, largest_of(values)).tolist()
        drawn = heat_map(squares, x - radius, y - radius, 2 * radius / len(squares))
    parts = [f"<g><title>{escape(hint)}</title>", drawn]
    label = "" if value is None else short(value, 2)
    if label and radius >= 16:
        parts.append(text_at(x, y + 3.5, label, 10, "ink", anchor="middle"))
        label = ""
    if k == 0:
        parts.append(text_at(x - radius - 6, y + 4, f"x[{j}] {label}".strip(), 11, "ink", anchor="end"))
    elif label and k == len(network.weights):
        parts.append(text_at(x + radius + 6, y + 4, label, 11, "ink"))
    if bias and gap >= _ROOMY:
        colour = NEGATIVE if bias < 0 else POSITIVE
        parts.append(above_lines(x, y + radius + 11, f"b {short(bias, 2)}", 9, colour=colour))
    return "".join([*parts, "</g>"])


def _bias_of(network: Network) -> str:
    return "bias" if network.what == "weight" else "gradient of the bias"


def _legend(network: Network) -> Iterator[str]:
    widest = short(max(map(largest_of, network.weights)))
    yield f"line: {network.what}, blue positive, orange and dashed negative, the widest {widest}"
    if network.maps:
        yield f"square: the value of the unit for {network.span}, on its own scale"
    elif network.values:
        yield "fill: the value at this point"
    elif any(bias is not None for bias in network.biases):
        yield f"fill: the {_bias_of(network)}"
    if max(network.sizes) > _WHOLE:
        yield "dots: units left out"
