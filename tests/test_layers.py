"""Layers on Tensors: numbers, shapes, and what is refused."""

from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor

X = np.random.default_rng(0).normal(size=(5, 3))


def test_linear_is_xw_plus_b() -> None:
    layer = nn.Linear(3, 2, rng=0)
    assert layer.bias is not None and layer.bias.data.tolist() == [0.0, 0.0]
    layer.bias.data = np.array([1.0, -1.0])
    assert np.array_equal(layer(X).data, X @ layer.weight.data + [1.0, -1.0])
    assert layer(X[0]).shape == (2,) and layer(X.reshape(1, 5, 3)).shape == (1, 5, 2)
    assert (layer.weight.label, layer.bias.label) == ("weight", "bias")
    bare = nn.Linear(3, 2, bias=False, rng=0)
    assert np.array_equal(bare(X).data, X @ bare.weight.data) and bare.num_parameters() == 6


def test_gradients_of_linear_by_hand() -> None:
    layer, x, g = nn.Linear(3, 2, rng=0), Tensor(X), np.arange(10.0).reshape(5, 2)
    layer(x).backward(g)
    assert layer.bias is not None
    assert np.allclose(layer.weight.grad, X.T @ g) and np.allclose(layer.bias.grad, g.sum(axis=0))
    assert np.allclose(x.grad, g @ layer.weight.data.T)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_of_the_weights_decides(dtype: Any) -> None:
    layer = nn.Linear(3, 2, dtype=dtype)
    assert layer(X).dtype == layer(X.astype(int)).dtype == layer([[1, 2, 3]]).dtype == dtype


def test_law_and_rng() -> None:
    assert np.array_equal(nn.Linear(3, 2, rng=1).weight.data, nn.init.glorot_uniform(3, 2, rng=1))
    layer = nn.Linear(3, 2, initializer=nn.init.he_uniform, rng=1)
    assert np.array_equal(layer.weight.data, nn.init.he_uniform(3, 2, rng=1))


@pytest.mark.parametrize("sizes", [(0, 1), (1, -1), (1.5, 1), (True, 1), ("3", 1)])
def test_wrong_sizes_are_refused(sizes: Any) -> None:
    with pytest.raises(ValueError, match=r"`fan_(in|out)` is a whole number from 1"):
        nn.Linear(*sizes)


def test_a_wrong_input_is_explained() -> None:
    for x in (X[:, :2], Tensor(X.T), 1.0):
        with pytest.raises(ValueError, match=r"Linear\(3, 2\) needs \(\.\.\., 3\)"):
            nn.Linear(3, 2)(x)
    with pytest.raises(TypeError, match="float32 or float64"):
        nn.Linear(3, 2, dtype=int)


def test_sequential() -> None:
    first, second = nn.Linear(3, 4, rng=0), nn.Linear(4, 1, rng=1)
    model = nn.Sequential(first, nn.Tanh(), second)
    assert np.array_equal(model(X).data, second(np.tanh(first(X).data)).data)
    assert model[0] is first and model[-1] is second and len(model) == 3 and list(model)[2] is second
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    with pytest.raises(TypeError, match=r"`layers\[1\]` is .*: write ReLU\(\)"):
        nn.Sequential(first, nn.ReLU)
    with pytest.raises(TypeError, match=r"`layers\[0\]` is 3, not a Module"):
        nn.Sequential(3)  # type: ignore[arg-type]


def test_outputs_are_plain_and_leave_no_graph() -> None:
    model = nn.TensorMLP(3, [4, 2], rng=0)
    out = model.outputs(X)
    assert type(out) is np.ndarray and np.array_equal(out, model(X).data)
    out += 1
    assert np.array_equal(out - 1 + 1, model.outputs(X) + 1)


def test_a_mask_cuts_connections_for_good() -> None:
    mask = np.array([[1, 0], [0, 1], [1, 1]])
    layer = nn.Linear(3, 2, mask=mask == 1, rng=0)
    whole = nn.Linear(3, 2, rng=0)
    assert np.array_equal(layer.weight.data, whole.weight.data * mask)
    assert np.array_equal(layer(X).data, X @ (whole.weight.data * mask))
    optimizer = nn.AdamW(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (layer(X) ** 2).sum().backward()
        optimizer.step()
    assert np.array_equal(layer.weight.data != 0, mask == 1)
    layer.weight.data = np.ones((3, 2))
    assert np.allclose(layer(X).data, X @ mask + layer.bias.data, rtol=1e-14)  # type: ignore[union-attr]
    assert repr(layer) == "Linear(3, 2, mask=array(3, 2))"
    for wrong in (np.ones((2, 3)), mask * 0.5, mask - 1, [["a", "b"]] * 3):
        with pytest.raises(ValueError, match=r"`mask` is an array of shape \(3, 2\) of 0 and 1"):
            nn.Linear(3, 2, mask=wrong)
    with pytest.raises(ValueError, match="a mask has no counterpart"):
        nn.MLP.from_tensors(nn.Sequential(layer))


def test_maxout_is_the_greatest_of_its_pieces() -> None:
    layer = nn.Maxout(3, 2, pieces=4, rng=0)
    W = layer.linear.weight.data.reshape(3, 2, 4)
    assert np.allclose(layer(X).data, np.einsum("ni,ijk->njk", X, W).max(axis=2), rtol=1e-14)
    assert abs(W).max() <= np.sqrt(6 / 5) and nn.Maxout(3, 2, pieces=1, rng=0)(X).shape == (5, 2)
    tied = nn.Maxout(1, 1, pieces=2, initializer=nn.init.constant(1.0))
    tied([[2.0]]).backward()
    assert tied.linear.weight.grad.tolist() == [[1.0, 1.0]]
    with pytest.raises(ValueError, match="`pieces` is a whole number from 1"):
        nn.Maxout(3, 2, pieces=0)


def test_flatten_and_residual() -> None:
    assert nn.Flatten()(Tensor(np.ones((2, 3, 4)))).shape == (2, 12) and nn.Flatten()(np.ones(3)).shape == (3, 1)
    assert nn.Flatten()(np.ones((0, 3, 4))).shape == (0, 12)
    with pytest.raises(ValueError, match="single number"):
        nn.Flatten()(1.0)
    inner = nn.Linear(3, 3, rng=0)
    layer = nn.Residual(nn.Sequential(inner, nn.Tanh()))
    assert np.array_equal(layer(X).data, X + np.tanh(inner(X).data)) and layer.num_parameters() == 12
    assert nn.Residual(nn.Linear(3, 3, dtype=np.float32))(X).dtype == np.float32
    with pytest.raises(ValueError, match=r"`inner` makes of shape \(5, 3\) shape \(5, 1\)"):
        nn.Residual(nn.Linear(3, 1))(X)
    with pytest.raises(TypeError, match=r"`inner` is a Module, not .*: write Sequential\(\*layers\)"):
        nn.Residual([inner])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="of Values; a Residual is put around layers of Tensors"):
        nn.Residual(nn.Layer(3, 3))


@pytest.mark.parametrize(
    ("layer", "name", "meant"),
    [
        (nn.Linear(2, 1), "wieght", "weight"),
        (nn.Dropout(0.5), "rates", "rate"),
        (nn.PReLU(), "slopes", "slope"),
        (nn.Noise(0.1), "seed", "rng"),
        (nn.MLP(2, [1]), "layer", "layers"),
        (nn.Maxout(2, 1), "piece", "pieces"),
        (nn.Neuron(2), "activaton", "activation"),
    ],
)
def test_a_misspelled_attribute_of_a_layer_is_refused(layer: Any, name: str, meant: str) -> None:
    with pytest.raises(AttributeError, match=f"has no attribute `{name}`, which nothing would read. .*'{meant}'"):
        setattr(layer, name, 0.5)
    layer.note = "kept"  # what resembles nothing is the user's own
    assert not hasattr(layer, name) and layer.note == "kept"


def test_a_layer_of_a_user_has_any_attributes() -> None:
    class Own(nn.Linear):
        def __init__(self) -> None:
            super().__init__(2, 1)
            self.weights = [self.weight]

    assert Own().weights[0].shape == (2, 1)
