"""What turns a node into a number of Python keeps the gradient, or refuses; without a gradient it gives the number."""

import array
import cmath
import ctypes
import itertools
import math
import operator
import statistics
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, grad, no_grad


def stored(x: Any, index: Any) -> np.ndarray:
    out = np.zeros(2)
    out[index] = x
    return out


LOSSES = {
    "float": float,
    "int": int,
    "complex": complex,
    "round": round,
    "round to digits": lambda x: round(x, 2),
    "trunc": math.trunc,
    "math.sqrt": math.sqrt,
    "math.floor": math.floor,
    "math.hypot": lambda x: math.hypot(x, 1.0),
    "math.fsum": lambda x: math.fsum([x, x]),
    "math.isclose": lambda x: math.isclose(x, 2.5),
    "cmath": cmath.exp,
    "statistics.mean": lambda x: statistics.mean([x, 1.0]),
    "statistics.fmean": lambda x: statistics.fmean([x, 1.0]),
    "%": lambda x: "%.2f" % x,  # noqa: UP031
    "array.array": lambda x: array.array("d", [x]),
    "ctypes": ctypes.c_double,
    "np.float64": np.float64,
    "np.array": np.array,
    "np.asarray": np.asarray,
    "a list": lambda x: np.array([x, x]),
    "a stored row": lambda x: stored(x, slice(None)),
    "np.vectorize": lambda x: np.vectorize(math.exp)(x),
    "np.ma": lambda x: np.ma.add(x, 1.0),
    "np.ma.exp": np.ma.exp,
}


@pytest.mark.parametrize("how", LOSSES)
def test_a_gradient_is_not_lost(how: str) -> None:
    f = LOSSES[how]
    for x in (Value(2.5), Tensor(2.5), Tensor([2.5]), Value(5.0) / 2, ag.sum(Tensor([1.0, 1.5]))):
        with pytest.raises(TypeError, match=r"lose the gradient of a (Value|Tensor): write `.data` or `.item\(\)`"):
            f(x)
    for transform in (grad(lambda x: x * f(x)), ag.compile(grad(lambda x: x * f(x)))):
        with pytest.raises(TypeError, match="would lose the gradient"):
            transform(2.5)
    f(Value(2.5).data)
    if how == "statistics.mean":
        return  # it would make a Value of a fraction
    f(Value(2.5, requires_grad=False))
    f(Value(2.5).detach())
    with no_grad():
        f(Value(2.5))
    assert ag.compile(lambda x: x * 2.0 if f(x) is not None else x)(2.5) == 5.0  # nobody differentiates `x`


def test_a_number_that_is_stored_or_an_index_is_refused() -> None:
    for f in (lambda x: stored(x, 0), lambda x: [1, 2, 3][x], lambda x: range(x), operator.index):
        with pytest.raises(TypeError, match="would lose the gradient"):
            f(Value(2.0))
    with pytest.raises(TypeError, match="no index: write `int"):  # a constant is no whole number either
        operator.index(Value(2.0, requires_grad=False))
    with pytest.raises(TypeError, match="no index: write `int"):  # nor is what a comparison gives in a trace
        ag.compile(lambda x: [10.0, 20.0][x > 0] * x)(2.0)
    assert ag.compile(lambda x: [10.0, 20.0][int(x > 0)] * x)(2.0) == 40.0


KEEPS = {
    "sum": (lambda x: sum([0.5, x, x]), 2.0),
    "math.prod": (lambda x: math.prod([2, x, x]), 12.0),
    "statistics.median": (lambda x: statistics.median([x, 1.0]), 0.5),
    "max": (lambda x: max(x, 1.0), 1.0),
    "accumulate": (lambda x: list(itertools.accumulate([x, x, x]))[-1], 3.0),
    "np.float64 *=": (lambda x: operator.imul(np.float64(2), x), 2.0),
    "pow": (lambda x: pow(x, 2), 6.0),
}


@pytest.mark.parametrize("how", KEEPS)
def test_a_gradient_is_kept(how: str) -> None:
    f, slope = KEEPS[how]
    assert grad(f)(3.0) == ag.compile(grad(f))(3.0) == slope


def test_numbers_are_written_as_text() -> None:
    for x in (Value(2.567), Tensor(2.567), Tensor([2.567]), ag.mean(Tensor([2.567]))):
        assert f"{x:.2f}" == "2.57" and "2.567" in f"{x}" and "2.567" in str(x)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        format(Tensor([1.0, 2.0]), ".2f")


def test_inside_a_compiled_function_only_what_is_differentiated_is_refused() -> None:
    w = Value(3.0)
    with pytest.raises(TypeError, match="would lose the gradient"):  # of a leaf that the function captures
        ag.compile(lambda x: x * float(w * x))(2.0)
    f = ag.compile(lambda x: x * float(grad(lambda z: z * z)(x)))  # a gradient that is there already
    assert [f(2.0), f(3.0)] == [8.0, 18.0]

    def frozen(x: Any) -> Any:
        with no_grad():
            rate = w * x
        return x * float(rate.detach()) * float(rate)

    for g in (grad(frozen), ag.compile(grad(frozen))):
        assert [g(2.0), g(1.0)] == [36.0, 9.0]


def test_requires_grad_is_of_leaves_outside_of_transforms() -> None:
    w = Value(3.0)
    y = w * w
    w.requires_grad = False
    y.backward()  # recorded before, and frozen now
    assert w.grad is None
    with pytest.raises(TypeError, match="`requires_grad` is True or False, not 0"):
        w.requires_grad = 0
    with pytest.raises(RuntimeError, match="being compiled"):
        ag.compile(lambda x: setattr(w, "requires_grad", True) or x)(1.0)
    with pytest.raises(ValueError, match="only that of a leaf"):
        grad(lambda x: setattr(x, "requires_grad", False) or x)(1.0)
