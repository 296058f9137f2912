"""Edge cases, which stand in `conventions.py` as data: each for every way to compute a value and a derivative."""

import ast
import builtins
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import conventions
import numpy as np
import pytest
from conventions import OTHERS, PROVED_IN, Answer, Case

import autograd as ag
from autograd import Tensor, Value, grad, jvp, value_and_grad

inf, nan = math.inf, math.nan
PYTHONS = [name for name in dir(builtins) if name[0] != "_" and hasattr(ag, name)]  # which `__all__` leaves out
NAMES = {name: getattr(ag, name) for name in [*ag.__all__, *PYTHONS]} | {"inf": inf}
CASES = conventions.every()
NUMBERS = [case for case in CASES if not case.of_array]
ARRAYS = [case for case in CASES if case.of_array]
SECOND = [case for case in NUMBERS if case.second is not None]
HERE = Path(__file__).parent


def each(cases: list[Case]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=map(str, cases))


def same(have: Any, want: Any, rtol: float = 2e-14) -> None:
    np.testing.assert_allclose(have, want, rtol=rtol, atol=0.0)


def plain(x: Any) -> Any:
    """Give the number or array of a gradient, which is a node in a backward graph."""
    return getattr(x, "data", x) if isinstance(x, (Value, Tensor)) else x


def test_no_case_stands_twice() -> None:
    assert len(set(map(str, CASES))) == len(CASES)


@each(NUMBERS)
def test_floats(case: Case) -> None:
    f, places = case.function(NAMES), tuple(range(len(case.at)))
    for transform in (value_and_grad(f, places), ag.compile(value_and_grad(f, places))):
        value, gradient = transform(*case.at)
        same(value, case.value)
        same(gradient, case.gradient)


@each(NUMBERS)
def test_forward_mode(case: Case) -> None:
    f = case.function(NAMES)
    if len(case.at) > 1 and any(math.isnan(g) for g in case.gradient):
        return  # 0 * nan: a direction does not choose among the operands
    for i, want in enumerate(case.gradient):
        value, slope = jvp(f, case.at, [float(i == j) for j in range(len(case.at))])
        same(value, case.value)
        same(slope, want)


@each(NUMBERS)
def test_values(case: Case) -> None:
    f = case.function(NAMES)
    for create_graph in (False, True):
        xs = [Value(x) for x in case.at]
        y = f(*xs)
        y.backward(create_graph=create_graph)
        same(y.data, case.value)
        same([float(plain(x.grad)) for x in xs], case.gradient)
    same(ag.compile(y)(), case.value)
    same([x.grad for x in xs], case.gradient)


def exact_in(case: Case, dtype: type) -> bool:
    """Say whether a case is one of this dtype: its point is the same number there, and its value not too large."""
    with np.errstate(over="ignore"):
        return all(math.isnan(x) or dtype(x) == x for x in (*np.ravel(case.at),)) and (
            math.isinf(case.value) or not math.isinf(dtype(case.value))
        )


@each(NUMBERS)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 2e-14), (np.float32, 2e-6)], ids=["float64", "float32"])
def test_tensors(case: Case, dtype: Any, rtol: float) -> None:
    if not exact_in(case, dtype):
        return
    f = case.function(NAMES)
    for create_graph in (False, True):
        xs = [Tensor(np.array([x, x], dtype)) for x in case.at]
        y = f(*xs)
        total = y.sum()
        total.backward(create_graph=create_graph)
        assert y.dtype == dtype
        same(y.data, [case.value] * 2, rtol)
        for x, want in zip(xs, case.gradient, strict=True):
            same(plain(x.grad), [want, want], rtol)
    same(ag.compile(total)(), 2 * case.value, rtol)
    for x, want in zip(xs, case.gradient, strict=True):
        assert x.grad.dtype == dtype
        same(x.grad, [want, want], rtol)


@each(ARRAYS)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 2e-14), (np.float32, 2e-6)], ids=["float64", "float32"])
def test_arrays(case: Case, dtype: Any, rtol: float) -> None:
    if not exact_in(case, dtype):
        return
    f, at = case.function(NAMES), np.array(case.at[0], dtype)
    for create_graph in (False, True):
        x = Tensor(at)
        y = f(x)
        y.backward(create_graph=create_graph)
        same(y.data, case.value, rtol)
        same(plain(x.grad), case.gradient, rtol)
    same(ag.compile(y)(), case.value, rtol)
    same(x.grad, case.gradient, rtol)
    same(grad(f)(at), case.gradient, rtol)
    value, gradient = ag.compile(value_and_grad(f))(at)
    same(value, case.value, rtol)
    same(gradient, case.gradient, rtol)
    for direction, want in zip(np.eye(len(at), dtype=dtype), case.gradient, strict=True):
        same(jvp(f, (at,), (direction,))[1], want, rtol)


@each(ARRAYS)
def test_arrays_of_values(case: Case) -> None:
    xs = [Value(x) for x in case.at[0]]
    y = case.function(NAMES)(Tensor(xs))
    y.backward()
    same([x.grad for x in xs], case.gradient)
    same(ag.compile(y)(), case.value)
    same([x.grad for x in xs], case.gradient)


@each(SECOND)
def test_second_derivatives(case: Case) -> None:
    f, (at,) = case.function(NAMES), case.at
    for transform in (grad(grad(f)), ag.compile(grad(grad(f))), lambda x: jvp(grad(f), (x,), (1.0,))[1]):
        same(transform(at), case.second)
    x = Value(at)
    f(x).backward(create_graph=True)
    slope, x.grad = x.grad, None
    if slope.requires_grad:
        slope.backward()
        same(x.grad, case.second)
        ag.compile(slope)()
    same(0.0 if x.grad is None else x.grad, case.second)
    twice = grad(lambda v: grad(lambda u: f(u).sum())(v).sum())
    same(twice(np.array([at, at])), [case.second] * 2)
    if exact_in(case, np.float32):
        same(twice(np.array([at, at], np.float32)), [case.second] * 2, 1e-5)


# -- the page, and the others --


def test_the_page_is_made_of_the_cases() -> None:
    text = (HERE.parent / "autograd" / "CONVENTIONS.md").read_text(encoding="utf-8")
    assert text == conventions.page(), "PYTHONPATH=. python tests/conventions.py > autograd/CONVENTIONS.md"


def test_what_others_answer_is_of_cases_that_stand_there() -> None:
    assert set(OTHERS) <= set(map(str, CASES))
    for case in CASES:
        for theirs in OTHERS.get(str(case), ())[:2]:
            assert theirs is None or not conventions.alike(case, theirs)


@pytest.mark.parametrize("what", PROVED_IN)
def test_what_is_shown_elsewhere_is_shown_there(what: str) -> None:
    for name in PROVED_IN[what]:
        file, test = name.split("::")
        tree = ast.parse((HERE / f"{file}.py").read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["torch", "jax"])
def test_others_answer_as_the_page_says(engine: str, promise: Callable[[str], None]) -> None:
    pytest.importorskip(engine, reason=f"{engine} is not installed")
    names = getattr(conventions, f"{engine}_names")()
    answer: Callable[[Case, Any], Answer] = getattr(conventions, f"{engine}_answer")
    place, differ = ["torch", "jax"].index(engine), 0
    for case in CASES:
        said = OTHERS.get(str(case), (None, None, ""))[place]
        differ += said is not None
        assert conventions.alike(said or case, answer(case, names), 1e-6 if said else 1e-12), case
    promise(f"conventions: {len(CASES)} edge cases, {differ} of which {engine} answers otherwise")


# -- what is no single number, and what is refused --


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


def test_a_length_of_zero_is_flat_to_second_order() -> None:
    for f in (ag.norm, lambda v: ag.hypot(v[0], v[1])):
        same(ag.hessian(f)(np.zeros(2)), np.zeros((2, 2)))
    assert np.array_equal(ag.TABLE["ratio"](np.array([3.0, 3.0]), np.array([0.0, 2.0])), [0.0, 1.5])


def test_identities_of_activations() -> None:
    x = np.linspace(-3, 3, 13)
    same(ag.tanh(x), 2 * ag.sigmoid(2 * x) - 1)
    np.testing.assert_allclose(ag.sigmoid(x), 1 - ag.sigmoid(-x), rtol=1e-14)
