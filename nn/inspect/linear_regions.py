"""Linear regions and joints of ReLU nets, found exactly, and how many there can be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..arguments import count, within
from ..diagram import Stage, arrays
from ..module import Module, brief, check_model


def zaslavsky(inputs: int, units: int) -> int:
    r"""Count the regions into which $n$ hyperplanes cut a space of $d$ dimensions: $\sum_{j \le d} \binom{n}{j}$.

    A shallow ReLU net with $d$ inputs and $n$ hidden units has at most so many linear regions.

    Raises:
        ValueError: a number is not whole, or negative.

    Source: Zaslavsky (1975); Prince, Understanding Deep Learning, chapter 3.

    >>> zaslavsky(2, 3), zaslavsky(10, 50)
    (7, 13432735556)
    """
    inputs, units = count(inputs, "inputs", 0), count(units, "units", 0)
    return sum(math.comb(units, j) for j in range(min(inputs, units) + 1))


@dataclass
class Region:
    r"""A part of the input space in which a net is the linear map $x \mapsto xA + c$.

    Attributes:
        corners: the ends of an interval, shape `(2, 1)`, or the corners of a polygon in order, shape `(k, 2)`.
        slope: $A$, shape `(inputs, outputs)`.
        intercept: $c$, shape `(outputs,)`.

    Source: Montúfar, Pascanu, Cho and Bengio (2014).

    >>> from chalkgrad.nn import Linear
    >>> (region,) = regions(Linear(1, 1, initializer="zeros"))
    >>> region.corners.tolist(), region.slope.tolist(), region.intercept.tolist()
    ([[-1.0], [1.0]], [[0.0]], [0.0])
    """

    corners: np.ndarray
    slope: np.ndarray
    intercept: np.ndarray


def regions(model: Module, low: float = -1.0, high: float = 1.0) -> list[Region]:
    """Find the linear regions of a ReLU net with one or two inputs, exactly, by cutting at each unit's zero.

    Args:
        model: a chain of layers with weights and activations that are linear on both sides of 0: ReLU, leaky ReLU,
            the absolute value, or none.
        low, high: the interval, or the square, that is looked at; infinite ends are allowed for one input.

    Returns:
        The regions; in one dimension from left to right, neighbours with the same map joined.

    Raises:
        ValueError: another activation, more than two inputs, or `low` is not below `high`.
        TypeError: `model` is no chain of layers.

    >>> from chalkgrad.nn import MLP
    >>> net = MLP(1, [3, 1], rng=0)
    >>> for neuron, bias in zip(net.layers[0].neurons, (0.2, -0.1, 0.3)):
    ...     neuron.b.data = bias
    >>> len(regions(net)) <= zaslavsky(1, 3)
    True
    """
    check_model(model)
    stages = model._stages()
    if not stages:
        raise ValueError(f"{brief(model)} has no weights")
    if stages[0].weight is None:
        raise ValueError(f"{stages[0].name} comes before any weights: put a Linear layer first")
    width = len(arrays(stages[0])[0])
    if width not in (1, 2):
        raise ValueError(f"`model` has {width} inputs; regions are found for one or two")
    low, high = within(low, "low", -math.inf, math.inf, closed=True), within(high, "high", -math.inf, closed=True)
    if not low < high or (width == 2 and not math.isfinite(high - low)):
        raise ValueError(f"`low` must be below `high`, and both finite for two inputs, not {low!r} and {high!r}")
    ends = [(low,), (high,)] if width == 1 else [(low, low), (high, low), (high, high), (low, high)]
    found = [Region(np.array(ends, dtype=np.float64), np.eye(width), np.zeros(width))]
    for stage in stages:
        if stage.weight is not None:
            weight, bias = arrays(stage)
            found = [Region(x.corners, x.slope @ weight, x.intercept @ weight + bias) for x in found]
        if stage.function is not None:
            units = found[0].slope.shape[1]
            left, right = _slopes(stage, units)
            for j in range(units) if left != right else ():
                found = [piece for x in found for piece in _cut(x, j)]
            found = [_activated(x, left, right) for x in found]
    return _joined(found) if width == 1 else found


def joints(model: Module, low: float = -math.inf, high: float = math.inf) -> np.ndarray:
    """Find where the slope of a ReLU net with one input changes, exactly.

    Args:
        model, low, high: as for `regions`.

    Returns:
        The joints inside the interval, from left to right.

    Raises:
        ValueError, TypeError: as for `regions`; or `model` has two inputs.

    >>> from chalkgrad.nn import Neuron
    >>> unit = Neuron(1, "relu")
    >>> unit.w[0].data, unit.b.data = 2.0, -1.0
    >>> joints(unit)
    array([0.5])
    """
    found = regions(model, low, high)
    if found[0].slope.shape[0] != 1:
        raise ValueError("`model` has two inputs: its joints are lines, the borders of its `regions`")
    return np.array([region.corners[0, 0] for region in found[1:]])


def _slopes(stage: Stage, width: int) -> tuple[float, float]:
    """Find the slopes to both sides of 0, and refuse what is not linear there."""
    points = np.array([-2.0, -1.0, 1.0, 2.0, 0.0])
    out = stage.apply(np.repeat(points[:, None], width, axis=1))
    left, right = -out[1, 0], out[2, 0]
    expected = np.array([-2 * left, -left, right, 2 * right, 0.0])
    if out.shape != (5, width) or not np.allclose(out, expected[:, None]):
        name = stage.name or "an activation"
        raise ValueError(f"{name} is not linear on both sides of 0, as ReLU is: it has no regions")
    return float(left), float(right)


def _cut(region: Region, j: int) -> list[Region]:
    """Cut a region where the sum of unit `j` is 0."""
    corners, slope = region.corners, region.slope[:, j]
    offset = float(region.intercept[j])
    if corners.shape[1] == 1:
        zero = -offset / slope[0] if slope[0] else math.nan
        low, high = corners[:, 0]
        tiny = 1e-12 * max((abs(x) for x in (low, high, zero) if not math.isinf(x)), default=0.0)
        if not low + tiny < zero < high - tiny:
            return [region]
        halves = [np.array([[low], [zero]]), np.array([[zero], [high]])]
    else:
        heights = corners @ slope + offset
        tiny = 1e-12 * (np.abs(corners).max() * np.abs(slope).max() + abs(offset))
        if heights.min() >= -tiny or heights.max() <= tiny:
            return [region]
        halves = [_half(corners, heights), _half(corners, -heights)]
    return [Region(half, region.slope, region.intercept) for half in halves]


def _half(corners: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Keep the part of a polygon where a linear function is positive (Sutherland and Hodgman, 1974)."""
    kept = []
    for i in range(len(corners)):
        a, b, p, q = heights[i - 1], heights[i], corners[i - 1], corners[i]
        if (a > 0) != (b > 0):
            kept.append(p + (q - p) * (a / (a - b)))
        if b > 0:
            kept.append(q)
    return np.array(kept)


def _activated(region: Region, left: float, right: float) -> Region:
    """Apply the activation inside a region, where no unit changes its sign."""
    inside = _inside(region.corners)
    factors = np.where(inside @ region.slope + region.intercept > 0, right, left)
    return Region(region.corners, region.slope * factors, region.intercept * factors)


def _inside(corners: np.ndarray) -> np.ndarray:
    if np.isfinite(corners).all():
        return corners.mean(axis=0)
    low, high = corners[:, 0]
    return np.array([0.0 if math.isinf(low) and math.isinf(high) else high - 1.0 if math.isinf(low) else low + 1.0])


def _joined(found: list[Region]) -> list[Region]:
    """Join neighbouring intervals with the same map, but for rounding."""
    kept = found[:1]
    steepest = max(float(np.abs(region.slope).max()) for region in found)
    for region in found[1:]:
        last = kept[-1]
        if np.allclose(last.slope, region.slope, rtol=1e-12, atol=1e-12 * steepest):  # they meet at a point
            kept[-1] = Region(np.array([last.corners[0], region.corners[1]]), last.slope, last.intercept)
        else:
            kept.append(region)
    return kept
