"""Dropout and noise: their laws, what switches them, and one stream for eager nets, programs and nets of Values."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value

X = np.random.default_rng(0).normal(size=(6, 2))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean(rate: float) -> None:
    layer = nn.Dropout(rate, rng=0)
    out = layer(np.ones((200, 500))).data
    assert set(np.unique(out)) == {0.0, 1.0 / (1.0 - rate)}
    assert abs((out == 0).mean() - rate) < 0.005
    assert not np.array_equal(out, layer(np.ones((200, 500))).data)


def test_noise_has_its_spread() -> None:
    out = nn.Noise(0.3, rng=0)(np.full((200, 500), 2.0)).data
    assert abs(out.mean() - 2.0) < 0.005 and abs(out.std() - 0.3) < 0.005


def test_the_gradient_goes_where_the_numbers_went() -> None:
    x = Tensor(np.ones(100))
    out = nn.Dropout(0.5, rng=0)(x)
    out.sum().backward()
    assert np.array_equal(x.grad, out.data)
    x.zero_grad()
    nn.Noise(0.5, rng=0)(x).sum().backward()
    assert np.array_equal(x.grad, np.ones(100))


@pytest.mark.parametrize("layer", [nn.Dropout(0.5, rng=0), nn.Noise(0.5, rng=0)])
def test_in_use_nothing_happens(layer: Any) -> None:
    x = Tensor(X)
    assert layer.eval()(x) is x
    assert layer.train()(x) is not x
    assert np.array_equal(layer.outputs(X), X) and layer.training


@pytest.mark.parametrize("layer", [nn.Dropout(0.0, rng=0), nn.Noise(0.0, rng=0)])
def test_a_rate_of_nothing_draws_nothing(layer: Any) -> None:
    before = str(layer.rng.bit_generator.state)
    assert layer(X) is X and str(layer.rng.bit_generator.state) == before


@pytest.mark.parametrize("rng", [3, np.random.default_rng(3), random.Random(3)])
def test_any_source_and_dtype(rng: Any) -> None:
    for layer in (nn.Dropout(0.5, rng=rng), nn.Noise(0.5, rng=rng)):
        assert layer(Tensor(X, dtype=np.float32)).dtype == np.float32
        assert layer([[1, 2], [3, 4]]).shape == (2, 2) and layer(np.ones((2, 2), int)).dtype == np.float64


@pytest.mark.parametrize("make", [lambda: nn.Dropout(0.4, rng=7), lambda: nn.Noise(0.4, rng=7)])
def test_one_stream_for_tensors_values_and_programs(make: Any) -> None:
    whole = [make()(Tensor(X)).data, make()(Tensor(X)).data]
    one_by_one = make()
    rows = [[v.data for v in one_by_one([Value(x) for x in row])] for row in X.tolist()]
    assert np.array_equal(rows, whole[0])
    layer, again = make(), make()
    program = ag.compile(lambda x: layer(x) * 1.0)
    for _ in range(3):
        assert np.array_equal(program(X), again(Tensor(X)).data * 1.0)


@pytest.mark.parametrize("kind", [nn.TensorMLP, nn.MLP])
def test_training_with_dropout_is_the_same_compiled_or_not(kind: Any) -> None:
    y = np.array([0, 1, 1, 0, 1, 0])

    def trained(compiled: bool) -> Any:
        model = kind(2, [4, 4, 1], "prelu", dropout=0.3, rng=1)
        optimizer = nn.Adam(lr=0.05)
        nn.fit(model, X, y, "bce_with_logits", optimizer=optimizer, epochs=5, batch_size=4, rng=2, compiled=compiled)
        return model

    one, two = trained(True).state_dict(), trained(False).state_dict()
    assert all(np.allclose(one[name], two[name], rtol=1e-10, atol=1e-12) for name in one)


def test_a_list_may_mix_values_and_numbers() -> None:
    out = nn.Dropout(0.5, rng=1)([Value(1.0), 2.0, Value(3.0)])
    assert [type(v) for v in out] == [Value] * 3 and [v.data for v in out] == [2.0, 4.0, 0.0]


def test_a_saved_net_goes_on_with_its_stream(tmp_path: Any) -> None:
    model = nn.TensorMLP(2, [5, 5, 1], dropout=0.5, rng=0)
    model(X)
    nn.save(model, tmp_path / "model.npz")
    again = nn.load(tmp_path / "model.npz")
    assert np.array_equal(model(X).data, again(X).data)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dropout(1.0), "`rate` is 1; it must be at least 0 and less than 1"),
        (lambda: nn.Dropout(-0.1), "`rate` is -0.1"),
        (lambda: nn.Dropout("half"), "`rate` is a number"),  # type: ignore[arg-type]
        (lambda: nn.Noise(-1.0), "`std` is -1"),
        (lambda: nn.Noise(np.inf), "`std` is inf"),
        (lambda: nn.Dropout(rng="x"), "`rng` is a seed"),  # type: ignore[arg-type]
        (lambda: nn.MLP(2, [2, 1], dropout=1.5), "`dropout` is 1.5"),
        (lambda: nn.TensorMLP(2, [2, 1], dropout=-1), "`dropout` is -1"),
        (lambda: nn.Dropout()(np.array(["a"])), "needs real numbers"),
        (lambda: nn.Dropout()(None), r"`x` is None of object; Dropout\(0.5\) needs real numbers"),
    ],
)
def test_wrong_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        make()
