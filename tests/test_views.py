"""Views: they show the elements that NumPy shows, and say whether those lie in row order."""

from typing import Any

import numpy as np
import pytest

from autograd.compiler.arrays.views import View, collapsed, contiguous_strides, whole
from autograd.shapes import is_view

MEMORY = np.arange(1000)


def array(view: View) -> np.ndarray:
    """Read a view out of memory in which each element is its own place."""
    strides = tuple(8 * s for s in view.strides)
    return np.lib.stride_tricks.as_strided(MEMORY[view.offset :], view.shape, strides)


def view(*shape: int, offset: int = 0, base: int = 7) -> View:
    return View(base, shape, np.dtype(np.float32), offset, contiguous_strides(shape))


def same(have: View, want: np.ndarray) -> bool:
    assert have.base == 7 and have.dtype == np.float32
    assert have.size == want.size and have.shape == want.shape
    return bool((array(have) == want).all())


def test_the_whole_of_a_line() -> None:
    assert whole(7, (2, 3), np.dtype(np.float32)) == view(2, 3)
    assert contiguous_strides((2, 3, 4)) == (12, 4, 1) and contiguous_strides(()) == ()


@pytest.mark.parametrize("shape", [(2, 3), (5, 2, 3), (4, 5, 2, 3)])
def test_broadcast(shape: tuple[int, ...]) -> None:
    for have in [(2, 3), (1, 3), (2, 1), (1, 1), (3,), (1,), ()]:
        x = view(*have, offset=5)
        assert same(x.broadcast(shape), np.broadcast_to(array(x), shape))
    one = view(1, 3)
    assert one.broadcast((1, 3)).strides == (3, 1), "a length of 1 that stays keeps its stride"


def transposed(x: View, axes: Any) -> View:
    return x.moved(lambda a: a.transpose(axes))


@pytest.mark.parametrize("axes", [None, (2, 0, 1), (-1, 0, -2), (0, 1, 2)])
def test_transposed(axes: Any) -> None:
    x = view(2, 3, 4, offset=5)
    assert same(transposed(x, axes), array(x).transpose(axes))


@pytest.mark.parametrize(
    "index",
    [0, -1, np.int64(1), (1, 2), (1, 2, 3), slice(1, None), slice(None, None, -1), (slice(None), -1), (..., 2), None,
     (None, 1), (slice(0, 2), None, slice(None, None, 2)), (), ..., slice(2, 2), (..., slice(3, 0, -2))],
)  # fmt: skip
def test_indexed(index: Any) -> None:
    x = view(2, 3, 4, offset=40)
    assert is_view(index) and same(x.indexed(index), array(x)[index])
    assert same(transposed(x, None).indexed(...), array(x).T)


@pytest.mark.parametrize("index", [[0, 1], np.array([0, 1]), np.array([True, False]), (0, [1])])
def test_what_numpy_copies_is_no_view(index: Any) -> None:
    assert not is_view(index)
    assert not is_view(True) and not is_view((0, False)), "a boolean is a mask"


def test_which_elements_lie_in_row_order() -> None:
    x = view(2, 3, 4, offset=5)
    assert same(x.moved(lambda a: a.reshape(6, 4)), array(x).reshape(6, 4))
    for moved in [transposed(x, None), x.indexed((slice(None), 1)), x.indexed((..., slice(None, None, 2)))]:
        assert not moved.is_contiguous
    assert transposed(view(2, 1, 4), (1, 0, 2)).is_contiguous and transposed(view(1, 4), None).is_contiguous
    assert View(7, (2, 0), np.dtype(np.float32), 0, (5, 5)).is_contiguous
    assert not View(7, (2, 3), np.dtype(np.float32), 0, (3, 2)).is_contiguous
    assert not view(3).broadcast((2, 3)).is_contiguous


@pytest.mark.parametrize(
    ("shape", "strides", "want"),
    [
        ((2, 3, 4), [(12, 4, 1)], ((24,), [(1,)])),
        ((2, 3, 4), [(12, 4, 1), (0, 0, 0)], ((24,), [(1,), (0,)])),
        ((2, 3, 4), [(12, 4, 1), (0, 4, 1)], ((2, 12), [(12, 1), (0, 1)])),
        ((2, 3, 4), [(12, 4, 1), (12, 1, 3)], ((2, 3, 4), [(12, 4, 1), (12, 1, 3)])),
        ((2, 1, 4), [(4, 9, 1), (4, 8, 1)], ((8,), [(1,), (1,)])),
        ((1, 1), [(3, 2)], ((), [()])),
        ((), [()], ((), [()])),
        ((2, 3, 4), [(24, 8, 2)], ((24,), [(2,)])),
        ((2, 3, 4), [(1, 2, 6)], ((2, 3, 4), [(1, 2, 6)])),
    ],
)
def test_collapsed(shape: tuple[int, ...], strides: Any, want: Any) -> None:
    assert collapsed(shape, strides) == want


def test_a_layout_that_copies_is_refused() -> None:
    number, column = whole(0, (), np.dtype(float)), whole(0, (3, 1), np.dtype(float))
    assert column.moved(lambda x: x.T).shape == (1, 3)
    for view, copies in ((number, np.flip), (column, np.copy)):
        with pytest.raises(RuntimeError, match="was copied"):
            view.moved(copies)
