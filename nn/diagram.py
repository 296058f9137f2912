"""What a net does from column to column, as arrays: for diagrams, and for what is computed from the weights alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Network, Node


@dataclass
class Stage:
    """One column of units after another: sums with weights and a bias, or a function of each unit, or both.

    Attributes:
        weight: the parameters, a Tensor or nested lists of Values that make an array `(left, right)`; None for a
            stage without.
        bias: the parameters, one for each unit on the right; None for a stage without.
        function: of an array of rows, applied behind the sums; None if there is none.
        name: what the function is called.
    """

    weight: Any = None
    bias: Any = None
    function: Callable[[Any], Any] | None = None
    name: str = ""

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """Apply the function to rows, as plain numbers, also where it has parameters of its own."""
        out = rows if self.function is None else self.function(rows)
        return np.asarray(out._data if isinstance(out, Node) else out)


def network_of(title: str, stages: Sequence[Stage], view: str, at: Any) -> Network:
    """Make the picture of a net from its stages.

    Raises:
        ValueError: there are no weights; `at` has not as many numbers as there are inputs; or the view is
            "backward" and there are no gradients.
    """
    merged: list[tuple[Stage, list[Stage]]] = []
    for stage in stages:
        if stage.weight is not None:
            merged.append((stage, []))
        if stage.function is not None and merged:
            merged[-1][1].append(stage)
    if not merged:
        raise ValueError(f"{title} has no weights to draw: draw a net, such as `MLP(2, [4, 1])`")
    read = _data if view == "forward" else _grad
    weights = [read(stage.weight) for stage, _ in merged]
    biases = [None if stage.bias is None else read(stage.bias) for stage, _ in merged]
    notes = [", ".join(x.name for x in behind if x.name) for _, behind in merged]
    made = Network(title, weights, biases, notes, what="weight" if view == "forward" else "gradient")
    if at is not None:
        rows, width = _numbers(at, len(weights[0])), len(weights[0])
        if rows.ndim == 2 and rows.shape[1] == width == 2 and len(rows) > 1:
            made.maps, made.span = _maps(rows, stages)
        elif rows.size != width:
            raise ValueError(f"`at` has {rows.size} numbers; this net has {width} inputs")
        else:
            with np.errstate(all="ignore"):
                made.values = [column[0] for column in columns_of(stages, rows.reshape(1, -1))[1]]
    return made


_GRID = 14  # squares of a map, to either side


def _maps(points: np.ndarray, stages: Sequence[Stage]) -> tuple[list[np.ndarray], str]:
    """Compute all units over the rectangle that points span, from its upper left corner."""
    low, high = points.min(axis=0), points.max(axis=0)
    across, down = np.linspace(low[0], high[0], _GRID), np.linspace(high[1], low[1], _GRID)
    grid = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        columns = columns_of(stages, grid)[1]
    span = " and ".join(f"x[{i}] from {low[i]:.3g} to {high[i]:.3g}" for i in (0, 1))
    return [column.reshape(_GRID, _GRID, -1) for column in columns], span


def arrays(stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of a stage that has such, and its biases, 0 where there are none."""
    weight = _data(stage.weight)
    return weight, np.zeros(weight.shape[1]) if stage.bias is None else _data(stage.bias)


def columns_of(stages: Sequence[Stage], X: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Compute all columns for rows of inputs: the sums of each, and what its functions make of them."""
    sums, values = [X], [X]
    for stage in stages:
        if stage.weight is not None:
            weight, bias = arrays(stage)
            sums.append(values[-1] @ weight + bias)
            values.append(sums[-1])
        if stage.function is not None:
            values[-1] = stage.apply(values[-1])
    return sums, values


def _numbers(at: Any, width: int) -> np.ndarray:
    """Return a point, or several in rows, as numbers."""
    try:
        array = np.asarray(at.data if isinstance(at, Node) else at)
        return array.astype(np.float64, casting="same_kind" if array.dtype.kind == "c" else "unsafe")
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"`at` is a point, {width} numbers, not {type(at).__name__} ({at!r:.40})") from None


def _data(parameters: Any) -> np.ndarray:
    return _gathered(parameters, lambda p: p.data)


def _grad(parameters: Any) -> np.ndarray:
    def read(p: Any) -> Any:
        if not p.requires_grad:  # frozen: nothing moves it
            return np.zeros(p.shape)
        if p.grad is None:
            raise ValueError("there are no gradients to draw yet: call `backward()` on a loss first")
        return getattr(p.grad, "data", p.grad)

    return _gathered(parameters, read)


def _gathered(parameters: Any, read: Callable[[Any], Any]) -> np.ndarray:
    if isinstance(parameters, list):
        return np.array([_gathered(part, read) for part in parameters])
    return np.array(read(parameters), dtype=np.float64)
