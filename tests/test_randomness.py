"""Sources of randomness: four kinds in, one behaviour out."""

import random

import numpy as np
import pytest

from nn.randomness import permutation, seed, source, uniform


@pytest.mark.parametrize("make", [random.Random, np.random.default_rng])
def test_a_source_moves_on_and_starts_again_from_its_seed(make: type) -> None:
    rng = make(3)
    first, second = uniform(source(rng), -1, 1, (2, 3)), uniform(source(rng), -1, 1, (2, 3))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, uniform(make(3), -1, 1, (2, 3)))
    assert first.shape == (2, 3) and np.all(np.abs(first) < 1)
    assert sorted(permutation(make(3), 50)) == list(range(50))
    assert np.array_equal(permutation(make(3), 50), permutation(make(3), 50))
    assert seed(make(3)) == seed(make(3))


def test_a_seed_and_none() -> None:
    assert source(3).random() == source(np.int64(3)).random() == np.random.default_rng(3).random()  # type: ignore[arg-type]
    assert source(None).random() != source(None).random()


@pytest.mark.parametrize("rng", [1.0, "1", True, np.random.RandomState(1), random])
def test_something_else_is_refused(rng: object) -> None:
    with pytest.raises(TypeError, match="`rng` is a seed"):
        source(rng)  # type: ignore[arg-type]


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0, not -1"):
        source(-1)
