"""Comparison and logic on nodes give what NumPy gives on their data, plain."""

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, comparison

TWO = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
TWO += ["logical_and", "logical_or", "logical_xor"]
ONE = ["isnan", "isinf", "isfinite", "logical_not"]


def test_every_function_is_tried_here() -> None:
    assert sorted([*TWO, *ONE]) == sorted(comparison.__all__)


@pytest.mark.parametrize("name", TWO)
def test_two_operands(name: str) -> None:
    f, numpys = getattr(ag, name), getattr(np, name)
    a, b = np.array([0.0, 1.0, 2.0, np.nan]), np.array([0.0, 2.0, 1.0, np.nan])
    for got in (f(Tensor(a), b), f(a, Tensor(b)), f(Tensor(a), Tensor(b)), f(a, b)):
        assert type(got) is np.ndarray and got.dtype == bool and got.tolist() == numpys(a, b).tolist()
    for x, y in zip(a, b, strict=True):
        got = f(Value(x), y)
        assert type(got) is bool and got == bool(numpys(x, y))


@pytest.mark.parametrize("name", ONE)
def test_one_operand(name: str) -> None:
    f, numpys = getattr(ag, name), getattr(np, name)
    a = np.array([0.0, 1.5, np.inf, -np.inf, np.nan])
    assert f(Tensor(a)).tolist() == numpys(a).tolist()
    assert [f(Value(x)) for x in a] == numpys(a).tolist()


def test_equal_compares_numbers_where_the_operator_compares_nodes() -> None:
    a, b = Value(1.0), Value(1.0)
    assert ag.equal(a, b) is True
    assert (a == b) is False
