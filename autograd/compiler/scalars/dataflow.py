"""What a program of single numbers computes: elementwise rows and sums of products, each after its operands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .structure_of_arrays import CONSTANT, LEAF, MINUS, ONE, Rows, StructureOfArrays

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
class Flow:
    """Nodes in an order in which they can be computed, the constants and the leaves first.

    Attributes:
        rows: the codes of rows; `sums` has two operands for each of its terms.
        code: of each node.
        start, operands: node `i` has the operands `operands[start[i]:start[i + 1]]`.
        level: one above that of its highest operand.
        data: the numbers of the constants.
        leaves: how many.
        outputs: the root, and the gradient of each leaf.
        origin: of each node the number that it had in the structure of arrays, below 0 for a gradient; to name it.
        labels: of these.
        notes: what the passes did.
    """

    rows: Rows
    code: np.ndarray
    start: np.ndarray
    operands: np.ndarray
    level: np.ndarray
    data: np.ndarray
    leaves: int
    outputs: np.ndarray
    origin: np.ndarray
    labels: dict[int, str]
    notes: list[str]

    def __len__(self) -> int:
        return len(self.code)


def flowing(
    soa: StructureOfArrays,
    elementwise: np.ndarray,
    keys: np.ndarray,
    terms: Terms,
    outputs: np.ndarray,
    run_pass: SequentialPass,
) -> Flow:
    """Put rows and sums in order, and leave out what no output needs.

    Args:
        soa: the nodes that numbers from 0 on stand for; a number below -1 is the gradient of node -2 - number.
        elementwise: the nodes that are rows.
        keys: where each number, also each below 0, has its place in the order.
        terms: of all sums.
    """
    size = len(keys)
    terms = terms.at(in_order(run_pass, terms.owner % size, size))
    first = np.flatnonzero(np.r_[True, terms.owner[1:] != terms.owner[:-1]][: len(terms.owner)])
    owners, count = terms.owner[first], np.diff(np.r_[first, len(terms.owner)])
    constants, inputs = np.flatnonzero(soa.code == CONSTANT), np.flatnonzero(soa.code == LEAF)
    fixed = len(constants) + len(inputs)
    others = np.concatenate([elementwise, owners])
    origin = np.concatenate([constants, inputs, others[np.argsort(keys[others], kind="stable")]])
    n = len(origin)
    number = np.full(size, -1, np.int32)
    number[origin] = np.arange(n)
    rows, of_sums = number[elementwise], number[owners]
    code, width = np.full(n, LEAF, np.uint8), np.zeros(n, np.int64)
    code[: len(constants)] = CONSTANT
    code[rows] = soa.code[elementwise]
    width[rows] = (soa.operands[elementwise] != -1).sum(axis=1)
    forms = _forms(terms, first, count)
    for form, (which, places) in forms.items():
        code[of_sums[which]] = soa.rows[form]
        width[of_sums[which]] = places * (count[which] if form.endswith("sums") else 1)
    start = np.zeros(n + 1, np.int64)
    np.cumsum(width, out=start[1:])
    operands = np.empty(start[-1], np.int32)
    for p in range(3):
        x = soa.operands[elementwise, p]
        operands[start[rows[x != -1]] + p] = number[x[x != -1]]
    for form, (which, _) in forms.items():
        many, to = count[which], start[of_sums[which]]
        at = np.repeat(first[which] - np.cumsum(many) + many, many) + np.arange(many.sum())
        rank = at - np.repeat(first[which], many)
        to = np.repeat(to, many)
        if form == "add_product":  # the number itself, and then the two factors
            product = terms.right[at] != ONE
            operands[to[~product]] = number[terms.left[at[~product]]]
            operands[to[product] + 1] = number[terms.left[at[product]]]
            operands[to[product] + 2] = number[terms.right[at[product]]]
            continue
        pairs = form in ("sums", "mul")
        operands[to + rank * (2 if pairs else 1)] = number[terms.left[at]]
        if pairs:
            operands[to + 2 * rank + 1] = number[terms.right[at]]
    live = np.zeros(n, np.uint8)
    live[number[outputs]] = 1
    run_pass("live", start=start, operands=operands, live=live, n=n)
    live[:fixed] = 1
    note = f"dead code: left out {n - int(live.sum())} nodes"
    flow = Flow(soa.rows, code, start, operands, np.empty(n, np.int32), soa.data[constants], len(inputs),
                number[outputs], origin, soa.labels, [note])  # fmt: skip
    if not live.all():
        flow = _without(flow, live.astype(bool))
    run_pass("leveled", start=flow.start, operands=flow.operands, level=flow.level, n=len(flow))
    return flow


def _forms(terms: Terms, first: np.ndarray, count: np.ndarray) -> dict[str, tuple[np.ndarray, int]]:
    """Choose how each sum is computed: gives for each form the sums that have it, and the operands of a term or row."""
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


def _without(flow: Flow, live: np.ndarray) -> Flow:
    number = np.cumsum(live, dtype=np.int32) - 1
    width = np.diff(flow.start)
    start = np.zeros(int(live.sum()) + 1, np.int64)
    np.cumsum(width[live], out=start[1:])
    operands = number[flow.operands[np.repeat(live, width)]]
    return Flow(flow.rows, flow.code[live], start, operands, np.empty(len(start) - 1, np.int32), flow.data,
                flow.leaves, number[flow.outputs], flow.origin[live], flow.labels, flow.notes)  # fmt: skip


def in_order(run_pass: SequentialPass, keys: np.ndarray, size: int) -> np.ndarray:
    """Return the order that sorts whole numbers below `size`, equals as they come."""
    order = np.empty(len(keys), np.int64)
    keys = np.ascontiguousarray(keys, np.int32)
    run_pass("sorted", keys=keys, order=order, count=np.zeros(size + 1, np.int64), n=len(keys), size=size)
    return order
