"""Networks as textbooks draw them, with circles for units and lines for weights. The content is plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..analysis.formula import several, short


@dataclass
class Network:
    """A description of a net for `draw`: columns of units, and the weights between neighbouring columns.

    `draw` accepts any object with a method `_picture_(view, at)` that returns a Network.

    Args:
        title: a short title.
        weights: one array of shape `(left, right)` for each pair of neighbouring columns.
        biases: for each column after the first, an array of shape `(units,)` or None.
        notes: for each column after the first, the name of its activation, such as "tanh".
        values: for each column, an array of shape `(units,)` with the values at one point, or None.
        what: what `weights` and `biases` contain, "weight" or "gradient".
        maps: for each column, an array of shape `(rows, columns, units)` with the values over a rectangle of inputs.
        span: the rectangle, in words.

    Raises:
        ValueError: the shapes do not fit together.

    >>> network = Network("a neuron", [np.ones((2, 1))], [np.zeros(1)], ["tanh"])
    >>> network.sizes, network.column(1), network.bias(1, 0), network.value(1, 0)
    ([2, 1], 'output', 0.0, None)
    """

    title: str
    weights: Sequence[np.ndarray]
    biases: Sequence[np.ndarray | None]
    notes: Sequence[str]
    values: Sequence[np.ndarray | None] = ()
    what: str = "weight"
    maps: Sequence[np.ndarray] = ()
    span: str = ""
    sizes: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.sizes = [self.weights[0].shape[0], *(weight.shape[1] for weight in self.weights)]
        if not len(self.weights) == len(self.biases) == len(self.notes):
            raise ValueError("`weights`, `biases` and `notes` must be equally many: one for each column but the first")
        for k, weight in enumerate(self.weights):
            if weight.shape != (self.sizes[k], self.sizes[k + 1]):
                raise ValueError(f"`weights` {k} has shape {weight.shape}; column {k} has {self.sizes[k]} units")

    def column(self, k: int) -> str:
        """Return the name of column `k`, counted from 0.

        >>> Network("a net", [np.ones((2, 3)), np.ones((3, 1))], [None, None], ["tanh", ""]).column(1)
        'hidden'
        """
        if k == 0:
            return "input"
        last = len(self.sizes) - 1
        return "output" if k == last else "hidden" if last == 2 else f"hidden {k}"

    def bias(self, k: int, j: int) -> float | None:
        """Return the bias of unit `j` in column `k`, or None if the column has no biases.

        >>> Network("a neuron", [np.ones((2, 1))], [np.array([0.5])], ["tanh"]).bias(1, 0)
        0.5
        """
        biases = self.biases[k - 1] if k else None
        return None if biases is None else float(biases[j])

    def value(self, k: int, j: int) -> float | None:
        """Return the value of unit `j` in column `k` at the point that is shown, or None without a point.

        >>> values = [np.array([1.0, 2.0]), np.array([0.9])]
        >>> Network("a neuron", [np.ones((2, 1))], [None], ["tanh"], values).value(1, 0)
        0.9
        """
        values = self.values[k] if self.values else None
        return None if values is None else float(values[j])


def network_text(network: Network) -> str:
    """Return a text with one line for each column."""
    lines = [network.title, f"input: {several(network.sizes[0], 'unit')}"]
    for k, (weight, biases, note) in enumerate(zip(network.weights, network.biases, network.notes, strict=True), 1):
        ranges = f"{network.what}s {weight.shape} from {short(weight.min())} to {short(weight.max())}"
        ranges += "" if biases is None else f", biases from {short(biases.min())} to {short(biases.max())}"
        lines.append(f"{network.column(k)}: {several(network.sizes[k], 'unit')}{', ' * bool(note)}{note}; {ranges}")
    if network.values and (out := network.values[-1]) is not None:
        lines.append(f"at this point: {', '.join(short(x) for x in out[:8])}{' …' if len(out) > 8 else ''}")
    if network.maps:
        lines.append(f"maps: the value of each unit for {network.span}")
    return "\n".join(lines) + "\n"
