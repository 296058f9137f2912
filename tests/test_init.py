"""Initial weights follow their laws."""

import copy
import math
import random
from typing import Any

import numpy as np
import pytest

from nn import init


@pytest.mark.parametrize(
    ("law", "variance"),
    [
        (init.unit_uniform, 1 / 3),
        (init.glorot_uniform, 2 / (300 + 200)),
        (init.he_uniform, 2 / 300),
        (init.lecun_uniform, 1 / 300),
    ],
)
def test_variance_bound_and_repetition(law: Any, variance: float) -> None:
    weights = law(300, 200, rng=0)
    assert weights.shape == (300, 200) and weights.dtype == np.float64
    assert abs(weights.var() / variance - 1) < 0.02 and abs(weights.mean()) < 0.01 * math.sqrt(variance) * 2
    assert np.abs(weights).max() <= math.sqrt(3 * variance)
    assert np.array_equal(weights, law(300, 200, rng=0))
    assert law(300, 200, rng=0, shape=(5,)).tolist() == weights.ravel()[:5].tolist()


@pytest.mark.parametrize(
    ("law", "variance"),
    [
        (init.small_normal, 1e-4),
        (init.glorot_normal, 2 / (300 + 200)),
        (init.he_normal, 2 / 300),
        (init.lecun_normal, 1 / 300),
    ],
)
def test_normal_laws(law: Any, variance: float) -> None:
    weights = law(300, 200, rng=0)
    spread = math.sqrt(variance)
    assert abs(weights.std() / spread - 1) < 0.01 and abs(weights.mean()) < 0.01 * spread
    assert abs((np.abs(weights) < spread).mean() - 0.6827) < 0.005  # not truncated
    assert np.array_equal(weights, law(300, 200, rng=0))
    assert law(300, 200, rng=0, shape=(5,)).tolist() == weights.ravel()[:5].tolist()


@pytest.mark.parametrize("law", init.INITIALIZERS.values())
@pytest.mark.parametrize("rng", [5, np.random.default_rng(5), random.Random(5)])
def test_every_law_takes_every_source_and_repeats_to_the_bit(law: Any, rng: Any) -> None:
    first = law(4, 3, copy.deepcopy(rng))
    assert first.shape == (4, 3) and first.dtype == np.float64 and np.array_equal(first, law(4, 3, copy.deepcopy(rng)))
    assert law(4, 3, rng, (3, 4)).shape == (3, 4) and law(4, 3, rng, (7,)).shape == (7,)


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (1, 4), (4, 1)])
def test_orthogonal_keeps_lengths(shape: tuple[int, int]) -> None:
    W = init.orthogonal(*shape, rng=1)
    small = W.T @ W if shape[0] >= shape[1] else W @ W.T
    assert np.allclose(small, np.eye(min(shape)), atol=1e-14)
    assert np.linalg.norm(init.orthogonal(9, 1, rng=1, shape=(9,))) == pytest.approx(1.0)


def test_orthogonal_prefers_no_sign() -> None:
    signs = [np.sign(init.orthogonal(2, 2, rng=seed)[0, 0]) for seed in range(400)]
    assert abs(np.mean(signs)) < 0.15


def test_laws_by_name_and_mistakes() -> None:
    assert init.constant(2.0)(2, 3).tolist() == [[2.0] * 3] * 2 and init.constant(2.0).__name__ == "constant(2)"
    for call, message in (
        (lambda: init.weights("glorot", 2, 1, 0), "`initializer` 'glorot' is unknown: use one of 'zeros', "),
        (lambda: init.weights(None, 2, 1, 0), "`initializer` is a name"),
        (lambda: init.constant("a"), "`value` is a number"),
        (lambda: init.weights(lambda *_: np.ones(3), 2, 1, None), r"`initializer` gave shape \(3,\); the weights need"),
        (lambda: init.constant(math.inf), "`value` is inf"),
        (lambda: init.weights(lambda *_: np.full((2, 1), np.nan), 2, 1, None), "gave a weight that is infinite"),
        (lambda: init.he_normal(2, 1, rng=-1), "seed"),
        (lambda: init.he_uniform(0, 1), "`fan_in` is a whole number from 1, not 0"),
        (lambda: init.glorot_normal(1, "a"), "`fan_out` is a whole number from 1, not 'a'"),
        (lambda: init.orthogonal(2, 2, 0, (2, 2, 2)), "two axes"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            call()
