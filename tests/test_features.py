"""Features are functions of two inputs, in a net like any layer."""

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn.layers.features import FEATURES

X = np.random.default_rng(0).normal(size=(7, 2))


def test_each_feature_is_what_its_name_says() -> None:
    a, b = X.T
    want = {"x0": a, "x1": b, "x0^2": a**2, "x1^2": b**2, "x0*x1": a * b, "sin x0": np.sin(a), "sin x1": np.sin(b)}
    assert set(want) == set(FEATURES)
    out = nn.Features(*want).outputs(X)
    assert np.allclose(out, np.stack([*want.values()], axis=1), atol=1e-15)


def test_gradients_pass_through() -> None:
    x = Tensor(X)
    nn.Features("x0^2", "x0*x1")(x).sum().backward()
    assert np.allclose(x.grad, np.stack([2 * X[:, 0] + X[:, 1], X[:, 0]], axis=1))


def test_a_product_makes_xor_linear() -> None:
    X, y = nn.datasets.checkerboard(200, rng=1)
    model = nn.Sequential(nn.Features("x0*x1"), nn.Linear(1, 1, rng=0))
    history = nn.fit(model, X, y, "bce_with_logits", optimizer=nn.Adam(lr=0.1), epochs=50, metrics=["accuracy"], rng=0)
    assert history["accuracy"][-1] > 0.97


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ValueError, match=r"`names` is one of 'x0', 'x1'.*, not 'x2'"):
        nn.Features("x0", "x2")
    with pytest.raises(ValueError, match="`names` is empty"):
        nn.Features()
    with pytest.raises(ValueError, match=r"`x` has shape \(4, 3\); features are made of two inputs"):
        nn.Features("x0")(np.ones((4, 3)))
