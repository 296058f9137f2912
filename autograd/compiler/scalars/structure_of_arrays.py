"""A graph of Values as a structure of arrays: the primitive and the operands of each node, as numbers.

A graph of single numbers has many small nodes. So the compiler uses array operations, and Python visits each node only
a few times. Constants come first, then the leaves, then the computed nodes, each after its operands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

CONSTANT, LEAF, SUM, PLAIN = range(4)
"""Codes of what is no primitive: numbers, leaves, sums of products, and sums."""

ONE, MINUS, NULL = range(3)
"""The nodes that are always there: the constants 1, -1 and 0."""


class OpCodes(dict[str, int]):
    """The codes of primitives by name. A new name gets the next code."""

    def __init__(self) -> None:
        super().__init__(constant=CONSTANT, leaf=LEAF, sums=SUM, plain_sums=PLAIN)
        self.names = list(self)

    def __missing__(self, name: str) -> int:
        self[name] = code = len(self)
        self.names.append(name)
        return code


@dataclass(slots=True)
class StructureOfArrays:
    """The nodes of a graph.

    Attributes:
        codes: of primitives, by name.
        code: of each node (uint8).
        operands: of each node three, -1 where there is none (int32, shape (nodes, 3)).
        data: the number of each constant, by node.
        outputs: the nodes that are asked for.
        leaves: the leaves, whose elements are the nodes from `first_leaf` to `first`.
        labels: of nodes, in a graph that is small enough to be listed.
    """

    codes: OpCodes
    code: np.ndarray
    operands: np.ndarray
    data: np.ndarray
    outputs: np.ndarray
    leaves: list[Any]
    first_leaf: int
    first: int
    labels: dict[int, str]

    def add(self, name: str, *operands: np.ndarray) -> np.ndarray:
        """Add nodes of one primitive, given their operands; return their numbers."""
        n, first = len(operands[0]), len(self.code)
        block = np.full((n, 3), -1, np.int32)
        for p, x in enumerate(operands):
            block[:, p] = x
        self.code = np.concatenate([self.code, np.full(n, self.codes[name], np.uint8)])
        self.operands = np.concatenate([self.operands, block])
        return np.arange(first, first + n, dtype=np.int32)

    def constants(self, data: np.ndarray) -> np.ndarray:
        """Add constants, those of equal bits once, and return their nodes."""
        bits, inverse = np.unique(np.ascontiguousarray(data, np.float64).view(np.int64), return_inverse=True)
        first = len(self.code)
        self.code = np.concatenate([self.code, np.zeros(len(bits), np.uint8)])
        self.operands = np.concatenate([self.operands, np.full((len(bits), 3), -1, np.int32)])
        missing = np.zeros(first - len(self.data))
        self.data = np.concatenate([self.data, missing, bits.view(np.float64)])
        return (first + inverse).astype(np.int32)

    def substitute(self, same: np.ndarray) -> None:
        """Replace each node by another."""
        self.operands = np.where(self.operands >= 0, same[self.operands], -1)
        self.outputs = same[self.outputs]


def resolved(same: np.ndarray) -> np.ndarray:
    """Return for each node that which takes its place in the end.

    >>> resolved(np.array([0, 0, 1, 2]))
    array([0, 0, 0, 0])
    """
    while (same[same] != same).any():
        same = same[same]
    return same


def merged_constants(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the data of constants, those of equal bits once, and for each number its node.

    The three that are always there come first. A 1 in a formula is another node, a number like others."""
    bits, inverse = np.unique(numbers.view(np.int64), return_inverse=True)
    return np.concatenate([[1.0, -1.0, 0.0], bits.view(np.float64)]), 3 + inverse
