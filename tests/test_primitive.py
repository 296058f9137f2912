"""What a primitive does with what it is called with: numbers, nodes, and operands that are left out."""

import math
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value
from autograd.primitive import Operand


def test_operands_that_are_left_out_take_the_last_defaults() -> None:
    @ag.primitive(partials=[lambda out, x, a, b: a, None, None])
    def line(x, a=2.0, b=1.0):
        return x * a + b

    assert (line(3.0), line(3.0, 4.0), line(3.0, 4.0, 5.0)) == (7.0, 13.0, 17.0)
    for given, value, slope in ([], 7.0, 2.0), ([4.0], 13.0, 4.0):
        x = Value(3.0)
        y = line(x, *given)
        y.backward()
        assert (y.data, len(y.inputs), x.grad) == (value, 3, slope)


def test_a_row_that_is_not_elementwise_gives_a_number_for_a_number() -> None:
    assert ag.sum(2.0) == 2.0 and np.ndim(ag.sum(2.0)) == 0 and not isinstance(ag.sum(2.0), np.ndarray)


def test_a_result_that_is_its_operand_may_be_changed_alone() -> None:
    x = Tensor([1.0, 2.0])
    with ag.no_grad():
        y = ag.astype(x, dtype=np.float64)
    y.data[0] = 9.0
    assert x.data.tolist() == [1.0, 2.0]


def test_a_result_that_is_one_of_its_operands_may_be_changed_alone() -> None:
    @ag.primitive(partials=[1.0, 0.0])
    def first(x, y):
        return x

    x = Tensor([1.0, 2.0])
    with ag.no_grad():
        y = first(x, Tensor([3.0, 4.0]))
    y.data[0] = 9.0
    assert x.data.tolist() == [1.0, 2.0]


def test_whole_numbers_and_lists_are_taken_as_numbers_and_arrays() -> None:
    assert (ag.mul(2, 3), type(ag.mul(2, 3)), ag.sum([1, 2])) == (6.0, float, 3)
    assert [type(x.data) for x in (Value(2.0) * np.float64(3.0)).inputs] == [float, float]
    assert [type(x.data) for x in (Tensor([2.0]) * np.float32(3.0)).inputs] == [np.ndarray, np.ndarray]


def test_what_is_no_number_is_refused_by_name() -> None:
    for x, words in (
        (np.array(["a"]), "`mul` takes numbers, arrays, Values and Tensors, not ndarray"),
        ([Value(1.0), 2.0], r"`mul` got a list that holds more than numbers: of nodes, make `Tensor\(list\)`"),
        (["a"], "`mul` takes numbers, arrays, Values and Tensors, not list"),
    ):
        with pytest.raises(TypeError, match=words):
            ag.mul(x, Value(2.0))


def test_rows_are_named_and_drawn_by_their_symbol() -> None:
    assert [(repr(row), row.symbol) for row in (ag.mul, ag.sin)] == [("mul", "*"), ("sin", "sin")]
    operators = {"add": "+", "sub": "-", "neg": "-", "mul": "*", "div": "/", "mod": "%", "pow": "**", "matmul": "@"}
    assert {name: ag.TABLE[name].symbol for name in operators} == operators
    assert [ag.TABLE[name].symbol for name in ("getitem", "equal", "greater")] == ["[ ]", "==", ">"]


def test_a_joint_rule_is_cut_into_one_for_each_operand() -> None:
    g, out = np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros((2, 2))
    rule = ag.TABLE["stack"].rule
    assert np.array_equal(rule(1)(g, out, out[0], out[1], axis=0), [3.0, 4.0])


def test_errors_of_a_formula_that_name_what_is_wrong_come_through_as_they_are() -> None:
    class Ours(ValueError):
        pass

    def raising(error: Exception) -> Any:
        @ag.primitive(partials=[1.0])
        def strict(x):
            raise error

        return strict

    for error in (ValueError("`x` is a probability, not 2.0"), Ours("no"), AttributeError("no")):
        with pytest.raises(type(error)) as caught:
            raising(error)(Tensor([2.0]))
        assert caught.value is error
    for error, kind in ((ValueError("no"), ValueError), (TypeError("no"), TypeError), (IndexError("no"), IndexError)):
        with pytest.raises(kind, match=r"`strict` cannot take ndarray of shape \(1,\): no"):
            raising(error)(Tensor([2.0]))


def test_the_dtype_is_told_of_arrays_that_hold_no_numbers() -> None:
    with pytest.raises(TypeError, match=r"^`floor` cannot take ndarray of shape \(1,\) of <U1: "):
        ag.floor(np.array(["a"]))
    with pytest.raises(TypeError, match=r"^`add` cannot take ndarray of shape \(1,\) of <U1 and float: "):
        ag.add(np.array(["a"]), 1.0)
    with pytest.raises(ValueError, match=r"^`add` cannot take ndarray of shape \(2,\) and ndarray of shape \(3,\): "):
        ag.add(np.ones(2), np.ones(3))


def test_a_row_is_made_of_a_function_a_text_and_a_number_for_a_number() -> None:
    with pytest.raises(TypeError, match="`symbol` is a text, not 3"):
        ag.primitive(symbol=3)(lambda x: x)

    @ag.primitive(partials=[0.0], scalar=lambda x: 3)
    def three(x):
        return np.full_like(x, 3.0)

    with pytest.raises(TypeError, match="primitive `three` returned int: return a float or an array"):
        three(Value(1.0))


def test_an_operand_that_records_nothing_is_refused() -> None:
    class Foreign(Operand):
        pass

    with pytest.raises(TypeError, match="Foreign does not record operations"):
        ag.sin(Foreign())


@pytest.mark.parametrize("name", ["forward", "scalar", "partials", "vjps"])
def test_a_rule_does_not_change_once_it_is_made(name: str) -> None:
    for change in (setattr, object.__setattr__):
        with pytest.raises(AttributeError, match=f"`{name}` of the primitive `tanh` cannot be changed"):
            change(ag.tanh, name, math.sin)
