"""Quasi-Newton: SciPy's numbers with our gradients, and parameters that are always the best seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import autograd as ag
import nn
from autograd import Tensor, Value
from nn import minimize

START = np.array([-1.2, 1.0])


def rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x)


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "CG"])
@pytest.mark.parametrize("compiled", [True, False])
def test_the_same_way_as_scipy_with_its_own_gradient(method: str, compiled: bool) -> None:
    theirs = optimize.minimize(optimize.rosen, START, jac=optimize.rosen_der, method=method)
    x, y = Value(START[0]), Value(START[1])
    ours = minimize(lambda: rosenbrock(x, y), [x, y], method=method, compiled=compiled)
    assert ours.nfev == theirs.nfev and np.allclose(ours.x, theirs.x, rtol=1e-6)
    assert [x.data, y.data] == ours.x.tolist() and type(x.data) is float


def test_tensors_of_any_shape_and_dtype() -> None:
    a, b, c = Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor(5.0), Tensor([1.0], dtype=np.float32)
    result = minimize(lambda: ((a - 2.0) ** 2).sum() + (b + 1.0) ** 2 + ((c - 0.5) ** 2).sum(), [a, b, c])
    assert result.success and np.allclose(a.data, 2.0, atol=1e-6) and b.data.shape == () and c.dtype == np.float32
    assert abs(b.item() + 1.0) < 1e-6 and abs(c.item() - 0.5) < 1e-6


def test_a_net_is_trained_in_few_iterations() -> None:
    X, y = nn.datasets.moons(n=100, noise=0.1, rng=1)
    targets = (np.asarray(y) > 0).astype(float)[:, None]
    model = nn.TensorMLP(2, [16, 1], "tanh", rng=0)
    penalty = nn.L2(1e-4)

    def objective() -> Any:
        return nn.losses.bce_with_logits(model(X), targets) + penalty(model)

    result = minimize(objective, model.parameters(), options={"maxiter": 100}, compiled=True)
    assert result.nit <= 100 and ((model.outputs(X) > 0) == (targets > 0.5)).all()
    assert result.fun == pytest.approx(objective().item(), rel=1e-12)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_end_in_the_middle_leaves_the_best(error: type[BaseException]) -> None:
    x, y = Value(START[0]), Value(START[1])
    seen: list[tuple[float, float, float]] = []

    def objective() -> Any:
        if len(seen) == 12:
            raise error
        out = rosenbrock(x, y)
        seen.append((out.data, x.data, y.data))
        return out

    with pytest.raises(error):
        minimize(objective, [x, y])
    assert (x.data, y.data) == min(seen)[1:]


def test_an_unused_parameter_stays() -> None:
    x, y = Value(3.0), Value(2.0)
    minimize(lambda: x * x, [x, y])
    assert y.data == 2.0 and abs(x.data) < 1e-6


def test_settings_go_to_scipy() -> None:
    x = Tensor([3.0, 3.0])
    steps: list[Any] = []
    result = minimize(
        lambda: ((x - 1.0) ** 2).sum(), [x], bounds=[(2.0, None), (None, None)], callback=lambda xk: steps.append(xk)
    )
    assert np.allclose(x.data, [2.0, 1.0]) and len(steps) == result.nit
    with pytest.raises(ValueError, match=r"`method` is one of .*'bfgs', .*, not .magic."):
        minimize(lambda: x.sum(), [x], method="magic")


def test_mistakes_are_named_and_change_nothing() -> None:
    x = Tensor([1.0, 2.0])
    for objective, error, message in (
        (lambda: x * 2.0, TypeError, "`objective` gives a single number"),
        (lambda: 3.0, TypeError, "`objective` gives a single number"),
        (lambda: ag.log(x - 1.0).sum(), FloatingPointError, "infinite or NaN at the start"),
    ):
        with pytest.raises(error, match=message):
            minimize(objective, [x])
        assert x.data.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="`parameters` is empty"):
        minimize(lambda: x.sum(), [])
    with pytest.raises(TypeError, match="`parameters` are Values and Tensors in a list"):
        minimize(lambda: x.sum(), x)
