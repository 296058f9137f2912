"""The Hessian of a net's loss is that of the same loss written as a function of its parameters."""

import numpy as np
import pytest

import autograd as ag
import nn
from nn import inspect

X = np.random.default_rng(0).normal(size=(6, 2))
Y = np.array([0, 1, 2, 1, 0, 2])


def test_as_the_hessian_of_a_function_of_the_parameters() -> None:
    model = nn.TensorMLP(2, [3, 3], "tanh", rng=0)

    def loss(theta):  # type: ignore[no-untyped-def]
        w, b, v, c = theta[:6].reshape(2, 3), theta[6:9], theta[9:18].reshape(3, 3), theta[18:]
        return nn.losses.cross_entropy(ag.tanh(X @ w + b) @ v + c, Y)

    theta = np.concatenate([p.data.ravel() for p in model.parameters()])
    want = ag.hessian(loss)(theta)
    found = inspect.hessian(model, X, Y, "cross_entropy")
    assert np.allclose(found, want, atol=1e-12) and np.allclose(found, found.T, atol=1e-12)
    v = np.random.default_rng(1).normal(size=model.num_parameters())
    assert np.allclose(inspect.hessian_product(model, X, Y, v, "cross_entropy"), want @ v, atol=1e-12)


def test_values_and_tensors_agree() -> None:
    model = nn.MLP(2, [3, 1], "tanh", rng=0)
    values = inspect.hessian(model, X, X[:, 0])
    tensors = inspect.hessian(model.to_tensors(), X, X[:, 0])
    assert values.shape == tensors.shape == (13, 13)  # in another order: by neuron, and by layer
    assert np.allclose(np.linalg.eigvalsh(values), np.linalg.eigvalsh(tensors), atol=1e-12)


def test_nothing_is_changed() -> None:
    model = nn.Linear(2, 1, rng=0)
    nn.losses.mse(model(X), X[:, :1]).backward()
    before = [p.grad.copy() for p in model.parameters()]
    inspect.hessian(model, X, X[:, 0])
    assert all(np.array_equal(p.grad, g) for p, g in zip(model.parameters(), before, strict=True))


def test_dropout_is_off_and_float32_is_enough() -> None:
    model, dropped = (nn.TensorMLP(2, [3, 1], "tanh", rng=0, dropout=rate) for rate in (0.0, 0.5))
    dropped.load_state_dict(dict(zip(dropped.state_dict(), model.state_dict().values(), strict=True)))
    want = inspect.hessian(model, X, X[:, 0])
    assert np.array_equal(inspect.hessian(dropped, X, X[:, 0]), want) and dropped.training
    small = nn.TensorMLP(2, [3, 1], "tanh", dtype=np.float32)
    small.load_state_dict(model.state_dict())
    assert np.allclose(inspect.hessian(small, X, X[:, 0]), want, atol=1e-5)


def test_a_loss_that_does_not_bend() -> None:
    model = nn.Linear(2, 1, rng=0)
    assert not inspect.hessian(model, X, X[:, 0], lambda z, y: z.sum()).any()
    assert not inspect.hessian(nn.MLP(2, [1], rng=0), X, X[:, 0], lambda z, y: z.sum()).any()


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(TypeError, match="`model` is a Module"):
        inspect.hessian(3, X, Y)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"`vector` has shape \(2,\); there are 3 parameters"):
        inspect.hessian_product(nn.Linear(2, 1), X, X[:, 0], [1.0, 2.0])
