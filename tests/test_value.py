"""Value: what it takes, what it shows, and what Python's operators make of it."""

import math
import operator
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, dot

BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "%": operator.mod,
}  # fmt: skip
METHODS = ["abs", "square", "reciprocal", "sqrt", "exp", "log", "log1p", "expm1", "sin", "cos", "tan", "tanh",
           "sigmoid", "relu", "softplus", "sign"]  # fmt: skip


@pytest.mark.parametrize("x", [3, 3.0, np.float64(3), np.float32(3), np.int32(3)])
def test_it_holds_a_float(x: Any) -> None:
    assert type(Value(x).data) is float and Value(x).data == 3.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.array([1.0, 2.0]), "one real number, not ndarray .*: use Tensor for arrays"),
        ([1.0], "one real number, not list .*: use Tensor for arrays"),
        ("x", r"`data` of a Value is one real number, not str \('x'\)"),
        (True, r"`data` of a Value is a number, not True: write Value\(1.0\)"),
        (np.bool_(False), r"write Value\(0.0\)"),
        (1j, "not complex"),
        (None, "not NoneType"),
        (Value(1.0), "`data` is a Value already"),
        (Tensor([1.0]), "`data` is a Tensor already"),
    ],
)
def test_it_refuses_what_is_no_real_number(given: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Value(given)
    x = Value(1.0)
    with pytest.raises(TypeError, match=words):
        x.data = given
    assert x.data == 1.0


def test_a_label_is_a_text() -> None:
    x = Value(1.0, "x")
    assert x.label == "x" and Value(1.0).label == ""
    x.label = "y"
    assert x.label == "y"
    with pytest.raises(TypeError, match="`label` is a text, not int"):
        x.label = 3


@pytest.mark.parametrize("symbol", BINARY)
@pytest.mark.parametrize("other", [3, 3.0, np.float64(3.0), np.float32(3.0), np.int64(3), np.array(3.0)])
def test_operators_take_numbers_on_both_sides(symbol: str, other: Any) -> None:
    op, x = BINARY[symbol], Value(2.0)
    for out, want in ((op(x, other), op(2.0, 3.0)), (op(other, x), op(3.0, 2.0)), (op(x, Value(3.0)), op(2.0, 3.0))):
        assert out == want and any(i is x for i in out.inputs) and out.op.symbol == symbol
        assert isinstance(out, Tensor if any(isinstance(i, Tensor) for i in out.inputs) else Value)


@pytest.mark.parametrize("symbol", BINARY)
@pytest.mark.parametrize("other", ["3", None, 3j, object(), {1: 2}])
def test_operators_refuse_the_rest(symbol: str, other: Any) -> None:
    for f in (lambda: BINARY[symbol](Value(2.0), other), lambda: BINARY[symbol](other, Value(2.0))):
        if symbol == "%" and other == "3":
            continue  # a text with nothing to fill in
        with pytest.raises(TypeError):
            f()


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_the_functions(name: str) -> None:
    x = Value(0.7)
    out = getattr(x, name)()
    assert out.data == getattr(ag, name)(0.7) and out.op is ag.TABLE[name] and out.inputs == (x,)


def test_python_s_own_functions() -> None:
    x = Value(-2.5)
    assert abs(x).data == 2.5 and (-x).data == 2.5 and (+x).data == -2.5
    assert bool(x) and not bool(Value(0.0)) and f"{x:.1f}" == "-2.5"
    assert sum([x, x]).data == -5.0 and max(x, Value(3.0)).data == 3.0
    assert x.clip(-1.0, 1.0).data == -1.0


def test_a_numpy_scalar_does_not_round_the_value() -> None:
    for other in (np.float32(3), np.float64(3), np.int16(3)):
        x = Value(0.1)
        y = x / other * other
        y.backward()
        assert (x / other).data == 0.1 / 3 and x.grad == 1 / 3 * 3
        assert ag.hypot(Value(0.1), other).data == np.hypot(0.1, 3)


def test_comparisons_are_of_numbers() -> None:
    a, b = Value(1.0), Value(2.0)
    assert a < b and a <= b and b > a and b >= a and a < 2 and not a > 1.0
    assert all(type(x) is bool for x in (a < b, a >= 1))
    assert np.array_equal(a < np.array([0.0, 2.0]), [False, True])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Value(2.0), "Value(2.0)"),
        (lambda: Value(2.0, label="w"), "Value(2.0, label='w')"),
        (lambda: Value(2.0) + 1, "Value(3.0, op=add)"),
        (lambda: Value(math.nan), "Value(nan)"),
    ],
)
def test_repr_says_what_a_reader_wants(make: Any, text: str) -> None:
    assert repr(make()) == text


def test_repr_shows_the_gradient() -> None:
    x = Value(2.0, label="x")
    (x * x).backward()
    assert repr(x) == "Value(2.0, label='x', grad=4.0)"
    x.grad = None
    (x * x).backward(create_graph=True)
    assert repr(x) == "Value(2.0, label='x', grad=4.0)"


def test_nodes_describe_themselves() -> None:
    x, y = Value(2.0), Value(3.0)
    z = x * y
    assert z.inputs == (x, y) and z.op is ag.mul and not z.is_leaf and z.requires_grad
    assert x.inputs == () and x.op is None and x.is_leaf and x.grad is None
    assert z.shape == () and z.params == {}
    assert z._prev == {x, y} and z._op == "*"


def test_micrograd_s_step_by_step_backward() -> None:
    x = Value(3.0)
    y = x * x
    y.grad = 1.0
    y._backward()
    assert x.grad == 6.0


def test_detach_cuts_history() -> None:
    x = Value(3.0)
    y = x * x.detach()
    y.backward()
    assert x.grad == 3.0 and not x.detach().requires_grad and x.detach().inputs == ()


def test_constants_make_constants() -> None:
    c = Value(2.0, requires_grad=False)
    assert (c * c).inputs == () and not (c + 1).requires_grad and (c * Value(1.0)).requires_grad


def test_dot_builds_the_nodes_of_the_sum() -> None:
    ws, xs, b = [Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)], Value(0.5)
    out = dot(ws, xs, b)
    assert out.data == 11.5 and [n.op.name for n in ag.topological(out)[0]].count("mul") == 2
    out.backward()
    assert [w.grad for w in ws] == [3.0, 4.0] and [x.grad for x in xs] == [1.0, 2.0] and b.grad == 1.0
    assert dot(ws, [3.0, 4.0]).data == 11.0
    assert dot(ws, np.array([3.0, 4.0]), 1).data == 12.0
    for few, many in ((ws[:1], xs), (ws, xs[:1])):
        with pytest.raises(ValueError, match="`ws` and `xs` must be equally many"):
            dot(few, many)


def test_values_carry_no_attributes_of_their_own() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).colour = "red"  # type: ignore[attr-defined]
