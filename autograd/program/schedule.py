"""The schedule: which nodes are computed together, where each lies in memory, and the calls of kernels for it.

Nodes of one level depend on none of each other, so those of one row are one loop, and sums of equally many products
are one more, or a matrix product. Where levels are narrow, as in a chain, the nodes run one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import CONSTANT, LEAF
from .flow import Flow
from .products import Blocks, Matrix, blocks, matrix

__all__ = ["Group", "Schedule"]

NARROW = 32
"""Terms in a call on average, below which nodes of a level run one after the other."""

INLINE = ("add", "mul", "add_product", "sums", "plain_sums")
"""What the straight run computes itself, in the order of its codes."""


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that one call computes: what it is called, how it reads, and the nodes in the order of their places."""

    kernel: tuple[str, str, str]
    text: str
    nodes: np.ndarray
    flops: int


class Schedule:
    """Turns a flow into calls.

    Attributes:
        place: where each node lies among the values.
        groups: what each call computes.
        calls: kernels with their words; a word is a number, a place (as `("value", place)`), or an array.
        arrays: what the calls hold on to.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.names = flow.rows.names
        self.groups: list[Group] = []
        self.calls: list[tuple[tuple[str, str, str], list[Any]]] = []
        self.place = np.full(len(flow), -1, np.int64)
        self._width = np.diff(flow.start)
        self.filled = 0
        self.constants = int((flow.code == CONSTANT).sum())
        self._code = flow.code
        self._sum = flow.rows["sums"]
        self._plain = flow.rows["plain_sums"]
        self._put(np.arange(self.constants))
        self._put(self._leaves_in_order())
        self._plan()

    def _put(self, nodes: np.ndarray) -> int:
        """Give nodes the next places; gives the first."""
        first = self.filled
        self.place[nodes] = np.arange(first, first + len(nodes))
        self.filled += len(nodes)
        return first

    def _operands(self, nodes: np.ndarray) -> np.ndarray:
        """Give the operands of nodes with equally many, one row for each."""
        width = int(self._width[nodes[0]])
        return self.flow.operands[self.flow.start[nodes][:, None] + np.arange(width)]

    def _leaves_in_order(self) -> np.ndarray:
        """Order leaves by their first use, so that those that are used together lie together."""
        flow = self.flow
        leaves = np.arange(self.constants, self.constants + flow.leaves)
        reader = np.repeat(np.arange(len(flow)), self._width)
        at = np.flatnonzero(flow.code[flow.operands] == LEAF)
        used, first = np.unique(flow.operands[at], return_index=True)
        at = at[first]
        user = reader[at]
        pairs = flow.code[user] == self._sum
        position = at - flow.start[user]
        alone = pairs & (position % 2 == 0) & (flow.operands[np.minimum(at + 1, len(flow.operands) - 1)] < 3)
        side = np.where(alone, 2, np.where(pairs, position % 2, position))
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

    def _call(self, kernel: tuple[str, str, str], words: list[Any], text: str, nodes: np.ndarray, flops: int) -> None:
        self.calls.append((kernel, words))
        self.groups.append(Group(kernel, text, nodes, flops))

    # Rows -------------------------------------------------------------------------------------------------------

    def _elementwise(self, nodes: np.ndarray, places: np.ndarray, name: str) -> None:
        distinct = [len(np.unique(x)) for x in places.T]  # what varies most leads, and not a number shared by many
        order = np.lexsort([places[:, i] for i in np.argsort(distinct, kind="stable")])
        nodes, places = nodes[order], places[order]
        out = self._put(nodes)
        text = f"{name}, {len(nodes)} times"
        shape = _common(places)
        if shape is not None:
            rows, columns, strides = shape
            words: list[Any] = [rows, columns, ("value", out)]
            for m in strides:
                words += [("value", m.first), m.row, m.column]
            self._call((name, "float64", ""), words, text, nodes, len(nodes))
            return
        words = [len(nodes), ("value", out), ("value", 0), *(_index(x) for x in places.T)]
        self._call((name, "float64", "at"), words, text, nodes, len(nodes))

    # Sums -------------------------------------------------------------------------------------------------------

    def _sums(self, nodes: np.ndarray, places: np.ndarray) -> None:
        left, right = places[:, ::2], places[:, 1::2]
        found, rest = blocks(left, right)
        for block in found:
            self._product(nodes[block.nodes], block)
        if len(rest):
            rest = rest[np.lexsort((right[rest, 0], left[rest, 0]))]
            out, k = self._put(nodes[rest]), left.shape[1]
            words = [len(rest), k, ("value", out), ("value", 0), _index(left[rest]), _index(right[rest])]
            self._call(("sums", "float64", ""), words, f"{len(rest)} sums of {k} products", nodes[rest],
                       2 * k * len(rest))  # fmt: skip

    def _plain_sums(self, nodes: np.ndarray, places: np.ndarray) -> None:
        order = np.lexsort((places[:, -1], places[:, 0]))
        nodes, places = nodes[order], places[order]
        out, (n, k) = self._put(nodes), places.shape
        found = matrix(places)
        text, flops = f"{n} sums of {k} numbers", n * k
        if found is not None and found.column == 1 and (n == 1 or found.row == k):
            self._call(("sum", "float64", ""), [("value", out), ("value", found.first), n, k, 1], text, nodes, flops)
        elif found is not None and found.row == 1:  # columns: ones times a matrix
            words = [("value", out), ("value", 0), ("value", found.first), 0, 1, k, n, 0, 0, found.column, 1, 0]
            self._call(("matmul", "float64", ""), [*words, 1, 0, 0, 0, 0], text, nodes, flops)
        else:
            words = [n, k, ("value", out), ("value", 0), _index(places)]
            self._call(("plain_sums", "float64", ""), words, text, nodes, flops)

    def _product(self, nodes: np.ndarray, block: Blocks) -> None:
        """Compute a matrix product; its rows are what varies along the samples, as far as one can tell."""
        left, right = block.left, block.right
        bias = None
        whole = (right == 0).all(axis=0)  # the place of 1: what stands on the left there is a bias
        other = (left == 0).all(axis=0)
        flip = len(left) < len(right)
        if whole.any() or other.any():
            flip = bool(whole.any())
        if flip:
            nodes, left, right, whole = nodes.T, right, left, whole
        else:
            whole = other
        # left: (rows, k), right: (columns, k); a bias belongs to a column
        if whole.any() and left.shape[1] > 1:
            k = int(np.flatnonzero(whole)[0])
            bias = right[:, k]
            left, right = np.delete(left, k, axis=1), np.delete(right, k, axis=1)
        rows, columns = np.argsort(left[:, 0], kind="stable"), np.argsort(right[:, 0], kind="stable")
        left, right, nodes = left[rows], right[columns], nodes[rows][:, columns]
        m, k, n = len(left), left.shape[1], len(right)
        out = self._put(nodes.ravel())
        a, b = self._matrix(left), self._matrix(np.ascontiguousarray(right.T))
        words: list[Any] = [("value", out), a[0], b[0]]
        if bias is None:
            words.append(0)
        else:
            found = matrix(bias[columns][None])
            words.append(("value", found.first) if found is not None and found.column in (0, 1) and n > 1
                         and found.column == 1 or n == 1 and found is not None else self._packed(bias[columns]))  # fmt: skip
        b_row, b_column = b[1:]
        column = b_column if n > 1 else 1
        words += [m, k, n, a[1] if m > 1 else 0, a[2], b_row if k > 1 else 1, column, 0, 1, 0, 0, 0]
        words.append(np.empty(k * 16) if column != 1 else 0)
        text = f"{m} x {k} matrix times {k} x {n} matrix" + (" plus a row" if bias is not None else "")
        self._call(("matmul", "float64", ""), words, text, nodes.ravel(), 2 * m * n * k)

    def _matrix(self, places: np.ndarray) -> tuple[Any, int, int]:
        """Find a matrix among the values, or pack it; gives its address and its strides."""
        found = matrix(places)
        if found is not None:
            return ("value", found.first), found.row, found.column
        return self._packed(places), places.shape[1], 1

    def _packed(self, places: np.ndarray) -> np.ndarray:
        """Gather numbers into memory of their own."""
        memory = np.empty(places.size)
        words = [places.size, memory, ("value", 0), _index(places)]
        self._call(("identity", "float64", "at"), words, f"{places.size} numbers gathered", np.empty(0, int), 0)
        return memory

    # One after the other ----------------------------------------------------------------------------------------

    def _straight(self, nodes: np.ndarray) -> None:
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
        table = np.zeros(256, np.uint8)
        rows: list[str] = []
        for code in np.unique(codes).tolist():
            name = self.names[code]
            if name in INLINE:
                table[code] = INLINE.index(name)
            else:
                table[code] = len(INLINE) + len(rows)
                rows.append(name)
        words = [len(nodes), ("value", out), ("value", 0), table[codes], stream, ("functions", rows), ("arities", rows)]
        self._call(("straight", "float64", ""), words, f"{len(nodes)} rows one after the other", nodes,
                   int(np.maximum(1, np.where(pairs, width, np.where(many, width, 1))).sum()))  # fmt: skip


def _index(places: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(places, np.uint32)


def _common(places: np.ndarray) -> tuple[int, int, list[Matrix]] | None:
    """See the places of operands, a column for each, as matrices of one shape with strides, if they are."""
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
    if any(m is None for m in found):
        return None
    return n // columns, columns, [m for m in found if m is not None]
