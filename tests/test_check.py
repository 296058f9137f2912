"""The gradient checker is itself checked with rules that are wrong."""

from dataclasses import replace

import numpy as np
import pytest

from autograd import (
    Tensor,
    Value,
    asinh,
    check,
    compile,
    cos,
    div,
    exp,
    gradcheck,
    less,
    log,
    matmul,
    primitive,
    relu,
    reverse,
    sin,
    softmax,
    tanh,
    where,
)
from autograd.check import GradcheckError
from autograd.compiler import compiled

RNG = np.random.default_rng(3)
MATRIX = RNG.normal(size=(3, 2))


def sin_with_slope(factor):
    """The sine, with a derivative that is off by a factor."""

    @primitive(partials=[lambda out, x: factor * cos(x)])
    def sin_(x):
        return np.sin(x)

    return sin_


sin_off_by_a_thousandth = sin_with_slope(1.001)


@primitive(partials=[lambda out, x, y: div(1.0, x), lambda out, x, y: div(-out, x)])
def div_with_operands_swapped(x, y):
    return np.divide(x, y)


@primitive(partials=[-1.0, 1.0])
def sub_with_operands_swapped(x, y):
    return np.subtract(x, y)


@primitive(vjps=[lambda g, out, x, y: matmul(y.T, g).T, lambda g, out, x, y: matmul(g.T, x)])
def matmul_with_operands_swapped(x, y):
    return np.matmul(x, y)


@primitive(partials=[lambda out, x, y: x, lambda out, x, y: y])
def mul_with_operands_swapped(x, y):
    return np.multiply(x, y)


@primitive(partials=[lambda out, x: 2 * x + 0.0])
def square_right_at_first_order(x):
    return np.square(x)


@primitive(partials=[lambda out, x: wrong_slope(x)])
def cube_wrong_at_second_order(x):
    return x * x * x


@primitive(partials=[lambda out, x: 5.9 * x])
def wrong_slope(x):
    return 3 * x * x


@primitive(partials=[lambda out, x: 1.0 * np.asarray(getattr(x, "data", x))])
def half_square_that_forgets_its_graph(x):
    return 0.5 * x * x


@primitive(vjps=[lambda g, out, x, *, index: overwritten(g, index=index, n=x.shape[0])])
def pick(x, *, index):
    return x[list(index)]


@primitive(vjps=[lambda g, out, x, *, index, n: pick(g, index=index)])
def overwritten(x, *, index, n):
    out = np.zeros(n)
    out[list(index)] = x  # the fault: a repeated index must add up
    return out


@primitive(vjps=[lambda g, out, x, *, n: g[0]])
def rows_without_a_sum(x, *, n):
    return np.broadcast_to(x, (n, *np.shape(x))).copy()


@primitive(vjps=[lambda g, out, x: where(less(g, 0.0), 2.0, 1.0) * g * cos(x)])
def sin_wrong_for_negative_cotangents(x):
    return np.sin(x)


@primitive(vjps=[lambda g, out, x: where(less(abs(g), 0.1), 2.0, 1.0) * g * cos(x)])
def sin_wrong_in_forward_mode(x):  # which differentiates the rule at a cotangent of zeros
    return np.sin(x)


WRONG = {
    "factor 1.001": (sin_off_by_a_thousandth, (0.3,), 1),
    "factor 1.0001": (sin_with_slope(1.0001), (0.3,), 1),
    "factor 1.00001": (sin_with_slope(1.00001), (0.3,), 1),
    "factor 0.999": (sin_with_slope(0.999), (0.3,), 1),
    "factor 1.001, array": (sin_off_by_a_thousandth, (MATRIX,), 1),
    "factor 1.001, behind others": (lambda x: exp(sin_off_by_a_thousandth(x * x)).sum(), (MATRIX,), 1),
    "sign": (sin_with_slope(-1.0), (0.3,), 1),
    "infinite": (sin_with_slope(np.inf), (0.3,), 1),
    "not a number": (sin_with_slope(np.nan), (0.3,), 1),
    "zero": (sin_with_slope(0.0), (0.3,), 1),
    "swapped operands": (mul_with_operands_swapped, (2.0, 3.0), 1),
    "swapped operands, one of them an array": (mul_with_operands_swapped, (2.0, MATRIX), 1),
    "swapped operands, quotient": (div_with_operands_swapped, (2.0, 3.0), 1),
    "swapped operands, difference": (sub_with_operands_swapped, (2.0, 3.0), 1),
    "swapped operands, matrices": (matmul_with_operands_swapped, (MATRIX @ MATRIX.T, MATRIX @ MATRIX.T + np.eye(3)), 1),
    "missing sum over a broadcast": (lambda x: rows_without_a_sum(x, n=2), (MATRIX,), 1),
    "missing accumulation": (lambda x: pick(x, index=(1, 1)), (np.array([1.0, 2.0]),), 1),
    "second order": (cube_wrong_at_second_order, (2.0,), 2),
    "second order cut off": (half_square_that_forgets_its_graph, (2.0,), 2),
    "a path that was detached": (lambda x: x * x.detach(), (2.0,), 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_noticed(name: str) -> None:
    f, args, order = WRONG[name]
    with pytest.raises(GradcheckError, match=rf"order {order}, is wrong: the derivative .*by argument\[\d\]"):
        gradcheck(f, *args, order=order)


def test_a_fault_of_second_order_is_none_of_first() -> None:
    gradcheck(cube_wrong_at_second_order, 2.0)
    gradcheck(square_right_at_first_order, 2.0, order=2)


@pytest.mark.parametrize("seed", range(5))
def test_a_wrong_rule_is_noticed_whatever_the_directions(seed: int) -> None:
    with pytest.raises(GradcheckError):
        gradcheck(sin_off_by_a_thousandth, MATRIX, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("factor", [1.001, -1.0])
def test_one_wrong_entry_among_many_is_named(factor: float) -> None:
    @primitive(partials=[lambda out, x: cos(x) * np.where(np.arange(6) == 4, factor, 1.0).reshape(2, 3)])
    def wrong_at_one(x):
        return np.sin(x)

    with pytest.raises(GradcheckError, match=r"of result at index \(1, 1\) by argument\[0\]\['w'\] at index \(1, 1\)"):
        gradcheck(lambda p: wrong_at_one(p["w"]), {"w": RNG.normal(size=(2, 3))})


@pytest.mark.parametrize(
    ("f", "mode"), [(sin_wrong_for_negative_cotangents, "reverse"), (sin_wrong_in_forward_mode, "forward")]
)
def test_a_rule_that_is_not_linear_is_noticed(f, mode: str) -> None:
    with pytest.raises(GradcheckError, match=f"{mode} mode of .* is wrong"):
        gradcheck(f, MATRIX)


def test_a_wrong_rule_is_noticed_in_one_of_many_terms() -> None:
    with pytest.raises(GradcheckError, match="order 1, is wrong: the derivative along a direction"):
        gradcheck(lambda x, y: sin(x).sum() + sin_off_by_a_thousandth(y), np.ones(5_000), 1.0)


def test_a_rule_without_its_sum_over_a_broadcast_is_refused() -> None:
    @primitive(vjps=[lambda g, out, x: g])
    def rows(x):
        return np.broadcast_to(x, (2, *np.shape(x))).copy()

    with pytest.raises(ValueError, match=r"`rows` gave a cotangent of shape \(2, 3, 2\) for an operand"):
        gradcheck(rows, MATRIX)


# -- faults of the engine --


def doubled(x):
    """Twice every number, in whatever containers."""
    return tuple(map(doubled, x)) if isinstance(x, tuple) else 2 * x


def test_a_fault_in_forward_mode_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = check.jvp
    monkeypatch.setattr(check, "jvp", lambda *args: (original(*args)[0], doubled(original(*args)[1])))
    with pytest.raises(GradcheckError, match="forward mode of `sin`"):
        gradcheck(sin, 0.3)


def test_a_fault_in_reverse_mode_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    original = check.vjp
    monkeypatch.setattr(check, "vjp", lambda *args: (original(*args)[0], lambda g: doubled(original(*args)[1](g))))
    with pytest.raises(GradcheckError, match="reverse mode of `sin`"):
        gradcheck(sin, 0.3)


@pytest.mark.parametrize("args", [(0.3,), (MATRIX,)])
def test_a_walk_that_forgets_earlier_uses_is_noticed(monkeypatch: pytest.MonkeyPatch, args) -> None:
    def overwriting(order, watching):
        for node in order:
            for operand, contribution in reverse.vjp_terms(node, node.grad):
                operand.grad = contribution
        return []

    monkeypatch.setattr(reverse, "_pull", overwriting)
    gradcheck(lambda x: sin(x) * 3.0, *args)
    with pytest.raises(GradcheckError, match=r"`backward\(\)` of `<lambda>`"):
        gradcheck(lambda x: sin(x) * x, *args)


def test_gradients_that_were_there_are_left_as_they_were() -> None:
    weight, bias = Value(2.0), Value(1.0)
    bias.grad = 7.0
    gradcheck(lambda x: weight * x + bias, 3.0)
    assert weight.grad is None and bias.grad == 7.0


# -- programs --


def test_programs_are_checked_too() -> None:
    gradcheck(lambda p: [tanh(p["w"] @ p["w"].T), p["b"] ** 3], {"w": MATRIX, "b": 2.0}, compiled=True)
    gradcheck(compile(lambda x, y: x * y + sin(x)), 2.0, 3.0, order=2)


def with_operands_swapped(name: str, original):
    """The passes over a program, after every instruction of an operation has changed its operands."""

    def swapped(ir):
        instructions = [replace(x, inputs=x.inputs[::-1]) if x.name == name else x for x in ir.instructions]
        return original(replace(ir, instructions=instructions))

    return swapped


def test_a_wrong_program_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "optimize", with_operands_swapped("div", compiled.optimize))
    with pytest.raises(GradcheckError, match=r"the program of `<lambda>`, order 1, is wrong: it gives another result"):
        gradcheck(lambda x, y: x / y, MATRIX, 3.0, compiled=True)
    with pytest.raises(GradcheckError, match=r"compiled reverse mode of `asinh`, order 1, is wrong"):
        gradcheck(asinh, MATRIX, compiled=True)  # its derivative is a quotient
    monkeypatch.setattr(check, "compile", lambda f: f if f.__name__ == "pull" else compile(f))
    with pytest.raises(GradcheckError, match=r"compiled forward mode of `asinh`, order 1, is wrong"):
        gradcheck(asinh, MATRIX, compiled=True)
    gradcheck(asinh, MATRIX)


# -- what is right --


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x * x + 2, (3.0,)),
        (lambda x, y: {"a": [x * y], "b": (exp(x), y)}, (0.3, np.array([1.0, -2.0]))),
        (lambda p: (p["w"][0] @ p["w"][1]).sum() * p["b"], ({"w": [MATRIX, MATRIX.T], "b": 2.0},)),
        (lambda x: x * x, (Value(3.0),)),
        (lambda x: matmul(x, x.T), (Tensor(MATRIX),)),
        (lambda x: softmax(x), (Tensor(MATRIX, dtype="float32"),)),
        (lambda x: log(x), (np.float64(1e-5),)),
        (lambda x: log(x), (1e5,)),
        (lambda x: x * 1.0, (np.array(2.0),)),
        (lambda x: sin(x), (np.zeros((0, 3)),)),
        (lambda x: 3.0, (2.0,)),
    ],
)
def test_right_rules_pass_to_third_order(f, args) -> None:
    gradcheck(f, *args, order=3, rtol=1e-5)


def test_steps_keep_away_from_a_kink() -> None:
    gradcheck(relu, np.array([-0.01, 0.02, 3.0]), order=2)
    gradcheck(lambda x: where(x.data > 0, log(x), 2 * x), 1e-3)


def test_nothing_is_written_into_the_arguments() -> None:
    x, v = MATRIX.copy(), Value(2.0)
    x.flags.writeable = False
    gradcheck(lambda x, v: x * v, x, v, order=2)
    assert v.grad is None and np.array_equal(x, MATRIX)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (ValueError, "`order` is a whole number from 1 to 9, not 0", lambda: gradcheck(sin, 1.0, order=0)),
        (ValueError, "gives another result each time", lambda: gradcheck(lambda x: x * RNG.normal(), 1.0)),
        (ValueError, "`log`, order 1, is not finite at this point", lambda: gradcheck(log, 0.0)),
        (TypeError, "str", lambda: gradcheck(sin, "x")),
    ],
)
def test_what_cannot_be_checked_is_refused(error, words, call) -> None:
    with pytest.raises(error, match=words):
        call()
