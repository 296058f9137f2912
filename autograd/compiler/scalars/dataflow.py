"""The dataflow graph of a program of single numbers: elementwise operations and sums of products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .structure_of_arrays import CONSTANT, LEAF, MINUS, ONE, OpCodes, StructureOfArrays

SequentialPass = Callable[..., None]
"""Runs one of the sequential passes of the kernels."""


@dataclass(slots=True)
class Terms:
    """Products that are added up: for each the node of its sum, and its two factors; in order within each sum."""

    owner: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def __add__(self, other: Terms) -> Terms:
        return Terms(
            np.concatenate([self.owner, other.owner]),
            np.concatenate([self.left, other.left]),
            np.concatenate([self.right, other.right]),
        )

    def at(self, which: Any) -> Terms:
        return Terms(self.owner[which], self.left[which], self.right[which])


@dataclass(slots=True)
class Dataflow:
    """Nodes in an order in which they can be computed, the constants and the leaves first.

    Attributes:
        codes: of primitives, by name; `sums` has two operands for each of its terms.
        code: of each node.
        start, operands: node `i` has the operands `operands[start[i]:start[i + 1]]`.
        level: one above that of its highest operand.
        data: the numbers of the constants.
        leaves: how many.
        outputs: the root, and the gradient of each leaf.
        origin: of each node the number that it had in the structure of arrays, to name it.
        gradients: such numbers of the gradients, of the nodes from 0 on.
        labels: of these.
        notes: what the passes did.
    """

    codes: OpCodes
    code: np.ndarray
    start: np.ndarray
    operands: np.ndarray
    level: np.ndarray
    data: np.ndarray
    leaves: int
    outputs: np.ndarray
    origin: np.ndarray
    gradients: range
    labels: dict[int, str]
    notes: list[str]

    def __len__(self) -> int:
        return len(self.code)


def dataflow_of(
    soa: StructureOfArrays,
    elementwise: np.ndarray,
    terms: Terms,
    outputs: np.ndarray,
    gradients: range,
    run_pass: SequentialPass,
) -> Dataflow:
    """Return a dataflow graph of elementwise operations and sums in order, without unused nodes.

    Args:
        soa: the nodes.
        elementwise: the nodes that are elementwise operations.
        terms: of all sums.
        outputs: the nodes that are asked for.
        gradients: the nodes that are gradients, of the nodes from 0 on. Nodes before these are in order, each after its
            operands; those behind are sorted here, by level.
    """
    size = len(soa.code)
    terms = terms.at(np.argsort(terms.owner, kind="stable"))
    first = np.flatnonzero(np.r_[True, terms.owner[1:] != terms.owner[:-1]][: len(terms.owner)])
    owners, count = terms.owner[first], np.diff(np.r_[first, len(terms.owner)])
    code, width = soa.code.copy(), np.zeros(size, np.int64)
    width[elementwise] = (soa.operands[elementwise] != -1).sum(axis=1)
    forms = _forms(terms, first, count)
    for form, (which, places) in forms.items():
        code[owners[which]] = soa.codes[form]
        width[owners[which]] = places * (count[which] if form.endswith("sums") else 1)
    start = np.r_[0, np.cumsum(width)]
    operands = np.empty(start[-1], np.int32)
    for p in range(3):
        x = soa.operands[elementwise, p]
        operands[start[elementwise[x != -1]] + p] = x[x != -1]
    for form, (which, _) in forms.items():
        many = count[which]
        at = _joined(first[which], many)
        rank, to = at - np.repeat(first[which], many), np.repeat(start[owners[which]], many)
        if form == "add_product":  # the number itself, and then the two factors
            product = terms.right[at] != ONE
            operands[to[~product]] = terms.left[at[~product]]
            operands[to[product] + 1] = terms.left[at[product]]
            operands[to[product] + 2] = terms.right[at[product]]
            continue
        pairs = form in ("sums", "mul")
        operands[to + rank * (2 if pairs else 1)] = terms.left[at]
        if pairs:
            operands[to + 2 * rank + 1] = terms.right[at]
    level = np.full(size, -1, np.int32)
    run_pass("leveled", start=start, operands=operands, outputs=np.array(outputs, np.int32), level=level,
             stack=np.empty(len(operands) + 1, np.int32), n=size, asked=len(outputs))  # fmt: skip
    constants, inputs = np.flatnonzero(code == CONSTANT), np.flatnonzero(code == LEAF)
    level[code <= LEAF] = 0
    live = np.flatnonzero((level >= 0) & (code > LEAF))
    from_root = np.where((live >= gradients.start) & (live < gradients.stop), -live, live)
    live = live[np.lexsort((from_root, np.where(live >= gradients.start, level[live], 0)))]
    origin = np.concatenate([constants, inputs, live])
    number = np.empty(size, np.int32)
    number[origin] = np.arange(len(origin))
    operands = number[operands[_joined(start[origin], width[origin])]]
    note = f"dead code: left out {len(elementwise) + len(owners) - len(live)} nodes"
    return Dataflow(soa.codes, code[origin], np.r_[0, np.cumsum(width[origin])], operands, level[origin],
                soa.data[constants], len(inputs), number[outputs], origin, gradients, soa.labels, [note])  # fmt: skip


def _joined(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the whole numbers from each `first` on, so many of each.

    >>> _joined(np.array([5, 0]), np.array([2, 3]))
    array([5, 6, 0, 1, 2])
    """
    return np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())


def _forms(terms: Terms, first: np.ndarray, count: np.ndarray) -> dict[str, tuple[np.ndarray, int]]:
    """Choose how each sum is computed: gives for each form the sums that have it, and the operands of a term."""
    if not len(first):
        return {}
    whole, negative = terms.right == ONE, terms.right == MINUS
    plain = np.add.reduceat(whole, first, dtype=np.int64)
    second = np.minimum(first + 1, len(whole) - 1)
    one, two = count == 1, count == 2
    forms = {
        "neg": (one & negative[first], 1),
        "mul": (one & ~negative[first], 2),
        "add": (two & (plain == 2), 2),
        "sub": (two & whole[first] & negative[second], 2),
        "add_product": (two & (plain == 1) & ~negative[first] & ~negative[second], 3),
        "plain_sums": ((count > 2) & (plain == count), 1),
    }
    rest = ~np.logical_or.reduce([which for which, _ in forms.values()])
    return {form: (np.flatnonzero(which), n) for form, (which, n) in (forms | {"sums": (rest, 2)}).items()}
