"""Turn a graph of Tensors into a graph of Values, so that a picture shows a node for each number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..containers import flatten
from ..graph import Node, constant, topological
from ..primitives import TABLE, layout
from ..primitives.arithmetic import sub
from ..primitives.powers import exp, log
from ..primitives.selection import anchor, maximum, minimum
from ..shapes import axes_of
from ..tensor import Tensor
from ..value import Value

_MOVES = {"reshape", "transpose", "swapaxes", "flip", "broadcast_to", "concatenate", "stack", "cumsum", "matmul"}
"""Operations that NumPy applies to arrays of Values as to arrays of numbers."""


def as_values(x: np.ndarray, label: str, requires_grad: bool = True) -> Any:
    """Return nested lists of Values, labelled by their indices.

    >>> as_values(np.array([1.0, 2.0]), "b")
    [Value(1.0, label='b[0]'), Value(2.0, label='b[1]')]
    """
    made = np.empty(x.shape, object)
    for index in np.ndindex(x.shape):
        name = f"{label}[{','.join(map(str, index))}]" if index else label
        made[index] = Value(float(x[index]), label=name, requires_grad=requires_grad)
    return made.tolist()


def scalarized(root: Any) -> Any:
    """Return a Tensor as nested lists of Values, computed from the Values and Tensors that it depends on.

    >>> w = Value(2.0, label="w")
    >>> scalarized((Tensor([w, 3.0]) * 2).sum())
    Value(10.0, op=add)
    """
    order, leaves = topological(root)
    made: dict[Node, Any] = {}
    for node in leaves:
        made[node] = _numbers(node) if isinstance(node, Tensor) else _boxed(node)
    for node in reversed(order):
        operands = [made[x] for x in node.inputs]
        made[node] = _apply(node, operands)
        for x in made[node].flat:
            if isinstance(x, Node) and x.inputs and not x._note("scope") and (scope := node._note("scope")):
                x._take_note("scope", scope)
                x._take_note("site", node._note("site"))
    return made[root].tolist()


def _boxed(x: Any, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Return nodes, also in nested lists, as an array of objects."""
    if isinstance(x, np.ndarray):
        return x
    made = np.empty(shape, object)
    for index, node in zip(np.ndindex(shape), flatten(x), strict=True):
        made[index] = node
    return made


def _numbers(leaf: Tensor) -> np.ndarray:
    """Take a leaf apart; constants become plain numbers, or labelled ones where the leaf has a label."""
    if leaf.op is not constant:
        return _boxed(leaf.to_values(), leaf.shape)
    if leaf.label:
        return _boxed(as_values(leaf._data, leaf.label, requires_grad=False), leaf.shape)
    return leaf._data.astype(object)


def _each(f: Callable[..., Any], *operands: Any) -> np.ndarray:
    return _boxed(np.frompyfunc(f, len(operands), 1)(*operands))


def _fold(f: Callable[..., Any], x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    fold = np.frompyfunc(f, 2, 1)
    axes = axes_of(axis, x.ndim)
    for i in sorted(axes, reverse=True):
        x = _boxed(fold.reduce(x, axis=i))
    return np.expand_dims(x, axes) if keepdims else x


def _logsumexp(x: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    top = _each(anchor, _fold(maximum, x, axis, True))
    total = _fold(_add, _each(exp, _each(sub, x, top)), axis, keepdims)
    return _each(_add, _each(log, total), top if keepdims else top.reshape(total.shape))


def _add(x: Any, y: Any) -> Any:
    return y if x.__class__ is int else x + y  # NumPy begins some sums with a 0


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": lambda x, axis, keepdims: _fold(_add, x, axis, keepdims),
    "max": lambda x, axis, keepdims: _fold(maximum, x, axis, keepdims),
    "min": lambda x, axis, keepdims: _fold(minimum, x, axis, keepdims),
    "logsumexp": _logsumexp,
}


def _apply(node: Node, operands: list[Any]) -> np.ndarray:
    op: Any = node.op
    if op is layout.array_of:
        return _boxed([x[()] for x in operands], node.shape)
    if op is layout.element or op is layout.getitem:
        return _boxed(operands[0][node.params["index"]])
    name: str = op.name
    if TABLE.get(name) is not op:  # JAX's operations have some of these names, too
        name = ""
    if name in _MOVES:
        return _boxed(op.forward(*operands, **node.params))
    if name in _REDUCTIONS:
        return _REDUCTIONS[name](*operands, **node.params)
    if op.elementwise or op.name == "where":
        return _each(op, *operands)
    tensors = [Tensor(x.tolist()) if x.ndim else x[()] for x in operands]
    return _boxed(op(*tensors, **node.params).to_values(), node.shape)
