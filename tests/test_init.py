"""Initial weights follow their laws."""

import math
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
    ],
)
def test_variance_bound_and_repetition(law: Any, variance: float) -> None:
    weights = law(300, 200, rng=0)
    assert weights.shape == (300, 200) and weights.dtype == np.float64
    assert abs(weights.var() / variance - 1) < 0.02 and abs(weights.mean()) < 0.01 * math.sqrt(variance) * 2
    assert np.abs(weights).max() <= math.sqrt(3 * variance)
    assert np.array_equal(weights, law(300, 200, rng=0))
    assert law(300, 200, rng=0, shape=(5,)).tolist() == weights.ravel()[:5].tolist()
