"""Matrix products among sums of products: which sums are one, and which are left to themselves."""

import numpy as np
import pytest

from autograd.compiler.scalars import products
from autograd.compiler.scalars.products import blocks, classes


def factors(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The factors of all sums of the product of `a` and `b`, row by row, given the places of their elements."""
    return np.repeat(a, b.shape[1], axis=0), np.tile(b.T, (len(a), 1))


def places(rows: int, columns: int, first: int) -> np.ndarray:
    return np.arange(first, first + rows * columns).reshape(rows, columns)


@pytest.mark.parametrize(("m", "k", "n"), [(4, 4, 4), (8, 3, 5), (1, 16, 9), (9, 16, 1), (2, 32, 1)])
def test_a_product_is_found_whatever_the_order_of_its_sums(m: int, k: int, n: int) -> None:
    a, b = places(m, k, 10), places(k, n, 500)
    left, right = factors(a, b)
    order = np.random.default_rng(0).permutation(m * n)
    (found,), rest = blocks(left[order], right[order])
    assert len(rest) == 0
    assert sorted(order[found.nodes].ravel().tolist()) == list(range(m * n))
    for row, nodes in enumerate(found.nodes):
        for column, node in enumerate(nodes):
            np.testing.assert_array_equal(left[order][node], found.left[row])
            np.testing.assert_array_equal(right[order][node], found.right[column])


def test_of_several_products_each_is_found_and_other_sums_are_left() -> None:
    pairs = [(places(4, 4, 100 + 100 * i), places(4, 4, 1000 + 100 * i)) for i in range(3)]
    parts = [factors(a, b) for a, b in pairs]
    left, right = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    left = np.concatenate([left[:40], places(3, 4, 50), left[40:]])
    right = np.concatenate([right[:40], places(3, 4, 6000), right[40:]])
    found, rest = blocks(left, right)
    assert [block.nodes.shape for block in found] == [(4, 4)] * 3
    assert rest.tolist() == [40, 41, 42]


@pytest.mark.parametrize(("n", "found"), [(256, 256), (257, 0)])
def test_where_there_are_very_many_none_is_looked_for(n: int, found: int) -> None:
    parts = [factors(places(4, 4, 16 * i), places(4, 4, 10_000 + 16 * i)) for i in range(n)]
    left, right = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    assert len(blocks(left, right)[0]) == found


@pytest.mark.parametrize(
    ("m", "k", "n"),
    [(3, 3, 7), (1, 64, 1)],  # 63 multiplications; a single sum
)
def test_small_products_are_left(m: int, k: int, n: int) -> None:
    found, rest = blocks(*factors(places(m, k, 0), places(k, n, 500)))
    assert not found and rest.tolist() == list(range(m * n))


def test_a_product_with_a_sum_missing_or_written_twice_is_left() -> None:
    left, right = factors(places(5, 4, 0), places(4, 5, 500))
    for which in (np.arange(24), np.r_[np.arange(24), 0], np.r_[np.arange(25), 0]):
        found, rest = blocks(left[which], right[which])
        assert not found and sorted(rest.tolist()) == list(range(len(which)))


def test_one_row_or_column_is_a_product_where_nothing_has_to_be_gathered() -> None:
    scattered = np.random.default_rng(1).permutation(200)[:64]
    for a, b in [
        (scattered.reshape(1, 64), places(64, 3, 500)), (places(1, 16, 500), scattered.reshape(16, 4)),
        (scattered.reshape(4, 16), places(16, 1, 500)), (places(3, 64, 500), scattered.reshape(64, 1)),
    ]:  # fmt: skip
        left, right = factors(a, b)
        found, rest = blocks(left, right)
        assert not found and len(rest) == len(left)
    (found,), _ = blocks(*factors(scattered[:32].reshape(4, 8), scattered[32:].reshape(8, 4)))
    assert found.nodes.shape == (4, 4)


def test_lists_that_are_taken_for_one_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(places: np.ndarray) -> tuple[np.ndarray, int]:
        """A hash that tells lists apart by their first number alone."""
        _, inverse = np.unique(places[:, 0], return_inverse=True)
        return inverse, int(inverse.max()) + 1

    monkeypatch.setattr(products, "classes", careless)
    for side in (0, 1):
        sums = factors(places(4, 4, 0), places(4, 4, 500))
        assert len(blocks(*sums)[0]) == 1
        sums[side][5, 2] = 999
        found, rest = blocks(*sums)
        assert not found and rest.tolist() == list(range(16))


def test_different_rows_are_numbered_by_their_first_and_last_elements() -> None:
    rows = np.array([[7, 1, 2], [3, 9, 5], [7, 1, 2], [3, 8, 6], [0, 0, 0]])
    numbers, count = classes(rows)
    assert (numbers.tolist(), count) == ([3, 1, 3, 2, 0], 4)
    numbers, count = classes(rows[[0, 2, 0]])
    assert (numbers.tolist(), count) == ([0, 0, 0], 1)
    nearly = np.tile(np.arange(50), (200, 1))
    nearly[np.arange(100), np.arange(100) // 2] += 1 + np.arange(100) % 2
    assert classes(nearly)[1] == 101
