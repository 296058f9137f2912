"""Edge cases: at kinks, at infinities, outside the domain, and where the textbook's formula loses its digits.

Each row of `CASES` holds for floats through `grad`, for Values, for Tensors, and for the backward graph of both.
The rule is PyTorch's written one: where the function is differentiable, the derivative; at a convex kink the
subgradient of least norm; otherwise by continuity; what is undefined is NaN.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, grad, jvp, value_and_grad
from autograd.primitives.arithmetic import reciprocal

inf, nan = math.inf, math.nan
Case = tuple[Callable[..., Any], tuple[float, ...], float, tuple[float, ...]]


def bce(z: Any, y: float) -> Any:
    """Binary cross-entropy from a logit."""
    return ag.softplus(z) - y * z


def entropy(p: Any) -> Any:
    return -ag.xlogy(p, p)


# name: function, point, value, gradient
CASES: dict[str, Case] = {
    "x**2 at 0": (lambda x: x**2, (0.0,), 0.0, (0.0,)),
    "x**1 at 0": (lambda x: x**1, (0.0,), 0.0, (1.0,)),
    "x**0 at 0": (lambda x: x**0, (0.0,), 1.0, (0.0,)),
    "x**0.5 at 0": (lambda x: x**0.5, (0.0,), 0.0, (inf,)),
    "x**0.5 at -1": (lambda x: x**0.5, (-1.0,), nan, (nan,)),
    "sqrt at 0": (ag.sqrt, (0.0,), 0.0, (inf,)),
    "sqrt at -1": (ag.sqrt, (-1.0,), nan, (nan,)),
    "a root of a negative number": (lambda x: x ** (1 / 3), (-8.0,), nan, (nan,)),
    "1/x at 0": (lambda x: 1 / x, (0.0,), inf, (-inf,)),
    "x**-1 at 0": (lambda x: x**-1, (0.0,), inf, (-inf,)),
    "reciprocal at 0": (reciprocal, (0.0,), inf, (-inf,)),
    "(-2)**3, exponent constant": (lambda x: x**3, (-2.0,), -8.0, (12.0,)),
    "(-2)**3, exponent a variable": (lambda x, y: x**y, (-2.0, 3.0), -8.0, (12.0, nan)),
    "0**y, y > 0": (lambda y: 0.0**y, (2.0,), 0.0, (0.0,)),
    "0**0, both variables": (lambda x, y: x**y, (0.0, 0.0), 1.0, (0.0, 0.0)),
    "0**y, y < 0": (lambda y: ag.pow(0.0, y), (-1.0,), inf, (-inf,)),
    "nan**0": (lambda x: x**0, (nan,), 1.0, (0.0,)),
    "abs at 0": (ag.abs, (0.0,), 0.0, (0.0,)),
    "abs at -0.0": (ag.abs, (-0.0,), 0.0, (0.0,)),
    "relu at 0": (ag.relu, (0.0,), 0.0, (0.0,)),
    "relu at -0.0": (ag.relu, (-0.0,), 0.0, (0.0,)),
    "leaky_relu at 0": (lambda x: ag.leaky_relu(x, 0.2), (0.0,), 0.0, (0.2,)),
    "relu of nan": (ag.relu, (nan,), nan, (nan,)),
    "maximum(nan, 1)": (lambda x: ag.maximum(x, 1.0), (nan,), nan, (nan,)),
    "maximum(1, nan)": (lambda x: ag.maximum(1.0, x), (nan,), nan, (nan,)),
    "minimum(1, nan)": (lambda x: ag.minimum(1.0, x), (nan,), nan, (nan,)),
    "maximum of equals": (ag.maximum, (3.0, 3.0), 3.0, (0.5, 0.5)),
    "minimum of equals": (ag.minimum, (3.0, 3.0), 3.0, (0.5, 0.5)),
    "maximum of equal infinities": (ag.maximum, (inf, inf), inf, (0.5, 0.5)),
    "clip below": (lambda x: ag.clip(x, 0.0, 1.0), (-0.1,), 0.0, (0.0,)),
    "clip at the lower bound": (lambda x: ag.clip(x, 0.0, 1.0), (0.0,), 0.0, (0.0,)),
    "clip inside": (lambda x: ag.clip(x, 0.0, 1.0), (0.5,), 0.5, (1.0,)),
    "clip at the upper bound": (lambda x: ag.clip(x, 0.0, 1.0), (1.0,), 1.0, (0.0,)),
    "clip above": (lambda x: ag.clip(x, 0.0, 1.0), (1.1,), 1.0, (0.0,)),
    "where, the other branch infinite": (lambda x: ag.where(x > 0, ag.sqrt(x), 2 * x), (0.0,), 0.0, (2.0,)),
    "where, the other branch nan": (lambda x: ag.where(x < 0, 3 * x, ag.log(x)), (-1.0,), -3.0, (3.0,)),
    "where, the other branch deep": (
        lambda x: ag.where(x > 0, ag.exp(ag.log(ag.sqrt(x)) * 2), x),
        (0.0,),
        0.0,
        (1.0,),
    ),
    "where, both branches from one bad node": (
        lambda x: ag.where(x > 0, (y := ag.sqrt(x)), 0 * x + 5) + ag.where(x > 0, y * y, x),
        (0.0,),
        5.0,
        (1.0,),
    ),
    "hypot(0, 0)": (ag.hypot, (0.0, 0.0), 0.0, (0.0, 0.0)),
    "log(0)": (ag.log, (0.0,), -inf, (inf,)),
    "log(-1)": (ag.log, (-1.0,), nan, (nan,)),
    "log2(0)": (ag.log2, (0.0,), -inf, (inf,)),
    "log10(-1)": (ag.log10, (-1.0,), nan, (nan,)),
    "log1p(-1)": (ag.log1p, (-1.0,), -inf, (inf,)),
    "log1p(-2)": (ag.log1p, (-2.0,), nan, (nan,)),
    "exp(1000)": (ag.exp, (1000.0,), inf, (inf,)),
    "exp(-1000)": (ag.exp, (-1000.0,), 0.0, (0.0,)),
    "xlogy(0, 0)": (ag.xlogy, (0.0, 0.0), 0.0, (0.0, 0.0)),
    "xlogy(0, y)": (ag.xlogy, (0.0, 2.0), 0.0, (math.log(2.0), 0.0)),
    "sigmoid(1000)": (ag.sigmoid, (1000.0,), 1.0, (0.0,)),
    "sigmoid(-1000)": (ag.sigmoid, (-1000.0,), 0.0, (0.0,)),
    "sigmoid(inf)": (ag.sigmoid, (inf,), 1.0, (0.0,)),
    "sigmoid(-inf)": (ag.sigmoid, (-inf,), 0.0, (0.0,)),
    "softplus(1000)": (ag.softplus, (1000.0,), 1000.0, (1.0,)),
    "softplus(-1000)": (ag.softplus, (-1000.0,), 0.0, (0.0,)),
    "softplus(inf)": (ag.softplus, (inf,), inf, (1.0,)),
    "softplus(-inf)": (ag.softplus, (-inf,), 0.0, (0.0,)),
    "softplus(20.5)": (ag.softplus, (20.5,), 20.500000001249867, (1 / (1 + math.exp(-20.5)),)),
    "log_sigmoid(1000)": (ag.log_sigmoid, (1000.0,), 0.0, (0.0,)),
    "log_sigmoid(-1000)": (ag.log_sigmoid, (-1000.0,), -1000.0, (1.0,)),
    "log_sigmoid(inf)": (ag.log_sigmoid, (inf,), 0.0, (0.0,)),
    "log_sigmoid(-inf)": (ag.log_sigmoid, (-inf,), -inf, (1.0,)),
    "tanh(1000)": (ag.tanh, (1000.0,), 1.0, (0.0,)),
    "tanh(-1000)": (ag.tanh, (-1000.0,), -1.0, (0.0,)),
    "tanh(inf)": (ag.tanh, (inf,), 1.0, (0.0,)),
    "tanh(-inf)": (ag.tanh, (-inf,), -1.0, (0.0,)),
    "cross-entropy of logit 1000, label 0": (lambda z: bce(z, 0.0), (1000.0,), 1000.0, (1.0,)),
    "cross-entropy of logit -1000, label 1": (lambda z: bce(z, 1.0), (-1000.0,), 1000.0, (-1.0,)),
    "cross-entropy of logit 0, label 1/2": (lambda z: bce(z, 0.5), (0.0,), math.log(2.0), (0.0,)),
    "log1p(1e-20)": (ag.log1p, (1e-20,), 1e-20, (1.0,)),
    "expm1(1e-20)": (ag.expm1, (1e-20,), 1e-20, (1.0,)),
    "floor": (ag.floor, (2.0,), 2.0, (0.0,)),
    "ceil": (ag.ceil, (2.5,), 3.0, (0.0,)),
    "round": (ag.round, (2.5,), 2.0, (0.0,)),
    "sign at 0": (ag.sign, (0.0,), 0.0, (0.0,)),
    "-7 % 3": (lambda x, y: x % y, (-7.0, 3.0), 2.0, (1.0, 3.0)),
    "fmod(-7, 3)": (ag.fmod, (-7.0, 3.0), -1.0, (1.0, 2.0)),
    "atan2(0, 0)": (ag.atan2, (0.0, 0.0), 0.0, (0.0, 0.0)),
    "x * log(x) at 0": (lambda x: x * ag.log(x), (0.0,), nan, (nan,)),
    "asin at 1": (ag.asin, (1.0,), math.pi / 2, (inf,)),
    "acos at -1": (ag.acos, (-1.0,), math.pi, (-inf,)),
    "asin outside": (ag.asin, (2.0,), nan, (nan,)),
    "atanh at 1": (ag.atanh, (1.0,), inf, (inf,)),
    "acosh at 1": (ag.acosh, (1.0,), 0.0, (inf,)),
    "sinc at 0": (ag.sinc, (0.0,), 1.0, (0.0,)),
    "gelu(1000)": (ag.gelu, (1000.0,), 1000.0, (1.0,)),
    "gelu(-1000)": (ag.gelu, (-1000.0,), 0.0, (0.0,)),
    "silu(1000)": (ag.silu, (1000.0,), 1000.0, (1.0,)),
    "silu(-1000)": (ag.silu, (-1000.0,), 0.0, (0.0,)),
    "elu at 0": (ag.elu, (0.0,), 0.0, (1.0,)),
    "elu(1000)": (ag.elu, (1000.0,), 1000.0, (1.0,)),
    "cosh(1000)": (ag.cosh, (1000.0,), inf, (inf,)),
    "hypot without overflow": (ag.hypot, (3e200, 4e200), 5e200, (0.6, 0.8)),
    "logaddexp(1000, 1000)": (ag.logaddexp, (1000.0, 1000.0), 1000 + math.log(2.0), (0.5, 0.5)),
    "logaddexp(-inf, 1)": (ag.logaddexp, (-inf, 1.0), 1.0, (0.0, 1.0)),
}

# functions of a vector: value, gradient
VECTORS: dict[str, tuple[Callable[[Any], Any], list[float], float, list[float]]] = {
    "norm of zeros": (ag.norm, [0.0, 0.0], 0.0, [0.0, 0.0]),
    "norm without overflow": (ag.norm, [3e200, 4e200], 5e200, [0.6, 0.8]),
    "std of a constant": (ag.std, [2.0, 2.0, 2.0], 0.0, [0.0, 0.0, 0.0]),
    "max with ties": (ag.max, [1.0, 5.0, 5.0], 5.0, [0.0, 0.5, 0.5]),
    "min with ties": (ag.min, [1.0, 1.0, 5.0], 1.0, [0.5, 0.5, 0.0]),
    "prod with one zero": (ag.prod, [2.0, 0.0, 3.0], 0.0, [0.0, 6.0, 0.0]),
    "prod with two zeros": (ag.prod, [2.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0]),
    "logsumexp, all -inf": (ag.logsumexp, [-inf, -inf], -inf, [0.0, 0.0]),
    "logsumexp, one -inf": (ag.logsumexp, [-inf, 1.0], 1.0, [0.0, 1.0]),
    "logsumexp of large numbers": (ag.logsumexp, [1000.0, 1000.0], 1000 + math.log(2.0), [0.5, 0.5]),
    "softmax at +-1000": (lambda x: ag.softmax(x)[0], [1000.0, -1000.0], 1.0, [0.0, 0.0]),
    "log_softmax at +-1000": (lambda x: ag.log_softmax(x)[1], [1000.0, -1000.0], -2000.0, [-1.0, 1.0]),
    "cross-entropy [1000, 0], label 1": (lambda x: -ag.log_softmax(x)[1], [1000.0, 0.0], 1000.0, [1.0, -1.0]),
    "entropy at 0": (lambda p: entropy(p).sum(), [0.0, 1.0], 0.0, [0.0, -1.0]),
    "where, by element": (lambda x: ag.where(x.data > 0, ag.log(x), 2 * x).sum(), [0.0, 1.0], 0.0, [2.0, 1.0]),
    "where, by element, deep": (
        lambda x: ag.where(x.data > 0, ag.sqrt(ag.sqrt(x)) * 3, x).sum(),
        [0.0, 1.0],
        3.0,
        [1.0, 0.75],
    ),
    "mean of one number": (ag.mean, [3.0], 3.0, [1.0]),
}

SECOND: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "x**2 at 0": (lambda x: x**2, 0.0, 2.0),
    "x**1 at 0": (lambda x: x**1, 0.0, 0.0),
    "x**0 at 0": (lambda x: x**0, 0.0, 0.0),
    "x**3 at 0": (lambda x: x**3, 0.0, 0.0),
    "relu at 0": (ag.relu, 0.0, 0.0),
    "abs at 0": (ag.abs, 0.0, 0.0),
    "sigmoid(1000)": (ag.sigmoid, 1000.0, 0.0),
    "tanh(-1000)": (ag.tanh, -1000.0, 0.0),
    "softplus(1000)": (ag.softplus, 1000.0, 0.0),
    "expm1(1e-20)": (ag.expm1, 1e-20, 1.0),
    "sinc at 0": (ag.sinc, 0.0, -(math.pi**2) / 3),
    "where, the other branch infinite": (lambda x: ag.where(x > 0, ag.sqrt(x), x * x), 0.0, 2.0),
    "log(0)": (ag.log, 0.0, -inf),
}


def same(have: Any, want: Any) -> None:
    np.testing.assert_allclose(have, want, rtol=2e-14, atol=0.0)


@pytest.mark.parametrize("name", CASES)
def test_floats(name: str) -> None:
    f, at, value, gradient = CASES[name]
    got, grads = value_and_grad(f, tuple(range(len(at))))(*at)
    same(got, value)
    same(grads, gradient)


@pytest.mark.parametrize("name", CASES)
def test_forward_mode(name: str) -> None:
    f, at, value, gradient = CASES[name]
    for i, want in enumerate(gradient):
        if len(at) > 1 and any(math.isnan(g) for g in gradient):
            continue  # 0 * nan: a direction does not choose among the operands
        got, slope = jvp(f, at, [float(i == j) for j in range(len(at))])
        same(got, value)
        same(slope, want)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_values(name: str, create_graph: bool) -> None:
    f, at, value, gradient = CASES[name]
    xs = [Value(x) for x in at]
    y = f(*xs)
    y.backward(create_graph=create_graph)
    same(y.data, value)
    same([float(x.grad) for x in xs], gradient)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_tensors(name: str, create_graph: bool) -> None:
    f, at, value, gradient = CASES[name]
    xs = [Tensor([x, x]) for x in at]
    y = f(*xs)
    y.sum().backward(create_graph=create_graph)
    same(y.data, [value, value])
    for x, want in zip(xs, gradient, strict=True):
        same(getattr(x.grad, "data", x.grad), [want, want])


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", VECTORS)
def test_vectors(name: str, create_graph: bool) -> None:
    f, at, value, gradient = VECTORS[name]
    x = Tensor(at)
    y = f(x)
    y.backward(create_graph=create_graph)
    same(y.data, value)
    same(getattr(x.grad, "data", x.grad), gradient)
    same(grad(f)(np.array(at)), gradient)


@pytest.mark.parametrize("name", SECOND)
def test_second_order(name: str) -> None:
    f, at, want = SECOND[name]
    same(grad(grad(f))(at), want)
    x = Value(at)
    f(x).backward(create_graph=True)
    slope = x.grad
    x.zero_grad()
    if slope.requires_grad:
        slope.backward()
    same(float(x.grad), want)
    same(grad(lambda v: grad(lambda u: f(u).sum())(v).sum())(np.array([at, at])), [want, want])


@pytest.mark.parametrize("f", [ag.softmax, ag.log_softmax])
def test_scores_that_are_all_minus_infinity_give_nan_in_silence(f: Any) -> None:
    for x in (np.array([-inf, -inf]), Tensor([-inf, -inf])):
        assert np.all(np.isnan(f(x).data if isinstance(x, Tensor) else f(x)))


def test_numbers_to_a_power_as_ieee_has_it() -> None:
    assert (Value(1.0) ** inf).data == 1.0 and (Value(nan) ** 0).data == 1.0
    assert np.array_equal((Tensor([1.0, nan]) ** Tensor([inf, 0.0])).data, [1.0, 1.0])


def test_nothing_raises_and_nothing_warns_where_python_does() -> None:
    for f, x in [(ag.log, 0.0), (ag.exp, 1000.0), (ag.sqrt, -1.0), (ag.asin, 2.0), (ag.cosh, 1000.0), (ag.sin, inf)]:
        for kind in (Value, lambda x: Tensor([x])):
            f(kind(x)).sum().backward() if kind is not Value else f(kind(x)).backward()
    assert (Value(1.0) / 0).data == inf and (0 / Value(1.0)).data == 0.0
    assert (Value(-8.0) ** (1 / 3)).data != (Value(-8.0) ** (1 / 3)).data  # nan, not complex


def test_floor_division_by_or_of_a_node_is_refused() -> None:
    for f in (lambda x: x // 2, lambda x: 2 // x, lambda x: x // x):
        for x in (Value(3.0), Tensor([3.0])):
            with pytest.raises(TypeError, match="`//` has no useful derivative: write `floor"):
                f(x)
    assert (Value(7.0, requires_grad=False) // 2).data == 3.0
    assert (7 // Value(2.0, requires_grad=False)).data == 3.0


def test_max_over_an_axis_splits_each_tie_by_itself() -> None:
    x = Tensor([[1.0, 1.0, 1.0], [0.0, 2.0, 2.0]])
    x.max(axis=1).sum().backward()
    same(x.grad, [[1 / 3, 1 / 3, 1 / 3], [0.0, 0.5, 0.5]])


def test_identities_of_activations() -> None:
    x = np.linspace(-3, 3, 13)
    same(ag.tanh(x), 2 * ag.sigmoid(2 * x) - 1)
    np.testing.assert_allclose(ag.sigmoid(x), 1 - ag.sigmoid(-x), rtol=1e-14)
