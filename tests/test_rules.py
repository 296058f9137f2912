"""Local rewrite rules: programs of single numbers and of arrays leave out the same operations, and no others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import TABLE, Tensor, Value, compile, exp, where
from autograd.compiler.ir.rules import ABSORBING, NEUTRAL, SELF_INVERSE, TRANSPARENT

EDGES = [0.0, -0.0, 1.0, -2.5, 5e-324, -1e308, np.inf, -np.inf, np.nan]


def with_constant(name: str, place: int, constant: float) -> Callable[[Any], Any]:
    return lambda x: TABLE[name](*((constant, x) if place == 0 else (x, constant)))


NOTHING: dict[str, Callable[[Any], Any]] = {
    **{f"{name} {i} {c}": with_constant(name, i, c) for (name, i), c in NEUTRAL.items()},
    **{f"{name} twice": lambda x, row=TABLE[name]: row(row(x)) for name in SELF_INVERSE},
    "identity": TABLE["identity"],
}
SOMETHING: dict[str, Callable[[Any], Any]] = {
    f"{name} {i} {c}": with_constant(name, i, c)
    for name, i, c in [
        ("add", 0, 0.0), ("add", 1, 0.0), ("sub", 0, 0.0), ("sub", 1, -0.0), ("mul", 0, 0.0), ("mul", 1, -1.0),
        ("div", 0, 1.0), ("div", 1, -1.0), ("mul", 0, 1.0 + 2**-52), ("sub", 1, 5e-324), ("mul", 1, np.nan),
    ]
}  # fmt: skip


def programs(f: Callable[[Any], Any], number: float) -> list[tuple[Any, np.ndarray, np.ndarray]]:
    """Compile exp(f(x)) of a Value and of an array; gives programs, results, and eager values and gradients."""
    made = []
    for leaf in (Value(number, label="x"), Tensor([number, 2.0], label="x")):
        with np.errstate(all="ignore"):
            root = exp(f(leaf)) if isinstance(leaf, Value) else exp(f(leaf)).sum()
            root.backward()
        want = np.array([root.data, *np.ravel(leaf.grad)])
        leaf.grad = None
        program = compile(root)
        made.append((program, np.array([program(), *np.ravel(leaf.grad)]), want))
    return made


def bits_of(f: Callable[[Any], Any], number: float) -> list[np.ndarray]:
    """What the programs of a Value and of an array give."""
    return [np.ravel(compile(f(Value(number)))()), compile(f)(np.array([number]))]


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("number", EDGES)
def test_both_halves_leave_out_what_changes_nothing(name: str, number: float) -> None:
    f = NOTHING[name]
    for program, have, want in programs(f, number):
        text = str(program)
        rows = ["pow(x, 1)"] if name.startswith("pow") else [f" {x}(" for x in ("mul", "div", "add", "sub", "neg")]
        assert not any(row in text for row in rows), text
        np.testing.assert_allclose(have, want, rtol=1e-15)
    for have in bits_of(f, number):  # every bit, also the sign of 0
        assert have.view(np.int64) == np.ravel(number).view(np.int64) or (np.isnan(have) and np.isnan(number))


@pytest.mark.parametrize("name", SOMETHING)
def test_both_halves_keep_what_changes_a_number(name: str) -> None:
    f, row = SOMETHING[name], name.split()[0]
    for x in (Value(0.5), Tensor([0.5, 2.0])):
        program = compile(exp(f(x)) if isinstance(x, Value) else exp(f(x)).sum())
        assert f" {row}(" in str(program) or " neg(" in str(program), str(program)
    for number in EDGES:
        for have in bits_of(f, number):
            with np.errstate(all="ignore"):
                want = np.ravel(f(np.array([number])))
            assert have.view(np.int64) == want.view(np.int64) or (np.isnan(have) and np.isnan(want)), number


def test_rules_are_rows_of_the_table() -> None:
    for name in [*(name for name, _ in [*NEUTRAL, *ABSORBING]), *SELF_INVERSE, *TRANSPARENT]:
        assert name in TABLE


def test_the_example_of_both_halves() -> None:
    v, t = Value(0.5, label="v"), Tensor([0.5], label="t")
    assert str(compile(exp(v * 1.0) * 1.0)).splitlines()[:4] == [
        "v  = input", "%5 = exp(v)", "result: %5", "gradient of v: %5",
    ]  # fmt: skip
    assert [line.split("  ")[0] for line in str(compile((exp(t * 1.0) * 1.0).sum())).splitlines()[:5]] == [
        "t", "%1 = exp(t)", "%2 = sum(%1)", "result: %2", "gradient of t: %1",
    ]  # fmt: skip


def test_a_one_among_the_data_breaks_no_loop() -> None:
    x = Value(0.5)
    many = compile(sum(exp(x * float(i)) for i in range(60)))
    assert "mul(" in str(many) and many.stats.calls < 10


@pytest.mark.parametrize(("name", "place"), ABSORBING)
def test_both_halves_know_a_result_that_no_operand_changes(name: str, place: int) -> None:
    constant, want = ABSORBING[name, place]
    f = with_constant(name, place, constant)
    for number in EDGES:
        assert [have.view(np.int64) for have in bits_of(f, number)] == [np.float64(want).view(np.int64)] * 2
    assert not any(f"{name}(" in str(program) for program, _, _ in programs(f, 0.5))


def test_a_choice_by_a_constant_is_no_operation() -> None:
    x = Tensor([0.5, 2.0], label="x")
    for condition in (np.ones(2), np.zeros(2), 1.0):
        assert "where(" not in str(compile(where(condition, exp(x), 2.0 * x).sum()))
    assert "where(" in str(compile(where(np.array([0.0, 1.0]), exp(x), 2.0 * x).sum()))
