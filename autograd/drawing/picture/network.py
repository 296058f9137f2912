"""Networks as the textbooks draw them: circles for units, lines for weights. What is drawn is plain arrays."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..analysis.formula import short
from ..layout.sizes import INK, LEVELS, NEGATIVE, POSITIVE, QUIET, fill, level
from ..render.svg_elements import document, escape, n, text_at, wrapped

__all__ = ["Network", "network_svg", "network_text"]


@dataclass
class Network:
    """Columns of units with a weight between any two of neighbouring columns: what `draw` asks a model for.

    An object that `draw` can draw without being a node has a method `_picture_(view, at)` that gives a Network.

    Args:
        title: a few words.
        weights: one array for each two neighbouring columns, shape `(left, right)`.
        biases: for each column but the first, an array, or None.
        notes: for each column but the first, what happens to its sums, such as "tanh".
        values: for each column, an array, or None: the values at one point.
        what: what the weights and biases are: "weight" or "gradient".

    Raises:
        ValueError: the shapes do not fit together.
    """

    title: str
    weights: Sequence[np.ndarray]
    biases: Sequence[np.ndarray | None]
    notes: Sequence[str]
    values: Sequence[np.ndarray | None] = ()
    what: str = "weight"
    sizes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.sizes = [self.weights[0].shape[0], *(weight.shape[1] for weight in self.weights)]
        if not len(self.weights) == len(self.biases) == len(self.notes):
            raise ValueError("`weights`, `biases` and `notes` must be equally many: one for each column but the first")
        for k, weight in enumerate(self.weights):
            if weight.shape != (self.sizes[k], self.sizes[k + 1]):
                raise ValueError(f"`weights` {k} has shape {weight.shape}; column {k} has {self.sizes[k]} units")

    def column(self, k: int) -> str:
        """Call a column by its place."""
        if k == 0:
            return "input"
        last = len(self.sizes) - 1
        return "output" if k == last else "hidden" if last == 2 else f"hidden {k}"

    def bias(self, k: int, j: int) -> float | None:
        """Give the bias of a unit."""
        biases = self.biases[k - 1] if k else None
        return None if biases is None else float(biases[j])

    def value(self, k: int, j: int) -> float | None:
        """Give the value of a unit at the point that is shown."""
        values = self.values[k] if self.values else None
        return None if values is None else float(values[j])


def network_text(network: Network) -> str:
    """Write one line for each column."""
    lines = [network.title, f"input: {_units(network.sizes[0])}"]
    for k, (weight, biases, note) in enumerate(zip(network.weights, network.biases, network.notes, strict=True), 1):
        told = f"{network.what}s {weight.shape} from {short(weight.min())} to {short(weight.max())}"
        told += "" if biases is None else f", biases from {short(biases.min())} to {short(biases.max())}"
        lines.append(f"{network.column(k)}: {_units(network.sizes[k])}{', ' * bool(note)}{note}; {told}")
    if network.values and (out := network.values[-1]) is not None:
        lines.append(f"at this point: {', '.join(short(x) for x in out[:8])}{' …' if len(out) > 8 else ''}")
    return "\n".join(lines) + "\n"


def _units(count: int) -> str:
    return f"{count:,} unit{'s' * (count != 1)}"


# Drawing -----------------------------------------------------------------------------------------------------

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


def network_svg(network: Network) -> str:
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
    for remark in wrapped(_legend(network), width - 24):
        y += 14
        body.append(text_at(12, y, remark, 10, "quiet", colour=QUIET))
    sentence = " ".join(f"{line}." for line in network_text(network).splitlines()[1:])
    token = "cg" + hashlib.sha256("".join(body).encode()).hexdigest()[:10]
    return document(token, width, y + 12, network.title, sentence, body)


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
                name, colour = ("neg", NEGATIVE) if w < 0 else ("pos", POSITIVE) if w > 0 else ("zero", QUIET)
                dash = ' stroke-dasharray="7 4"' if w < 0 else ""
                thick, strong = 0.5 + left.thickest * share, 0.35 + 0.6 * share
                pen = f'stroke="{colour}" stroke-width="{n(thick)}" opacity="{n(strong)}"'
                hint = f"{network.what} from {_called(network, k, i)} to {_called(network, k + 1, j)}: {w!r}"
                yield share, f'<g><title>{escape(hint)}</title><line class="{name}" {ends} {pen}{dash}/></g>'


def _called(network: Network, k: int, j: int) -> str:
    return f"{network.column(k)} [{j}]"


def _unit(network: Network, columns: list[_Units], k: int, row: int, j: int | None, y: float) -> str:
    column = columns[k]
    x, radius = column.x, column.radius
    if j is None:
        return "".join(f'<circle class="step" cx="{n(x)}" cy="{n(y + d)}" r="2" fill="{INK}"/>' for d in (-8, 0, 8))
    bias, value = network.bias(k, j), network.value(k, j)
    amount = value if network.values else bias
    scale = _largest(network, k)
    steps = level(amount, scale)
    hint = _called(network, k, j)
    hint += "" if bias is None else f"\n{'bias' if network.what == 'weight' else 'gradient of the bias'} {bias!r}"
    hint += "" if value is None else f"\nvalue {value!r}"
    pen = f'class="line f{steps + LEVELS}" fill="{fill(steps)}" stroke="{INK}" stroke-width="1.5"'
    parts = [f"<g><title>{escape(hint)}</title>", f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(radius)}" {pen}/>']
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
        colour, name = (NEGATIVE, "negh") if bias < 0 else (POSITIVE, "posh")
        words = text_at(x, y + radius + 11, f"b {_brief(bias)}", 9, name, colour=colour, anchor="middle")
        parts.append(f'<g class="halo" stroke="#ffffff" stroke-width="3" paint-order="stroke">{words}</g>')
    return "".join([*parts, "</g>"])


def _brief(x: float) -> str:
    return short(x, 2)


def _largest(network: Network, k: int) -> float:
    """Give the scale of the fill: over all biases, or over the values of one column."""
    arrays: Sequence[Any] = [network.values[k]] if network.values else network.biases
    sizes = [np.abs(a[np.isfinite(a)]).max(initial=0.0) for a in arrays if a is not None]
    return float(max(sizes, default=0.0))


def _titles(network: Network, k: int, column: _Units) -> list[str]:
    told = [network.column(k), ", ".join([_units(network.sizes[k]), *([network.notes[k - 1]] if k else [])])]
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
    filled = ["fill: the value at this point"] if network.values else [f"fill: the {own}"] if has_bias else []
    left_out = ["dots: units left out"] if max(network.sizes) > _WHOLE else []
    return [line, *filled, *left_out]
