"""Activations: layers made of the rows of the table."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import Tensor, Value
from nn import activations

X = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
LAYERS = [
    nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.Sigmoid, nn.Tanh, nn.Identity, nn.Step, nn.Sign,
    nn.Abs, nn.Softmax, nn.LogSoftmax,
]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_is_its_function(layer: Any) -> None:
    made = layer()
    assert np.array_equal(made(Tensor(X)).data, made.function(X))
    if not activations.is_of_rows(made.function):
        assert [made(Value(x)).data for x in X.tolist()] == pytest.approx(made.function(X).tolist(), rel=1e-15)
    assert made.parameters() == [] and repr(made) == f"{layer.__name__}()"
    assert isinstance(made, layer) and isinstance(made, nn.Activation)
    assert repr(pickle.loads(pickle.dumps(made))) == repr(made)
    assert f"`{activations.name_of(made.function)}`" in layer.__doc__ and f">>> {layer.__name__}()(" in layer.__doc__


def test_every_name_has_a_layer() -> None:
    assert {layer().function for layer in LAYERS} == set(activations.NAMES.values())


def test_settings() -> None:
    assert nn.LeakyReLU(slope=0.5)(-2.0) == -1.0
    assert nn.ELU(alpha=2.0)(Value(-1e3)).data == -2.0
    assert repr(nn.LeakyReLU(slope=0.5)) == "LeakyReLU(slope=0.5)"
    assert repr(nn.Activation(ag.sin)) == "Activation(sin)"
    assert nn.Activation("leaky_relu", slope=0.5)(-2.0) == -1.0
    with pytest.raises(TypeError, match="unknown setting `alpha`; its settings: slope"):
        nn.LeakyReLU(alpha=0.5)
    with pytest.raises(TypeError, match="it has no settings"):
        nn.ReLU(slope=0.5)
    with pytest.raises(TypeError, match="use the layer itself"):
        nn.Activation("prelu")


def test_an_argument_activation_may_be_a_name_a_function_or_a_layer() -> None:
    for given in ("relu", ag.relu, nn.ReLU, nn.ReLU()):
        assert activations.function_of(given) is ag.relu
    with pytest.raises(ValueError, match="'rleu' is unknown: use one of 'linear', 'identity', "):
        activations.function_of("rleu")
    for wrong in (3, nn.Linear, nn.Linear(1, 1), None):
        with pytest.raises(TypeError, match="`activation` is a name"):
            activations.function_of(wrong)


def test_the_faster_form_on_values_is_the_same() -> None:
    assert activations.on_values(ag.relu) is Value.relu
    for function in {f for f in activations.NAMES.values() if not activations.is_of_rows(f)}:
        for x in X.tolist():
            assert activations.on_values(function)(Value(x)).data == function(Value(x)).data
