"""What a notebook shows of nets: plain HTML, as `chalkgrad.autograd.display` has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
