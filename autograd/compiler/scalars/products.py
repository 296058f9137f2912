"""Recognize matrix products among sums of products.

Suppose that the left factors of the sums form R different lists, and the right factors C different lists. If every
pair of lists occurs once, the sums are the elements of the product of an R x K matrix and a K x C matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ENOUGH = 64
"""Multiplications that a product must have."""

MANY = 256
"""Products in one group, above which none is looked for: too many calls."""


@dataclass(slots=True)
class Blocks:
    """One product that was found: `nodes[i, j]` is the sum of the factors `left[i]` and `right[j]`."""

    nodes: np.ndarray
    left: np.ndarray
    right: np.ndarray


@dataclass(slots=True)
class Matrix:
    """Where a matrix lies among the values: its first place and its strides."""

    first: int
    row: int
    column: int


def matrix(places: np.ndarray) -> Matrix | None:
    """Return whether places form a matrix with strides.

    >>> matrix(np.array([[3, 5], [4, 6], [5, 7]]))
    Matrix(first=3, row=1, column=2)
    >>> matrix(np.array([[0, 1], [1, 3]])) is None
    True
    """
    places = places.astype(np.int64)
    rows, columns = places.shape
    first = int(places[0, 0])
    row = int(places[1, 0]) - first if rows > 1 else 0
    column = int(places[0, 1]) - first if columns > 1 else 0
    if (places != first + row * np.arange(rows)[:, None] + column * np.arange(columns)).any():
        return None
    return Matrix(first, row, column)


def blocks(left: np.ndarray, right: np.ndarray) -> tuple[list[Blocks], np.ndarray]:
    """Return the products among sums with the factors `left[i]` and `right[i]`, and the remaining sums."""
    n, k = left.shape
    everything = np.arange(n)
    row, rows = classes(left)
    column, columns = classes(right)
    label, of_column = np.arange(rows), np.full(columns, rows)
    for _ in range(2):  # a product is found in one round, whatever is not found in two is none
        np.minimum.at(of_column, column, label[row])
        np.minimum.at(label, row, of_column[column])
    label = label[row]
    whole = label == of_column[column]
    names, component, size = np.unique(label, return_inverse=True, return_counts=True)
    if len(names) > MANY:
        return [], everything
    found, rest = [], []
    order = np.argsort(component, kind="stable")
    for members in np.split(order, np.cumsum(size)[:-1]):
        r, i = np.unique(row[members], return_inverse=True)
        c, j = np.unique(column[members], return_inverse=True)
        if (
            len(members) * k < ENOUGH
            or len(members) == 1
            or len(members) != len(r) * len(c)
            or not whole[members].all()
        ):
            rest.append(members)
            continue
        grid = np.zeros((len(r), len(c)), np.int64)
        grid[i, j] = members
        a, b = left[grid[:, 0]], right[grid[0]]
        if min(grid.shape) == 1 and (matrix(a) is None or matrix(b) is None):
            rest.append(members)  # to gather the one matrix is all the work
            continue
        if not ((left[grid] == a[:, None]).all() and (right[grid] == b[None]).all()):
            rest.append(members)  # one is missing and another there twice, or two lists have the same hash
            continue
        found.append(Blocks(grid, a, b))
    return found, np.concatenate(rest) if rest else everything[:0]


def classes(places: np.ndarray) -> tuple[np.ndarray, int]:
    """Number the different rows of an array, in the order of their first elements."""
    if (places == places[0]).all():
        return np.zeros(len(places), np.int64), 1
    factor = np.random.default_rng(1).integers(1 << 62, size=places.shape[1], dtype=np.uint64) | np.uint64(1)
    hashed = (places.astype(np.uint64) * factor).sum(axis=1, dtype=np.uint64)
    _, first, inverse = np.unique(hashed, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((places[first, -1], places[first, 0]))] = np.arange(len(first))
    return rank[inverse], len(first)
