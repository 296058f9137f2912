"""A computation as a table: names, formulas, derivatives by two ways."""

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, trace_table


def expression() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    return a, b, e


def test_each_value_has_its_row() -> None:
    _, _, e = expression()
    found = trace_table(e)
    assert [(row.name, row.formula, row.value, row.derivative) for row in found] == [
        ("a", "", 2.0, 2.0), ("b", "", 1.0, 5.0), ("v1", "a + b", 3.0, 2.0), ("v2", "b + 1", 2.0, 3.0),
        ("e", "v1*v2", 6.0, 1.0),
    ]  # fmt: skip
    assert [row.numeric for row in found] == pytest.approx([row.derivative for row in found], rel=1e-8)
    assert len(found) == 5 and found["b"].derivative == 5.0


def test_both_derivatives_agree_on_many_operations() -> None:
    x, y = Value(0.7, label="x"), Value(-1.3, label="y")
    out = ag.exp(x * y) / (x.sin() + 2) - ag.logaddexp(x, y) ** 2 + ag.maximum(x, y) + y.tanh() * x.sqrt()
    for row in trace_table(out):
        assert row.numeric == pytest.approx(row.derivative, rel=1e-6, abs=1e-8), row


def test_the_difference_uses_no_rule() -> None:
    @ag.primitive(partials=[lambda out, x: 3.0])
    def doubled(x):  # type: ignore[no-untyped-def]
        return 2.0 * x

    row = trace_table(doubled(Value(1.0, label="x")))["x"]
    assert row.derivative == 3.0 and row.numeric == pytest.approx(2.0)


def test_gradients_stay_and_do_not_matter() -> None:
    _, b, e = expression()
    (e * 10).backward()
    assert trace_table(e)["b"].derivative == 5.0 and (b.grad, e.grad) == (50.0, 10.0)


def test_constants_and_values_that_do_not_reach_the_result() -> None:
    x, k = Value(2.0, label="x"), Value(3.0, label="k", requires_grad=False)
    out = ag.where(x > 0, x * k, Value(5.0, label="unused"))
    found = trace_table(out)
    assert (found["k"].derivative, found["k"].numeric) == (0.0, 0.0)
    assert (found["unused"].derivative, found["unused"].numeric) == (0.0, 0.0)
    assert found["x"].derivative == 3.0


def test_the_numbers_are_those_of_the_computation() -> None:
    a, _, e = expression()
    a.data = 100.0
    row = trace_table(e)["a"]
    assert (row.value, row.derivative) == (2.0, 2.0) and row.numeric == pytest.approx(2.0)


def test_it_is_a_table_in_a_notebook_and_aligned_as_text() -> None:
    found = trace_table(expression()[2])
    assert found._repr_mimebundle_()["text/html"].count("<tr>") == 6
    lines = repr(found).splitlines()
    assert lines[0].split() == ["name", "formula", "value", "∂e/∂name", "by", "differences"]
    assert len({len(line) for line in lines}) == 1


def test_a_leaf_alone() -> None:
    assert [row.derivative for row in trace_table(Value(2.0))] == [1.0]


def test_what_has_no_table_is_refused() -> None:
    with pytest.raises(TypeError, match="`result` is a Value, not float"):
        trace_table(3.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="arrays in the graph"):
        trace_table(Tensor(np.ones(3)).sum())
    long = Value(1.0)
    for _ in range(500):
        long = long + 1
    with pytest.raises(ValueError, match="room for 400"):
        trace_table(long)
    with pytest.raises(KeyError, match="no row 'z'; there are a, b"):
        trace_table(expression()[2])["z"]
