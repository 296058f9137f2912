"""What a user writes, for mypy and pyright: an `assert_type` fails where a name has lost its type. It runs as well."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_type

import numpy as np

from chalkgrad import Node, Tensor, Value, compile, draw, grad, nn, no_grad, sin, value_and_grad, vmap

a, b = Value(2.0, label="a"), Value(-3.0, label="b")
assert_type(a * 3, Value)
assert_type(3 * a, Value)
assert_type(a + b, Value)
assert_type(-a / b - 1, Value)
assert_type(a**2, Value)
assert_type(a.tanh(), Value)
assert_type(a.data, float)

t = Tensor([[1.0, 2.0], [3.0, 4.0]])
assert_type(t.sum(), Tensor)
assert_type(t @ t, Tensor)
assert_type(2 * t - 1, Tensor)
assert_type(t[0], Tensor)
assert_type(t.T, Tensor)
assert_type(t.data, np.ndarray)


def error(w: float, x: float, *, scale: float = 1.0) -> Any:
    """Return a squared error."""
    return scale * (w * x - 1.0) ** 2


slope = grad(error)
slope(2.0, 3.0, scale=0.5)
value_and_grad(error)(2.0, 3.0)
vmap(sin)(np.ones(3))

program = compile(error)
program(2.0, 3.0, scale=0.5)
root: Node = a * b
compile(root)()

picture = draw(root)
save: Callable[..., Any] = picture.save

X, y = nn.datasets.xor()
model = nn.TensorMLP(2, [8, 1], "tanh", rng=1)
history = nn.fit(model, X, y, "mse", optimizer=nn.SGD(lr=0.1), epochs=2, batch_size=None, rng=0)
assert_type(history, nn.History)
assert_type(history["loss"], list[float])
assert_type(model.outputs(X), np.ndarray)
assert_type(model.num_parameters(), int)
assert_type(nn.MLP(2, [3, 1])([0.5, 1.0]), list[Value])
assert_type(nn.Linear(2, 1)(X), Tensor)
assert_type(nn.Neuron(2)([0.5, 1.0]), Value)
path: str | Path = "net.npz"
with no_grad():
    assert_type(nn.losses.mse, nn.losses.Criterion)
assert_type(model(X), Tensor)
