"""vmap: what it gives is what a loop over the cases gives, eagerly, differentiated and compiled."""

import itertools
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, compile, grad, mean, tanh, value_and_grad, vmap, without_collector


def test_a_function_of_numbers_is_mapped_over_arrays() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.25, 0.125])
    np.testing.assert_array_equal(vmap(lambda a, b: a * b)(x, y), x * y)
    np.testing.assert_array_equal(vmap(lambda a, b: a * b, in_axes=(0, None))(x, 2.0), x * 2)
    np.testing.assert_array_equal(vmap(lambda a: a[0] + a, in_axes=1)(np.ones((2, 3))), 2 * np.ones((3, 2)))
    np.testing.assert_array_equal(vmap(lambda a: a[0] + a, in_axes=-1)(np.ones((2, 3))), 2 * np.ones((3, 2)))


def test_containers_go_in_and_come_out() -> None:
    data = {"x": np.arange(4.0), "y": np.ones((4, 2))}
    out = vmap(lambda d: [d["x"] * 2.0, {"sum": d["x"] + d["y"]}])(data)
    np.testing.assert_array_equal(out[0], 2 * np.arange(4.0))
    np.testing.assert_array_equal(out[1]["sum"], np.arange(4.0)[:, None] + np.ones((4, 2)))


def test_gradients_flow_through_the_cases() -> None:
    w, x = Value(0.5), Tensor([1.0, -2.0, 3.0])
    loss = ag.sum(vmap(lambda a: tanh(w * a))(x))
    loss.backward()
    slope = 1 - np.tanh(0.5 * x.data) ** 2
    assert w.grad == pytest.approx((slope * x.data).sum())
    np.testing.assert_allclose(x.grad, slope * 0.5)


def test_it_nests_and_is_differentiated_at_second_order() -> None:
    x = np.array([[0.1, 0.2], [0.3, 0.4]])
    np.testing.assert_allclose(vmap(vmap(lambda a: a * a))(x), x * x)
    second = vmap(grad(grad(lambda a: a**3)))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(second, [6.0, 12.0])


def net_loss(parameters: Any, x: Any, y: Any) -> Any:
    h = list(x)
    for ws, bs in parameters:
        h = [tanh(sum((w * u for w, u in zip(row, h, strict=True)), b)) for row, b in zip(ws, bs, strict=True)]
    return (h[0] - y) ** 2


@pytest.mark.parametrize("captured", [False, True])
def test_a_net_of_numbers_mapped_over_cases_compiles_to_matrix_products(captured: bool) -> None:
    rng = np.random.default_rng(1)
    parameters = [
        ([rng.normal(size=n).tolist() for _ in range(m)], rng.normal(size=m).tolist())
        for n, m in itertools.pairwise([3, 8, 8, 1])
    ]
    X, y = rng.normal(size=(24, 3)), rng.normal(size=24)

    def loss(parameters: Any, X: Any = X, y: Any = y) -> Any:
        return mean(vmap(net_loss, (None, 0, 0))(parameters, X, y))

    f = value_and_grad(loss)
    args = (parameters,) if captured else (parameters, X, y)
    program = compile(f)
    with without_collector():
        want = ag.containers.flatten(f(*args))
        have = ag.containers.flatten(program(*args))
    np.testing.assert_allclose(np.array(have, float), np.array(want, float), rtol=1e-10)
    (trace,) = next(iter(program._traces.values()))
    assert sum(name == "matmul" and each["m"] != 1 for (name, *_), each in trace.body.calls) >= 6
    if not captured:
        other = rng.normal(size=(24, 3))
        assert float(program(parameters, other, y)[0]) == pytest.approx(float(f(parameters, other, y)[0]), rel=1e-10)


def test_what_cannot_be_mapped_is_named() -> None:
    f = vmap(lambda a, b: a + b)
    with pytest.raises(ValueError, match="number of examples, at least one; found 2 in argument 0, 3 in argument 1"):
        f(np.ones(2), np.ones(3))
    with pytest.raises(ValueError, match=r"argument 1 holds .* no axis 0"):
        f(np.ones(2), 3.0)
    with pytest.raises(ValueError, match="`in_axes` has 1 entries for 2 arguments"):
        vmap(lambda a, b: a + b, in_axes=(0,))(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="at least one; found none"):
        vmap(lambda a: a, in_axes=None)(1.0)
    with pytest.raises(ValueError, match="at least one; found 0"):
        vmap(lambda a: a)(np.ones(0))
    with pytest.raises(TypeError, match="`f` is a function to map"):
        vmap(3)
