"""The gradient checker is itself checked with rules that are wrong."""

import numpy as np
import pytest

from autograd import Tensor, Value, cos, exp, gradcheck, log, matmul, mul, primitive, relu, sin, softmax, where
from autograd.check import GradcheckError

RNG = np.random.default_rng(3)
MATRIX = RNG.normal(size=(3, 2))


@primitive(partials=[lambda out, x: 1.001 * cos(x)])
def sin_off_by_a_thousandth(x):
    return np.sin(x)


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


WRONG = {
    "factor 1.001": (sin_off_by_a_thousandth, (0.3,), 1),
    "factor 1.001, array": (sin_off_by_a_thousandth, (MATRIX,), 1),
    "swapped operands": (mul_with_operands_swapped, (2.0, 3.0), 1),
    "swapped operands, one of them an array": (mul_with_operands_swapped, (2.0, MATRIX), 1),
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


def test_one_wrong_entry_among_many_is_named() -> None:
    @primitive(partials=[lambda out, x: cos(x) * np.where(np.arange(6) == 4, 1.001, 1.0).reshape(2, 3)])
    def wrong_at_one(x):
        return np.sin(x)

    with pytest.raises(GradcheckError, match=r"of result at index \(1, 1\) by argument\[0\]\['w'\] at index \(1, 1\)"):
        gradcheck(lambda p: wrong_at_one(p["w"]), {"w": RNG.normal(size=(2, 3))})


def test_the_complex_step_notices_too() -> None:
    with pytest.raises(GradcheckError, match="a complex step gives"):
        gradcheck(sin_off_by_a_thousandth, 0.3, method="complex")


def test_a_fault_in_forward_mode_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograd import check

    def doubled(*args):
        value, tangent = original(*args)
        return value, 2 * tangent

    original = check.jvp
    monkeypatch.setattr(check, "jvp", doubled)
    with pytest.raises(GradcheckError, match="forward mode of `sin`"):
        gradcheck(sin, 0.3)


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


@pytest.mark.parametrize("f", [lambda x: sin(x) * exp(x) / x, lambda x: (x @ x.T).sum(), lambda x: mul(x, x)[0]])
def test_the_complex_step_is_exact(f) -> None:
    gradcheck(f, MATRIX, order=2, method="complex", rtol=1e-13, atol=1e-14)


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
        (ValueError, "`order` is 0; it must be 1, 2", lambda: gradcheck(sin, 1.0, order=0)),
        (ValueError, "`method` is 'simplex'", lambda: gradcheck(sin, 1.0, method="simplex")),
        (ValueError, "use 'differences'", lambda: gradcheck(relu, 1.0, method="complex")),
        (ValueError, "`log`, order 1, is not finite at this point", lambda: gradcheck(log, 0.0)),
        (TypeError, "str", lambda: gradcheck(sin, "x")),
    ],
)
def test_what_cannot_be_checked_is_refused(error, words, call) -> None:
    with pytest.raises(error, match=words):
        call()
