"""The schedule: it groups nodes into calls of kernels, and assigns their places in memory.

Nodes of one level do not depend on each other. So the nodes of one operation become one loop. Sums with the same number
of products become one loop too, or a matrix product. Where levels are narrow, as in a chain, nodes run one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays.lowering import named_operands
from .dataflow import Dataflow
from .products import Blocks, Matrix, blocks, classes, matrix
from .structure_of_arrays import CONSTANT, LEAF, NULL, ONE

NARROW = 128
"""Terms in a call on average, below which nodes of a level run one after the other."""

BESIDE = 4
"""Terms of a sum that may stand beside a matrix product."""

INLINE = ("add", "mul", "add_product", "relu", "times_step", "sums", "plain_sums")
"""What the straight run computes itself, in the order of its codes."""

FIRST = len(INLINE)
"""Its code of the first operation that it asks a kernel for."""


@dataclass(frozen=True, slots=True)
class Place:
    """The values from a number on, as an operand of a kernel."""

    number: int


class Schedule:
    """Turns a dataflow graph into calls.

    Attributes:
        place: where each node lies among the values.
        numbers: the constants, in their places.
        calls: kernels with their operands; an array is a `Place`, or an array of numbers.
    """

    def __init__(self, flow: Dataflow) -> None:
        self.flow = flow
        self.names = flow.codes.names
        self.calls: list[tuple[tuple[str, str, str], dict[str, Any]]] = []
        self.place = np.full(len(flow), -1, np.int64)
        self._width = np.diff(flow.start)
        self.filled = 0
        self.constants = int((flow.code == CONSTANT).sum())
        self._code = flow.code
        self._sum = flow.codes["sums"]
        self._plain = flow.codes["plain_sums"]
        self._put(np.arange(3))  # 1, -1 and 0 have the places of their numbers
        self._put(self._in_order_of_use(np.arange(3, self.constants), CONSTANT))
        self._put(self._in_order_of_use(np.arange(self.constants, self.constants + flow.leaves), LEAF))
        self.numbers = np.empty(self.constants)
        self.numbers[self.place[: self.constants]] = flow.data
        self._plan()

    def _put(self, nodes: np.ndarray) -> int:
        """Assign the next places to nodes, and return the first place."""
        first = self.filled
        self.place[nodes] = np.arange(first, first + len(nodes))
        self.filled += len(nodes)
        return first

    def _operands(self, nodes: np.ndarray) -> np.ndarray:
        """Return the operands of nodes with equally many, one row for each."""
        width = int(self._width[nodes[0]])
        return self.flow.operands[self.flow.start[nodes][:, None] + np.arange(width)]

    def _in_order_of_use(self, leaves: np.ndarray, code: int) -> np.ndarray:
        """Order leaves or constants by their first use, so that those that are used together lie together."""
        flow = self.flow
        reader = np.repeat(np.arange(len(flow)), self._width)
        at = np.flatnonzero((flow.code[flow.operands] == code) & (flow.operands >= leaves.min(initial=len(flow))))
        used, first = np.unique(flow.operands[at], return_index=True)
        at = at[first]
        user = reader[at]
        pairs = flow.code[user] == self._sum
        position = at - flow.start[user]
        alone = pairs & (position % 2 == 0) & (flow.operands[np.minimum(at + 1, len(flow.operands) - 1)] < 3)
        side = np.where(alone, 1, np.where(pairs, position % 2 * 2, position))
        order = np.lexsort((position, user, side, self._width[user], flow.code[user], flow.level[user]))
        unused = np.setdiff1d(leaves, used)
        return np.concatenate([used[order], unused]).astype(np.int64)

    # Which nodes together ---------------------------------------------------------------------------------------

    def _plan(self) -> None:
        flow = self.flow
        first = self.constants + flow.leaves
        nodes = np.arange(first, len(flow))
        if not len(nodes):
            return
        level, code, width = flow.level[first:], flow.code[first:], self._width[first:]
        nodes = nodes[order := np.lexsort((width, code, level))]
        level, code, width = level[order], code[order], width[order]
        new_level = np.r_[True, level[1:] != level[:-1]]
        new = new_level | np.r_[True, (code[1:] != code[:-1]) | (width[1:] != width[:-1])]
        begin, level_begin = np.flatnonzero(new), np.flatnonzero(new_level)
        work = np.add.reduceat(np.maximum(width, 1), level_begin)
        groups_in = np.add.reduceat(new.astype(np.int64), level_begin)
        narrow = work < NARROW * groups_in
        turn = np.flatnonzero(np.r_[True, narrow[1:] != narrow[:-1]])
        ends = np.r_[level_begin[turn[1:]], len(nodes)]
        for i, stop in zip(turn.tolist(), ends.tolist(), strict=True):
            start = int(level_begin[i])
            if narrow[i]:
                self._straight(nodes[start:stop])
                continue
            inside = begin[np.searchsorted(begin, start) : np.searchsorted(begin, stop)]
            for members in np.split(nodes[start:stop], inside[1:] - start):
                self._group(members)

    def _group(self, nodes: np.ndarray) -> None:
        places = self.place[self._operands(nodes)]
        code = self._code[nodes[0]]
        if code == self._sum:
            self._sums(nodes, places)
        elif code == self._plain:
            self._plain_sums(nodes, places)
        else:
            self._elementwise(nodes, places, self.names[code])

    def _call(self, name: str, /, *, extra: str = "", **operands: Any) -> None:
        """Add a call of a kernel."""
        self.calls.append(((name, "float64", extra), operands))

    # Elementwise operations ------------------------------------------------------------------------------------------

    def _elementwise(self, nodes: np.ndarray, places: np.ndarray, name: str) -> None:
        distinct = [len(np.unique(x[x >= self.constants])) for x in places.T]  # what varies most leads
        order = np.lexsort([places[:, i] for i in np.argsort(distinct, kind="stable")])
        nodes, places = nodes[order], places[order]
        out = self._put(nodes)
        self._loop(name, places, out)

    def _loop(self, name: str, places: np.ndarray, out: int) -> None:
        """Apply an operation to numbers that lie in rows and columns, or else scattered."""
        shape = _common(places)
        if shape is not None:
            rows, columns, found = shape
            named = named_operands([Place(m.first) for m in found], [(m.row, m.column) for m in found])
            self._call(name, out=Place(out), rows=rows, columns=columns, **named)
            return
        named = named_operands([_index(x) for x in places.T])
        self._call(name, extra="at", out=Place(out), values=Place(0), n=len(places), **named)

    # Sums -------------------------------------------------------------------------------------------------------

    def _sums(self, nodes: np.ndarray, places: np.ndarray) -> None:
        left, right = places[:, ::2], places[:, 1::2]
        rest = []
        added = right < NULL  # which terms are no products
        pattern, patterns = classes(added)
        for i in range(patterns):
            members = np.flatnonzero(pattern == i)
            alone = added[members[0]]
            for _ in range(2):
                if alone.all() or alone.sum() > BESIDE:
                    break
                found, single = blocks(left[members][:, ~alone], right[members][:, ~alone])
                for block in found:
                    grid = members[block.nodes]
                    terms = [(left[grid, k], right[grid, k]) for k in np.flatnonzero(alone)]
                    self._product(nodes[grid], block, terms)
                members = members[single]
                if len(members) < NARROW:
                    break  # else once more without the terms that are different in each sum
                alone = alone | _different(left[members]) | _different(right[members])
            rest.append(members)
        alone = np.concatenate(rest)
        if len(alone):
            alone = alone[np.lexsort((right[alone, 0], left[alone, 0]))]
            out, k = self._put(nodes[alone]), left.shape[1]
            left, right = _index(left[alone]), _index(right[alone])
            self._call("sums", out=Place(out), values=Place(0), left=left, right=right,
                       n=len(alone), k=k)  # fmt: skip

    def _plain_sums(self, nodes: np.ndarray, places: np.ndarray) -> None:
        order = np.lexsort((places[:, -1], places[:, 0]))
        nodes, places = nodes[order], places[order]
        out, (n, k) = self._put(nodes), places.shape
        found = matrix(places)
        if found is not None and found.column == 1 and (n == 1 or found.row == k):
            self._call("sum", out=Place(out), a=Place(found.first), outer=n, n=k)
        elif found is not None and found.row == 1:  # columns: ones times a matrix
            self._call("matmul", out=Place(out), a=Place(ONE), b=Place(found.first), m=1, k=k, n=n, out_row=n,
                       a_row=0, a_column=0, b_row=found.column, b_column=1)  # fmt: skip
        else:
            self._call("plain_sums", out=Place(out), values=Place(0), places=_index(places), n=n, k=k)

    def _product(self, nodes: np.ndarray, block: Blocks, terms: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Compute a matrix product; `terms` are added to each element, each with its sign: the place of 1 or -1.

        One that is the same in all rows, a bias, is the initial value of the product; where one is the same in all
        columns, the matrices change sides."""
        left, right = block.left, block.right
        flip = len(left) < len(right)
        for x, by in terms:
            if (by == ONE).all() and (x[:1] == x).all() != (x[:, :1] == x).all():
                flip = bool((x[:, :1] == x).all())
        if flip:
            nodes, left, right, terms = nodes.T, right, left, [(x.T, by.T) for x, by in terms]
        (m, k), n = left.shape, len(right)
        a, b = self._matrix(left, True), self._matrix(np.ascontiguousarray(right.T), False)
        start: Any = None
        for i, (x, by) in enumerate(terms):
            if (by == ONE).all() and (x[:1] == x).all():
                found = matrix(x[:1])
                close = found is not None and (n == 1 or found.column == 1)
                start = Place(found.first) if found is not None and close else self._packed(x[0])
                del terms[i]
                break
        out = self._put(nodes.ravel())
        more = {} if start is None else {"bias": start}
        self._call("matmul", out=Place(out), a=a[0], b=b[0], m=m, k=k, n=n, out_row=n, a_row=a[1],
                   a_column=a[2], b_row=b[1] if k > 1 else 1, b_column=b[2] if n > 1 else 1, **more)  # fmt: skip
        for x, by in terms:
            columns_ = [np.arange(out, out + m * n), x.ravel(), by.ravel()]
            self._loop("add_product", np.stack(columns_, axis=1), out)

    def _matrix(self, places: np.ndarray, backward: bool) -> tuple[Any, int, int]:
        """Return the address and strides of a matrix among the values. Pack it if it has none."""
        found = matrix(places)
        if found is not None and (backward or found.column >= 0):
            return Place(found.first), found.row, found.column
        return self._packed(places), places.shape[1], 1

    def _packed(self, places: np.ndarray) -> np.ndarray:
        """Gather numbers into memory of their own."""
        if places.max() < self.constants:
            return np.ascontiguousarray(self.numbers[places])
        memory = np.empty(places.size)
        self._call("identity", extra="at", out=memory, values=Place(0), a=_index(places), n=places.size)
        return memory

    # One after the other ----------------------------------------------------------------------------------------

    def _straight(self, nodes: np.ndarray) -> None:
        from ...kernels import catalogue

        flow = self.flow
        out = self._put(nodes)
        width = self._width[nodes]
        codes = flow.code[nodes]
        many = (codes == self._sum) | (codes == self._plain)
        begin = np.cumsum(width + many) - (width + many)
        stream = np.empty(int((width + many).sum()), np.uint32)
        pairs = codes == self._sum
        stream[begin[many]] = np.where(pairs, width // 2, width)[many]
        rank = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
        places = self.place[flow.operands[np.repeat(flow.start[nodes], width) + rank]]
        of_pair = np.repeat(pairs, width)
        half = np.repeat(width // 2, width)
        rank = np.where(of_pair, rank // 2 + half * (rank % 2), rank)  # all left factors, then all right ones
        stream[np.repeat(begin + many, width) + rank] = places
        table, functions, arities = np.zeros(256, np.uint8), *np.zeros((2, 256), np.int64)
        free = FIRST
        for code in np.unique(codes).tolist():
            name = self.names[code]
            if name in INLINE:
                table[code] = INLINE.index(name)
            else:
                functions[free], arities[free] = catalogue.address(name, "float64", "one"), catalogue.ARITY[name]
                table[code], free = free, free + 1
        self._call("straight", out=Place(out), values=Place(0), codes=table[codes], places=stream,
                   functions=functions, arities=arities, n=len(nodes))  # fmt: skip


def _different(places: np.ndarray) -> np.ndarray:
    """Return which columns have no number twice."""
    places = np.sort(places, axis=0)
    return (places[1:] != places[:-1]).all(axis=0)


def _index(places: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(places, np.uint32)


def _common(places: np.ndarray) -> tuple[int, int, list[Matrix]] | None:
    """Return the places of operands (one per column) as strided matrices of one shape, if they are such."""
    n = len(places)
    columns = n
    for x in places.T:
        step = np.diff(x)
        breaks = np.flatnonzero(step != step[0]) if n > 1 else step
        if len(breaks):
            columns = min(columns, int(breaks[0]) + 1)
    if n % columns or (columns < 4 and columns < n):
        return None
    found = [matrix(x.reshape(-1, columns)) for x in places.T]
    if any(m is None or min(m.row, m.column) < 0 for m in found):
        return None  # the loops over rows go forward only
    return n // columns, columns, [m for m in found if m is not None]
