"""Data on its way into a net: what is taken and what is refused, parts, scale, batches."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from nn.data.arrays import StandardScaler, as_inputs, batch_sizes, batches, label_array, plain_array, split

NUMBERS = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize("x", [NUMBERS, NUMBERS.tolist(), NUMBERS.astype(int), Tensor(NUMBERS), tuple(NUMBERS)])
def test_what_holds_numbers_is_an_array(x: Any) -> None:
    assert np.array_equal(plain_array(x, "X"), NUMBERS)


def test_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": [True, False]})
    assert plain_array(frame, "X").tolist() == [[1, 0.5, 1], [2, 1.5, 0]] and as_inputs(frame).dtype == np.float64
    assert plain_array(frame["b"], "y").tolist() == [0.5, 1.5]
    assert plain_array(frame.astype({"a": "Int64"}), "X")[0, 0] == 1
    frame["name"] = ["x", "y"]
    with pytest.raises(TypeError, match="`X` holds 'x' in row 0, column 'name', not numbers"):
        plain_array(frame, "X")
    with pytest.raises(ValueError, match="`X` holds nan in row 1, column 'b'"):
        plain_array(pandas.DataFrame({"a": [1, 2], "b": [1.0, None]}), "X")
    with pytest.raises(TypeError, match="`X` holds <NA> in row 1, column 'a'"):
        plain_array(pandas.DataFrame({"a": pandas.array([1, None], dtype="Int64"), "b": [1, 2]}), "X")
    assert label_array(frame["name"], "y").tolist() == ["x", "y"]
    assert label_array(pandas.Series(["x", "y"], dtype="category"), "y").tolist() == ["x", "y"]
    with pytest.raises(ValueError, match="each row needs a label"):
        label_array(pandas.Series(["x", None], dtype="string"), "y")
    assert [len(part) for part in split(frame[["a", "b"]], frame["name"], 0.5, rng=1)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (None, TypeError, "not NoneType"),
        ("abc", TypeError, "not str"),
        ({"a": 1}, TypeError, "not dict"),
        (iter([1.0]), TypeError, r"write `list\(X\)`"),
        ((row for row in NUMBERS), TypeError, r"not generator: write `list\(X\)`"),
        (object(), TypeError, "not object: see"),
        ([[1.0], [1.0, 2.0]], ValueError, "rows differ in length"),
        ([["a"]], TypeError, "<U1, not numbers"),
        ([[1.0, None]], TypeError, r"holds None at \(0, 1\), not numbers"),
        ([1j], TypeError, "complex128, not numbers"),
        ([[1.0, np.nan]], ValueError, r"holds nan at \(0, 1\)"),
        ([np.inf], ValueError, r"holds inf at \(0,\)"),
        (np.array(["2020-01-01"], dtype="M8[D]"), TypeError, "not numbers"),
    ],
)
def test_what_is_no_number_is_refused(x: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        plain_array(x, "X")


def test_inputs() -> None:
    assert as_inputs(NUMBERS.astype(np.float32)).dtype == np.float32
    assert as_inputs(NUMBERS.astype(np.float16)).dtype == as_inputs(NUMBERS > 1).dtype == np.float64
    with pytest.raises(ValueError, match=r"needs rows and columns, \(n, fan_in\): write `X.reshape"):
        as_inputs([1.0, 2.0])
    for empty in (NUMBERS[:0], NUMBERS[:, :0]):
        with pytest.raises(ValueError, match="there is nothing in it"):
            as_inputs(empty)


def test_labels() -> None:
    assert label_array(np.array(["a", "b"], dtype=object), "y").dtype.kind == "U"
    assert label_array(np.array([True, False], dtype=object), "y").dtype == bool
    assert label_array([3, -7], "y").tolist() == [3, -7]
    for missing in ([None, "a"], np.array(["a", np.nan], dtype=object), [1.0, np.nan]):
        with pytest.raises(ValueError, match="each row needs a label"):
            label_array(missing, "y")
    with pytest.raises(TypeError, match="mixes labels of type int and str"):
        label_array(np.array([1, "a"], dtype=object), "y")


# -- parts --


def test_split_keeps_rows_and_targets_together() -> None:
    X = np.arange(20).reshape(10, 2)
    train, test, y, truth = split(X, X[:, 0], rng=1)
    assert train.shape == (8, 2) and test.shape == (2, 2)
    assert np.array_equal(train[:, 0], y) and np.array_equal(test[:, 0], truth)
    assert sorted([*y, *truth]) == X[:, 0].tolist()
    assert np.array_equal(train, split(X, X[:, 0], rng=1)[0])


def test_three_parts() -> None:
    X = np.arange(20).reshape(10, 2)
    parts = split(X, X[:, 0].astype(str), (0.3, 0.2), rng=1)
    assert [len(part) for part in parts] == [5, 3, 2, 5, 3, 2]
    for rows, labels in zip(parts[:3], parts[3:], strict=True):
        assert rows[:, 0].astype(str).tolist() == labels.tolist()
    assert sorted(np.concatenate(parts[:3])[:, 0].tolist()) == X[:, 0].tolist()


@pytest.mark.parametrize("held_out", [0.0, 0.01, 1.0, 2.0, -0.5, (0.5, 0.5), (0.5, 0.0)])
def test_an_empty_part_is_refused(held_out: Any) -> None:
    with pytest.raises(ValueError, match="leaves one part empty"):
        split(np.zeros((4, 1)), np.zeros(4), held_out)


@pytest.mark.parametrize("held_out", [float("nan"), "half", None, (), ("a", "b"), True])
def test_a_share_is_a_number(held_out: Any) -> None:
    with pytest.raises(ValueError, match="`held_out` is a share between 0 and 1"):
        split(np.zeros((4, 1)), np.zeros(4), held_out)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="`X` has 4 rows and `y` 3"):
        split(np.zeros((4, 2)), [0, 1, 1])
    with pytest.raises(ValueError, match="both need rows"):
        split(np.zeros((4, 2)), 1.0)


# -- scale --


def test_standardizer() -> None:
    rng = np.random.default_rng(0)
    X, other = rng.normal(5, 3, (100, 3)), rng.normal(5, 3, (10, 3))
    standardizer = StandardScaler()
    Z = standardizer.fit_transform(X)
    assert np.allclose(Z.mean(axis=0), 0) and np.allclose(Z.std(axis=0), 1)
    assert np.allclose(standardizer.transform(other), (other - X.mean(axis=0)) / X.std(axis=0))
    assert np.allclose(standardizer.inverse_transform(standardizer.transform(other)), other)
    assert np.allclose(StandardScaler().fit_transform(X[:, 0]), Z[:, 0])
    assert StandardScaler().fit_transform(X.astype(np.float32)).dtype == np.float32


def test_a_constant_column_becomes_zero_exactly() -> None:
    X = np.full((1000, 2), 0.1)
    assert np.std(X[:, 0]) != 0.0  # rounding alone
    assert not StandardScaler().fit_transform(X).any()
    assert StandardScaler().fit(X).transform(X + 1).tolist() == (X * 0 + 1.0).tolist()


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1.0, 1e200, 1e308])
def test_no_size_is_too_large_or_small(size: float) -> None:
    X = np.array([[-1.0], [1.0], [0.5], [-0.5]])
    assert np.allclose(StandardScaler().fit_transform(size * X), X / X.std(), rtol=1e-2 if size < 1e-300 else 1e-12)


def test_a_standardizer_refuses_other_columns() -> None:
    standardizer = StandardScaler()
    with pytest.raises(RuntimeError, match="has seen no data yet"):
        standardizer.transform(NUMBERS)
    standardizer.fit(NUMBERS)
    with pytest.raises(ValueError, match=r"has shape \(3, 1\).*rows of shape \(2,\)"):
        standardizer.transform(NUMBERS[:, :1])
    with pytest.raises(ValueError, match="it needs rows"):
        standardizer.fit(NUMBERS[:0])


# -- batches --


def test_each_row_comes_once() -> None:
    for n, size in ((10, 3), (10, 5), (10, 10), (10, 99), (10, None), (1, 1)):
        rows = list(batches(n, size, rng=1))
        assert sorted(np.concatenate(rows).tolist()) == list(range(n))
        assert [len(batch) for batch in rows] == batch_sizes(n, size, False)
    assert np.concatenate(list(batches(10, 3, shuffle=False))).tolist() == list(range(10))


def test_the_last_one_may_be_left_out() -> None:
    assert [len(batch) for batch in batches(10, 4, drop_last=True)] == [4, 4]
    assert [len(batch) for batch in batches(8, 4, drop_last=True)] == [4, 4]
    with pytest.raises(ValueError, match="`drop_last` leaves no batch: there are 3 rows"):
        batches(3, 4, drop_last=True)


@pytest.mark.parametrize("make", [int, np.random.default_rng, random.Random])
def test_the_order_comes_from_rng_alone(make: Any) -> None:
    one, again, other = (np.concatenate(list(batches(50, 7, rng=make(seed)))) for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("n", "size", "name"), [(0, 1, "n"), (2.5, 1, "n"), (5, 0, "batch_size"), (5, "1", "batch_size")]
)
def test_batches_need_whole_numbers(n: Any, size: Any, name: str) -> None:
    with pytest.raises(ValueError, match=f"`{name}` is a whole number from 1"):
        batches(n, size)


def test_masked_entries_are_refused() -> None:
    masked = np.ma.masked_array(NUMBERS, NUMBERS > 3)
    with pytest.raises(ValueError, match="`X` has entries that are masked"):
        plain_array(masked, "X")
    assert np.array_equal(plain_array(np.ma.masked_array(NUMBERS), "X"), NUMBERS)
