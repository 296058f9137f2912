"""A graph of Values and small Tensors, scalarized: an array is taken as its elements, each of them a node.

So what a function does for one case after the other, between an array of cases and the mean over them, is one flow of
single numbers. Operations that only move elements are done on the numbers of the nodes, so a program has none.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, cast

import numpy as np

from ...graph import Node, constant, stop_gradient, topological
from ...locks import graph_lock
from ...primitives import TABLE
from ...shapes import axes_of
from .structure_of_arrays import LEAF, NULL, OpCodes, StructureOfArrays, merged_constants

FEW = 256
"""Operations on Values below which a graph is left to the programs of arrays."""

LEAVES = 16
"""Leaves that are Values, from which on arrays that meet them are taken as lanes."""

LARGEST = 50_000_000
"""Elements of a graph of arrays above which it is left to the programs of arrays."""

MOVES = {"reshape", "transpose", "swapaxes", "flip", "getitem", "broadcast_to", "concatenate", "stack"}
"""Operations that give elements of their operands, in another order."""


LABELLED = 1000
"""Nodes of a graph above which labels are not read."""


class _Scalarizer:
    """Numbers nodes in order; an array of operations gets as many numbers as it has elements."""

    def __init__(self, known: Collection[str], first: int, data: np.ndarray) -> None:
        self.known, self.next, self.data = known, first, data
        self.blocks: list[tuple[np.ndarray, str, list[np.ndarray]]] = []

    def block(self, name: str, operands: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        """Add a node for each element."""
        n = math.prod(shape)
        numbers = np.arange(self.next, self.next + n)
        self.blocks.append((numbers, name, [np.broadcast_to(x, shape).ravel() for x in operands]))
        self.next += n
        return numbers.reshape(shape)

    def take(self, node: Any) -> bool:
        """Number an array, or a node of another operation. Return whether it can be scalarized."""
        op: Any = node.op
        if op is stop_gradient:
            node._mark = node._first._mark
            return True
        name = op.name
        if TABLE.get(name) is not op:
            return False
        if node._data.__class__ is not float and (node._data.dtype != np.float64 or node._data.size == 0):
            return False
        made = self._numbers(name, [np.asarray(x._mark) for x in node.inputs], node)
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
        elif name == "strict_zero_mul":
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


def scalarize(
    outputs: Sequence[Node], inputs: Sequence[Node] | None, known: Collection[str]
) -> StructureOfArrays | None:
    """Scalarize a graph whose leaves are the elements of `inputs`; None where it has few Values, or other primitives.

    Without `inputs`, for a program with a backward pass, these are all leaves but constants, Values first. A graph of
    Values alone is taken whatever its size, and one in which Values meet arrays of cases if there are enough Values."""
    order, leaves = cast("tuple[list[Any], list[Any]]", topological(*outputs))
    order.reverse()
    sizes = [node._data.size for node in order if node._data.__class__ is not float]
    size = len(order) - len(sizes) + sum(sizes)
    given = [x for x in leaves if x.op is not constant] if inputs is None else list(inputs)
    singles = [x for x in given if x._data.__class__ is float]
    alone = lanes = False
    if inputs is None:
        alone = not sizes and all(x._data.__class__ is float for x in leaves)
        lanes = len(order) >= FEW and len(singles) >= LEAVES
        given = [*singles, *(x for x in given if x._data.__class__ is not float)]
    if not alone and (len(order) < FEW or size > (LARGEST if lanes else FEW * len(order))):
        return None
    if not all(x.is_leaf and np.asarray(x._data).dtype == np.float64 for x in given):
        return None
    is_given = set(given)
    constants = sorted((x for x in leaves if x not in is_given), key=lambda x: x._data.__class__ is not float)
    numbers = np.array([x._data for x in constants if x._data.__class__ is float])
    data, places = merged_constants(np.concatenate([numbers, *(x._data.ravel() for x in constants[len(numbers) :])]))
    first_leaf = len(data)
    first = first_leaf + sum(map(_size, given))
    places = np.concatenate([places, np.arange(first_leaf, first)])
    codes = OpCodes()
    native = {op: codes[op.name] for op in dict.fromkeys(node.op for node in order) if _is_native(op, known)}
    values: list[Any] = []
    with graph_lock.lock:  # no other traversal while the marks are numbers
        end, singles_at = 0, places.tolist()
        for leaf in (*constants, *given):
            start, end = end, end + _size(leaf)
            is_single = leaf._data.__class__ is float
            leaf._mark = singles_at[start] if is_single else places[start:end].reshape(leaf._data.shape)
        scalarizer = _Scalarizer(known, first, data)
        for node in order:
            if node.op in native and (node._data.__class__ is float or _is_single(node)):
                node._mark = scalarizer.next
                scalarizer.next += 1
                values.append(node)
            elif not scalarizer.take(node):
                return None
        n = scalarizer.next
        if not (alone or lanes or 4 * len(values) >= n - first or 2 * (n - first) < size):
            return None  # arrays do most of the work
        code, operands = np.zeros(n, np.uint8), np.full((n, 3), -1, np.int32)
        code[first_leaf:first] = LEAF
        at = np.array([node._mark for node in values], np.int64)
        code[at] = [native[node.op] for node in values]
        operands[at, 0] = [node._first._mark for node in values]
        operands[at, 1] = [-1 if (x := node._second) is None else x._mark for node in values]
        if any(op.wide for op in native):
            operands[at, 2] = [node._wide[0][0]._mark if node.op.wide else -1 for node in values]
        results = np.concatenate([np.ravel(x._mark) for x in outputs]).astype(np.int32)
        labelled = [*singles, *values] if len(order) <= LABELLED else []
        labels = {node._mark: node._note("label") for node in labelled}
    for block, name, parts in scalarizer.blocks:
        code[block] = codes[name]
        for p, x in enumerate(parts):
            operands[block, p] = x
    return StructureOfArrays(codes, code, operands, data, results, given, first_leaf, first, labels)


def _is_native(op: Any, known: Collection[str]) -> bool:
    return op.name in known and not op.options and TABLE.get(op.name) is op


def _size(node: Any) -> int:
    return 1 if node._data.__class__ is float else node._data.size


def _is_single(node: Any) -> bool:
    """Return whether an array holds a single number, without axes."""
    return node._data.shape == () and node._data.dtype == np.float64
