"""A layered layout without Graphviz: columns of boxes, few crossings, heights near those of the neighbours.

Source: Sugiyama, Tagawa and Toda (1981), Methods for Visual Understanding of Hierarchical System Structures.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from itertools import pairwise
from typing import Any

Point = tuple[float, float]

_SWEEPS = 8  # over all columns, to remove crossings
_ROUNDS = 24  # to find heights


def layered(
    sizes: list[tuple[float, float]], edges: list[tuple[int, int]], ranks: list[int], gap: float, between: float
) -> tuple[list[Point], list[list[Point]]]:
    """Return the centre of each box and the points that each edge passes, from left to right.

    Args:
        sizes: width and height of each box.
        edges: pairs of boxes, from an earlier to a later one.
        ranks: the column of each box; an edge leads to a later column.
        gap, between: the room between boxes of a column, and between columns.
    """
    columns, heights, chains, left, right = _chains(sizes, edges, ranks)
    columns = _uncrossed(columns, left, right)
    y = [0.0] * len(heights)
    for sweep in range(_ROUNDS):
        for column in columns if sweep % 2 else columns[::-1]:
            _settle(column, heights, y, left, right, len(sizes), gap)
    x, start = [0.0] * len(heights), 0.0
    for column in columns:
        width = max((sizes[v][0] for v in column if v < len(sizes)), default=0.0)
        for v in column:
            x[v] = start + width / 2
        start += width + between
    top = min((y[v] - heights[v] / 2 for v in range(len(heights))), default=0.0)
    at = [(x[v], y[v] - top) for v in range(len(heights))]
    return at[: len(sizes)], [[at[v] for v in chain] for chain in chains]


def _chains(sizes: list[tuple[float, float]], edges: list[tuple[int, int]], ranks: list[int]) -> tuple[Any, ...]:
    """Lead an edge over several columns through a point in each of them."""
    columns = [[i for i in range(len(sizes)) if ranks[i] == r] for r in range(max(ranks, default=0) + 1)]
    heights, chains = [height for _, height in sizes], []
    left, right = defaultdict(list), defaultdict(list)
    for a, b in edges:
        chain = [a]
        for r in range(ranks[a] + 1, ranks[b]):
            chain.append(len(heights))
            columns[r].append(len(heights))
            heights.append(14.0)
        chains.append([*chain, b])
        for u, v in pairwise(chains[-1]):
            right[u].append(v)
            left[v].append(u)
    return columns, heights, chains, left, right


def _uncrossed(columns: list[list[int]], left: dict[int, list[int]], right: dict[int, list[int]]) -> list[list[int]]:
    """Order each column by the mean place of its neighbours, to and fro; return the order with fewest crossings."""
    order: dict[int, int] = {}
    stack = [v for column in columns for v in column if not right[v]][::-1]
    while stack:  # depth first from the results
        v = stack.pop()
        if v not in order:
            order[v] = len(order)
            stack += left[v][::-1]
    columns = [sorted(column, key=order.__getitem__) for column in columns]
    best, kept = _crossings(columns, right), columns
    for sweep in range(_SWEEPS if best else 0):
        columns = list(columns)
        forward = sweep % 2 == 0
        near = left if forward else right
        for r in range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1):
            beside = {v: i for i, v in enumerate(columns[r - 1 if forward else r + 1])}
            own = {v: i * len(beside) / len(columns[r]) for i, v in enumerate(columns[r])}
            means = {v: sum(beside[u] for u in near[v]) / len(near[v]) if near[v] else own[v] for v in columns[r]}
            columns[r] = sorted(columns[r], key=means.__getitem__)
        if (count := _crossings(columns, right)) < best:
            best, kept = count, columns
    return kept


def _crossings(columns: list[list[int]], right: dict[int, list[int]]) -> int:
    total = 0
    for here, there in pairwise(columns):
        at = {v: i for i, v in enumerate(there)}
        ends: list[int] = []  # of the edges above, in order
        for u in here:
            own = [at[v] for v in right[u]]
            total += sum(len(ends) - bisect_right(ends, end) for end in own)
            for end in own:
                insort(ends, end)
    return total


def _settle(
    column: list[int], heights: list[float], y: list[float], left: Any, right: Any, boxes: int, gap: float
) -> None:
    """Move each box of a column to the mean height of its neighbours; those that would overlap move as a block."""
    blocks: list[tuple[float, float, list[tuple[int, float]]]] = []
    offset = 0.0
    for i, v in enumerate(column):
        if i:
            offset += (heights[column[i - 1]] + heights[v]) / 2 + gap
        near = left[v] + right[v]
        weight = 1.0 if v < boxes else 4.0  # a long edge is straight before a box is in the middle
        mean = sum(y[u] for u in near) / len(near) if near else 0.0
        block = weight * (mean - offset), weight, [(v, offset)]
        while blocks and blocks[-1][0] / blocks[-1][1] > block[0] / block[1]:
            total, weights, members = blocks.pop()
            block = total + block[0], weights + block[1], members + block[2]
        blocks.append(block)
    for total, weights, members in blocks:
        for v, offset in members:
            y[v] = total / weights + offset
