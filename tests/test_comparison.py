"""Comparison and logic on nodes give what NumPy gives on their data, plain."""

from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, comparison

TWO = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
TWO += ["logical_and", "logical_or", "logical_xor"]
ONE = ["isnan", "isinf", "isfinite", "logical_not"]


def test_every_function_is_tried_here() -> None:
    assert sorted([*TWO, *ONE, "all", "any", "argmax", "argmin"]) == sorted(comparison.__all__)


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


def test_equal_is_what_the_operator_is() -> None:
    a, b = Value(1.0), Value(1.0)
    assert ag.equal(a, b) is True
    assert (a == b) is True and (a != b) is False


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("name", TWO)
def test_two_operands_in_a_program(name: str) -> None:
    a, b = (x.ravel() for x in np.meshgrid(SPECIAL, SPECIAL))
    program, want = ag.compile(getattr(ag, name)), getattr(np, name)(a, b).astype(float)
    assert program(a, b).tolist() == want.tolist()
    assert [program(*pair) for pair in zip(a[::7], b[::7], strict=True)] == want[::7].tolist()


@pytest.mark.parametrize("name", TWO)
def test_a_number_beside_a_node_in_a_program(name: str) -> None:
    f, numpys = getattr(ag, name), getattr(np, name)
    for program, want in (
        (ag.compile(lambda x: f(x, 1.0)), numpys(SPECIAL, 1.0)),
        (ag.compile(lambda x: f(1.0, x)), numpys(1.0, SPECIAL)),
    ):
        assert [bool(program(x)) for x in SPECIAL.tolist()] == want.tolist()


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(ValueError, match=r"`less` cannot take .* of shape \(2,\) and .* \(3,\): .* not be broadcast"):
        ag.less(Tensor([1.0, 2.0]), np.ones(3))
    with pytest.raises(TypeError, match="`less` takes 2 operands, not 1"):
        ag.less(Tensor([1.0, 2.0]))


@pytest.mark.parametrize("name", ONE)
def test_one_operand_in_a_program(name: str) -> None:
    program, want = ag.compile(getattr(ag, name)), getattr(np, name)(SPECIAL).astype(float)
    assert program(SPECIAL).tolist() == want.tolist()
    assert [program(x) for x in SPECIAL[::3].tolist()] == want[::3].tolist()


def test_constants_are_compared_at_once_also_while_a_function_is_traced() -> None:
    def f(x: Any) -> Any:
        constant = Value(2.0, requires_grad=False)
        return x * 2.0, ag.less(1.0, 2.0), ag.less(constant, x.data.__class__(1.0)), ag.isnan(2.0)

    _, *seen = ag.compile(f)(3.0)
    assert seen == [True, False, False] and all(type(x) is bool for x in seen)


def test_conditions_are_joined_by_operators_only_while_a_function_is_traced() -> None:
    program = ag.compile(lambda x: [(x > 0) & (x < 2), (x > 0) | (x < -2), (x > 0) ^ (x > 2), ~(x > 0)])
    assert [np.asarray(x).tolist() for x in program(np.array([-3.0, 1.0, 3.0]))] == [
        [0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0],
    ]  # fmt: skip
    with pytest.raises(TypeError, match="unsupported operand"):
        Value(1.0) & Value(2.0)


def test_functions_are_named_and_described() -> None:
    assert ag.less.__name__ == ag.less.__qualname__ == "less" and "`numpy.less`" in (ag.less.__doc__ or "")


def test_texts_and_dates_equal_no_number() -> None:
    t, words = Tensor([1.0, 2.0]), np.array([["a"], ["b"], ["c"]])
    for equal, differs in ((t == words, t != words), (ag.equal(t, words), ag.not_equal(t, words))):
        assert equal.shape == differs.shape == (3, 2) and not equal.any() and differs.all()
    assert not (t == np.array(["2020-01-01", "2020-01-02"], "M8[D]")).any()
    assert Value(1.0) != np.array("a")
    with pytest.raises(ValueError, match=r"`equal` cannot take .*shape \(2,\).* and .*shape \(3,\)"):
        ag.equal(t, np.array(["a", "b", "c"]))
    with pytest.raises(TypeError, match="numbers"):
        t < words  # noqa: B015
