"""Data sets: shapes, repetition, and the remedy where scikit-learn is missing."""

import builtins
import random
from typing import Any

import numpy as np
import pytest

from nn import datasets


def test_xor() -> None:
    X, y = datasets.xor()
    assert X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]] and y.tolist() == [0, 1, 1, 0]
    assert X.dtype == np.float64 and y.dtype.kind == "i"


def test_moons_are_those_of_micrograds_demo() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    X, y = datasets.moons(100, 0.1, rng=1337)
    theirs, labels = sklearn.make_moons(n_samples=100, noise=0.1, random_state=np.random.RandomState(1337))
    assert np.array_equal(X, theirs) and np.array_equal(y, labels)


@pytest.mark.parametrize("make", [int, np.random.default_rng, random.Random])
def test_moons_are_reproducible(make: Any) -> None:
    pytest.importorskip("sklearn")
    assert np.array_equal(datasets.moons(rng=make(5))[0], datasets.moons(rng=make(5))[0])
    assert not np.array_equal(datasets.moons(rng=make(5))[0], datasets.moons(rng=make(6))[0])


def test_digits() -> None:
    pytest.importorskip("sklearn")
    X, y = datasets.digits()
    assert X.shape == (1797, 64) and y.shape == (1797,) and set(y.tolist()) == set(range(10))
    assert X.min() == 0 and X.max() == 1


@pytest.mark.parametrize("name", ["moons", "digits"])
def test_the_remedy_is_named_where_scikit_learn_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(module: str, *rest: Any) -> Any:
        if module.partition(".")[0] == "sklearn":
            raise ImportError(module)
        return real(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=rf'`datasets.{name}`.*pip install "chalkgrad\[data\]"'):
        getattr(datasets, name)()


def test_split_keeps_rows_and_targets_together() -> None:
    X = np.arange(20).reshape(10, 2)
    train, test, y, truth = datasets.split(X, X[:, 0], rng=1)
    assert train.shape == (8, 2) and test.shape == (2, 2)
    assert np.array_equal(train[:, 0], y) and np.array_equal(test[:, 0], truth)
    assert sorted([*y, *truth]) == X[:, 0].tolist()
    assert np.array_equal(train, datasets.split(X, X[:, 0], rng=1)[0])


@pytest.mark.parametrize("held_out", [0.0, 0.01, 1.0, 2.0, -0.5])
def test_an_empty_part_is_refused(held_out: float) -> None:
    with pytest.raises(ValueError, match="leaves one part empty"):
        datasets.split(*datasets.xor(), held_out=held_out)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="`X` has 4 rows and `y` 3"):
        datasets.split(datasets.xor()[0], [0, 1, 1])
