"""Penalties: what they count, their gradients, and that training feels them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
from nn import L1, L2

MODEL = nn.Sequential(nn.Linear(2, 3, rng=0), nn.PReLU(), nn.Linear(3, 1, rng=1))


def weights(model: Any, biases: bool = False) -> np.ndarray:
    state = model.state_dict()
    kept = [np.ravel(x) for name, x in state.items() if biases or name.rpartition(".")[2] in ("weight", *"0123456789")]
    return np.concatenate(kept)


@pytest.mark.parametrize("model", [MODEL, nn.MLP.from_tensors(MODEL), nn.Maxout(2, 3, rng=0), nn.Neuron(2, rng=0)])
def test_weights_count_and_biases_do_not(model: Any) -> None:
    for p in model.parameters():
        p.data = p.data + 0.5
    w = weights(model)
    assert w.size < model.num_parameters()
    assert L2(0.1)(model).data == pytest.approx(0.05 * np.sum(w**2), rel=1e-13)
    assert L1(0.1)(model).data == pytest.approx(0.1 * np.sum(np.abs(w)), rel=1e-13)
    both = weights(model, biases=True)
    assert both.size == model.num_parameters()
    assert L2(2.0, biases=True)(model).data == pytest.approx(np.sum(both**2), rel=1e-13)


def test_gradients() -> None:
    layer = nn.Linear(2, 1)
    layer.weight.data = np.array([[3.0], [0.0]])
    L2(0.1)(layer).backward()
    assert layer.weight.grad.tolist() == [[pytest.approx(0.3)], [0.0]]
    layer.weight.grad = None
    L1(0.1)(layer).backward()
    assert layer.weight.grad.tolist() == [[0.1], [0.0]]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("kind", [nn.TensorMLP, nn.MLP])
def test_l2_is_the_weight_decay_of_sgd(kind: Any, compiled: bool) -> None:
    X, y = nn.datasets.xor()
    one, two = (kind(2, [3, 1], "tanh", rng=0) for _ in range(2))
    common: dict[str, Any] = {"epochs": 20, "batch_size": 2, "rng": 0, "compiled": compiled}
    nn.fit(one, X, y, optimizer=nn.SGD(lr=0.1), penalty=L2(0.3, biases=True), **common)
    nn.fit(two, X, y, optimizer=nn.SGD(lr=0.1, weight_decay=0.3), **common)
    assert np.allclose(weights(one, True), weights(two, True), rtol=1e-12, atol=1e-15)
    assert np.abs(weights(one)).max() < 0.5


def test_l1_makes_zeros() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 10))
    y = X[:, 0] * 2 - X[:, 1]
    model = nn.Linear(10, 1, rng=0)
    nn.fit(model, X, y, optimizer=nn.SGD(lr=lambda k: 0.1 / (1 + k / 50)), penalty=L1(0.1), epochs=300, batch_size=None)
    assert (np.abs(model.weight.data[2:]) < 1e-2).all()
    assert model.weight.data[:2, 0] == pytest.approx([2.0, -1.0], abs=0.15)


def test_what_is_shown_and_what_is_refused() -> None:
    assert repr([L1(1e-4), L2(0.5, biases=True)]) == "[L1(0.0001), L2(0.5, biases=True)]"
    for call, message in (
        (lambda: L2(-1.0), "`alpha` is -1"),
        (lambda: L2("a"), "`alpha` is a number"),  # type: ignore[arg-type]
        (lambda: L2(0.1)(3), "`model` is a Module, such as"),  # type: ignore[arg-type]
        (lambda: L2(0.1)(nn.ReLU()), "has no weights to keep small"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            call()
