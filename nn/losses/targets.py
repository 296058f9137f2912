"""Targets: what a loss takes beside the outputs. Each kind is checked, and made an array of floats, in one function.

The functions here get the outputs' shape and a plain array, and give the targets as the formula of the loss takes
them. What is traced for a compiled program comes in as nodes, has been checked before, and is left as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Node, Tensor, Value

from ..data.arrays import plain_array

Shape = tuple[int, ...]


def node_or_plain(y: Any, name: str) -> Any:
    """Take targets as an array of finite numbers, or as the node that they are where they come of other nodes."""
    if isinstance(y, (Tensor, Value)) and y.op is not None and y.requires_grad:  # numbers that are not to be looked at
        return ag.reshape(y, shape=()) if isinstance(y, Value) else y
    return plain_array(y, name)


# Of the same shape as the outputs --------------------------------------------------------------------------


def reals(y: Any, shape: Shape, name: str, outputs: str) -> Any:
    """Any finite numbers, of the shape of the outputs."""
    if shape != y.shape:
        column = shape == (*y.shape, 1) and y.ndim < 2
        hint = f": take `{outputs}[{':, ' * y.ndim}0]`, or give the targets that shape" if column else ""
        raise ValueError(f"`{outputs}` have shape {shape} and the targets {y.shape}; they must be equal{hint}")
    return y if isinstance(y, Node) else y.astype(np.float64, copy=False)


def counts(y: Any, shape: Shape, name: str, outputs: str) -> Any:
    """Numbers from 0, of the shape of the outputs."""
    y = reals(y, shape, name, outputs)
    if isinstance(y, np.ndarray) and np.any(y < 0):
        raise ValueError(f"`{name}` are counts, from 0; found {_first(y, y < 0)}")
    return y


def probabilities(y: Any, shape: Shape, name: str, outputs: str) -> Any:
    """Numbers from 0 to 1, of the shape of the outputs."""
    y = reals(y, shape, name, outputs)
    if isinstance(y, np.ndarray) and np.any(outside := (y < 0) | (y > 1)):
        raise ValueError(f"`{name}` are from 0 to 1; found {_first(y, outside)}. {_other_coding(y, '(y + 1) / 2')}")
    return y


def signs(y: Any, shape: Shape, name: str, outputs: str) -> Any:
    """Numbers -1 and 1, of the shape of the outputs."""
    y = reals(y, shape, name, outputs)
    if isinstance(y, np.ndarray) and np.any(strange := np.abs(y) != 1):
        raise ValueError(f"`{name}` are -1 or 1; found {_first(y, strange)}. {_other_coding(y, '2 * y - 1')}")
    return y


# Of k classes ----------------------------------------------------------------------------------------------


def rows(y: Any, shape: Shape, name: str, outputs: str) -> Any:
    """Rows of probabilities that sum to 1, of the shape of the outputs."""
    y = probabilities(y, shape, name, outputs)
    if isinstance(y, np.ndarray) and shape and np.any(strange := np.abs(y.sum(axis=-1) - 1) > 1e-4):
        raise ValueError(f"`{name}` are rows of probabilities; one sums to {_first(y.sum(axis=-1), strange):.6g}")
    return y


def classes(y: Any, shape: Shape, name: str, outputs: str) -> Any:
    """One whole number from 0 to k - 1 for each row, or rows of probabilities; given as rows."""
    if shape and y.shape == shape:
        return rows(y, shape, name, outputs)
    k = shape[-1] if shape else 0
    if shape[:-1] != y.shape or not k:
        raise ValueError(
            f"`{outputs}` of shape {shape} and `{name}` of shape {y.shape} do not fit: for {outputs} (n, k), "
            "give n labels, shape (n,), each the number of a class, or n rows of k probabilities"
        )
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "iu":
        remedy = "write `labels.astype(int)`" if isinstance(y, np.ndarray) else "for a Tensor, give rows, shape (n, k)"
        raise TypeError(f"`{name}` are whole numbers from 0 to {k - 1}, not {y.dtype}: {remedy}")
    if np.any(outside := (y < 0) | (y >= k)):
        raise ValueError(f"`{name}` are from 0 to {k - 1} for {k} columns of {outputs}; found {_first(y, outside)}")
    return np.equal(y[..., None], np.arange(k)).astype(np.float64)


def labels(y: Any, shape: Shape, name: str, outputs: str) -> Any:
    """As `classes`, but each row names one class only."""
    y = classes(y, shape, name, outputs)
    if isinstance(y, np.ndarray) and np.any(strange := (y != 0) & (y != 1)):
        raise ValueError(f"`{name}` are the numbers of classes, or rows with a single 1; found {_first(y, strange)}")
    return y


def _first(y: np.ndarray, where: Any) -> Any:
    return y[where].flat[0].item()


def _other_coding(y: np.ndarray, remedy: str) -> str:
    """Suggest the other coding of two classes, where that is what is wrong."""
    return f"If these are two classes: `{remedy}`" if len(np.unique(y)) <= 2 else ""
