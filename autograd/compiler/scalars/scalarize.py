"""A graph of Values and small Tensors, scalarized: an array is taken as its elements, each of them a node.

So what a function does for one case after the other, between an array of cases and the mean over them, is one flow of
single numbers. Rows that only move elements are done on the numbers of the nodes, and cost nothing in the program.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ...graph import Node, graph_lock, stop_gradient, topological
from ...primitives import TABLE
from ...shapes import axes_of
from .structure_of_arrays import LEAF, NULL, Rows, StructureOfArrays, merged_constants

FEW = 256
"""Operations on Values below which a graph is left to the programs of arrays."""

LEAVES = 16
"""Leaves that are Values, from which on arrays that meet them are taken as lanes."""

LARGEST = 50_000_000
"""Elements of a graph of arrays above which it is left to the programs of arrays."""

MOVES = {"reshape", "transpose", "swapaxes", "flip", "getitem", "broadcast_to", "concatenate", "stack"}
"""Rows that give elements of their operands, in another order."""


class _Scalarizer:
    """Numbers nodes in order; an array of operations gets as many numbers as it has elements."""

    def __init__(self, known: Collection[str], first: int, data: np.ndarray) -> None:
        self.known, self.next, self.data = known, first, data
        self.blocks: list[tuple[np.ndarray, str, list[np.ndarray]]] = []
        self.values: list[Any] = []
        self.at: list[int] = []

    def block(self, name: str, operands: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        """Add a row for each element."""
        n = math.prod(shape)
        numbers = np.arange(self.next, self.next + n)
        self.blocks.append((numbers, name, [np.broadcast_to(x, shape).ravel() for x in operands]))
        self.next += n
        return numbers.reshape(shape)

    def take(self, node: Any) -> bool:
        """Number a node; says whether it can be taken."""
        op: Any = node.op
        name = op.name
        if op is stop_gradient:
            node._mark = node._first._mark
            return True
        if name not in TABLE or TABLE[name] is not op:
            return False
        if _single(node) and name in self.known and not op.options:
            node._mark = self.next
            self.values.append(node)
            self.at.append(self.next)
            self.next += 1
            return True
        if node._data.__class__ is not float and (node._data.dtype != np.float64 or node._data.size == 0):
            return False
        operands = [np.asarray(x._mark) for x in node.inputs]
        made = self._numbers(name, operands, node)
        if made is not None:
            node._mark = made if made.ndim else int(made)
        return made is not None

    def _numbers(self, name: str, operands: list[np.ndarray], node: Any) -> np.ndarray | None:
        op, params, shape = node.op, node.params, tuple(node.shape)
        if name in MOVES:
            return op.forward(*operands, **params)
        if name == "element":
            return operands[0][params["index"]]
        if name == "array_of":
            return np.array(operands).reshape(shape)
        if name in ("astype", "identity"):
            return operands[0]
        if name == "scatter":
            out = np.full(shape, NULL)
            moved = np.zeros(shape, np.int64)
            np.add.at(moved, params["index"], np.ones(operands[0].shape, np.int64))
            if moved.max() > 1:
                return None  # something is named twice
            out[params["index"]] = operands[0]
            return out
        if name in ("sum", "sum_to"):
            return self._sum(name, operands[0], params, shape)
        if name in self.known and (op.elementwise or name == "where") and not op.options:
            return self._elementwise(name, [np.broadcast_to(x, shape) for x in operands])
        return None

    def _elementwise(self, name: str, operands: list[np.ndarray]) -> np.ndarray:
        """Number the elements of an operation; no operation where exact zeros decide what its result is."""
        x, y = operands[0], operands[-1]
        out = np.full(x.shape, -1)
        if name in ("add", "sub"):  # what is scattered is mostly nothing
            out[y == NULL] = x[y == NULL]
            if name == "add":
                out[x == NULL] = y[x == NULL]
        elif name == "neg":
            out[x == NULL] = NULL
        elif name == "gated":
            out[self._is_constant(x, 0.0)] = NULL
        elif name == "where":
            taken = np.where(self._is_constant(x, 0.0), y, operands[1])
            known = (x < len(self.data)) | (operands[1] == y)
            out[known] = taken[known]
        rest = out < 0
        out[rest] = self.block(name, [x[rest] for x in operands], (int(rest.sum()),))
        return out

    def _is_constant(self, x: np.ndarray, number: float) -> np.ndarray:
        """Return which nodes are this constant."""
        last = len(self.data) - 1
        return (x <= last) & (self.data[np.minimum(x, last)] == number)

    def _sum(self, name: str, x: np.ndarray, params: dict[str, Any], shape: tuple[int, ...]) -> np.ndarray:
        if name == "sum":
            axes = axes_of(params.get("axis"), x.ndim)
        else:
            lead = x.ndim - len(shape)
            axes = (*range(lead), *(i + lead for i, n in enumerate(shape) if n == 1 and x.shape[i + lead] != 1))
        kept = [i for i in range(x.ndim) if i not in axes]
        terms = x.transpose([*axes, *kept]).reshape(math.prod(x.shape[i] for i in axes), -1)
        n, size = len(terms) - 1, terms.shape[1]
        if n:
            sums = np.arange(self.next, self.next + n * size).reshape(n, size)
            before = np.concatenate([terms[:1], sums[:-1]])
            self.block("add", [before, terms[1:]], (n, size))
            terms = sums[-1:]
        return terms[-1].reshape(shape)


def _size(node: Any) -> int:
    return 1 if node._data.__class__ is float else node._data.size


def _single(node: Any) -> bool:
    """Return whether a node holds a single number: a Value, or an array without axes."""
    data = node._data
    return data.__class__ is float or (data.shape == () and data.dtype == np.float64)


def scalarize(
    outputs: Sequence[Node], inputs: Sequence[Node], known: Collection[str], lanes: bool = False
) -> StructureOfArrays | None:
    """Scalarize a graph whose leaves are the elements of `inputs`; None where it has few Values, or other primitives.

    With `lanes`, also a graph in which each number is an array of cases, as long as Values meet them."""
    order, leaves = topological(*outputs)
    size = sum(map(_size, order))
    if lanes and sum(x._data.__class__ is float for x in inputs) >= LEAVES and len(order) >= FEW:
        if size > LARGEST:
            return None
    elif size > FEW * len(order) or len(order) < FEW:
        return None
    else:
        lanes = False
    rows = Rows()
    given = set(inputs)
    constants = [x for x in leaves if x not in given]
    if not all(x.is_leaf and np.asarray(x._data).dtype == np.float64 for x in inputs):
        return None
    data, places = merged_constants(np.concatenate([[], *(np.ravel(x._data) for x in constants)]))
    first_leaf = len(data)
    with graph_lock.lock:  # no other traversal while the marks are numbers
        first = first_leaf + sum(_size(x) for x in inputs)
        places = np.concatenate([places, np.arange(first_leaf, first)])
        at = 0
        for leaf in (*constants, *inputs):
            mine, at = places[at : at + _size(leaf)], at + _size(leaf)
            leaf._mark = int(mine[0]) if leaf._data.__class__ is float else mine.reshape(leaf._data.shape)
        scalarizer = _Scalarizer(known, first, data)
        for node in reversed(order):
            if not scalarizer.take(node):
                return None
        values, numbers_of = scalarizer.values, scalarizer.at
        if not lanes and not (4 * len(values) >= scalarizer.next - first or 2 * (scalarizer.next - first) < size):
            return None  # arrays do most of the work
        code, operands = np.zeros(scalarizer.next, np.uint8), np.full((scalarizer.next, 3), -1, np.int32)
        code[first_leaf:first] = LEAF
        names = [node.op.name for node in values]
        code[numbers_of] = [rows[name] for name in names]
        operands[numbers_of, 0] = [node._first._mark for node in values]
        operands[numbers_of, 1] = [-1 if (x := node._second) is None else x._mark for node in values]
        operands[numbers_of, 2] = [node._wide[0][0]._mark if node.op.wide else -1 for node in values]
        results = [np.asarray(x._mark).ravel() for x in outputs]
    for numbers, name, parts in scalarizer.blocks:
        code[numbers] = rows[name]
        for p, x in enumerate(parts):
            operands[numbers, p] = x
    asked = np.concatenate(results).astype(np.int32)
    return StructureOfArrays(rows, code, operands, data, asked, list(inputs), first_leaf, first, {})
