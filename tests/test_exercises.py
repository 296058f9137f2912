"""The checkers of exercises: what is open, what is right, and what a wrong answer is told."""

from typing import Any

import numpy as np
import pytest

from autograd import Value, grad, sin
from chalkgrad.exercises import check_function, check_law, check_value


@pytest.mark.parametrize("answer", [..., [1.0, ...], {"w": ...}, (1, [2, ...]), np.array([1, ...], dtype=object)])
def test_what_holds_an_ellipsis_is_open(answer: Any) -> None:
    def never(_: Any) -> None:
        raise AssertionError("an open answer is not looked at")

    for verdict in (check_value(answer, 1.0), check_function(answer, sin), check_law(answer, never)):
        assert repr(verdict) == "not answered yet" and not verdict.right


def test_a_function_that_gives_nothing_is_open() -> None:
    assert check_function(lambda x: ..., sin).state == "not answered yet"
    assert check_function(lambda x: [x, ...], lambda x: [x, x]).state == "not answered yet"
    assert check_function(lambda x: 2 * ..., sin).state == "not answered yet"  # type: ignore[operator]
    assert check_law(lambda x: ..., lambda f: f(1.0) + 1 > 0).state == "not answered yet"


def test_print_instead_of_return_is_told() -> None:
    told = "not yet: yours returns None: is `return` missing?"
    assert repr(check_function(lambda x: print(end=""), sin)) == told
    assert repr(check_law(lambda x: print(end=""), lambda f: f(1.0) + 1 > 0)) == told
    assert repr(check_value(None, 1.0)) == told


def test_what_is_no_number_does_not_pass_for_one() -> None:
    class Yes:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    for answer in ("1", True, Yes(), 1 + 1j, [1], [[1.0]], abs):
        assert check_value(answer, 1.0).state == "not yet", answer
    for wrong in (lambda x: "1", lambda x: Yes(), lambda x: 1 + 1j, lambda x: [1.0], lambda x: abs):
        assert check_function(wrong, lambda x: 1.0).state == "not yet"


def test_an_answer_may_change_its_arguments_in_place() -> None:
    def doubled(x: Any) -> Any:
        x *= 2
        return x

    point = np.array([1.0, 2.0])
    for _ in range(2):
        assert check_function(doubled, lambda x: 2 * x, on=[(point,)]).right
    assert point.tolist() == [1.0, 2.0]


def test_the_reference_says_how_many_arguments_there_are() -> None:
    assert check_function(lambda *xs: xs[0] * xs[1], lambda a, b: a * b).right
    assert "takes 1 positional argument" in check_function(lambda a: a, lambda a, b: a * b).words


@pytest.mark.parametrize(("answer", "expected"), [
    (3, 3.0), (Value(3.0), 3.0), ([1, 2], np.array([1.0, 2.0])), (float("nan"), float("nan")), ("nand", "nand"),
    (True, True),
])  # fmt: skip
def test_right_values(answer: Any, expected: Any) -> None:
    assert check_value(answer, expected).right


def test_a_wrong_value_does_not_tell_the_right_one() -> None:
    assert repr(check_value(3.0, 4.5)) == "not yet: 3 is not it"
    assert repr(check_value([1.0, 2.5, 3.0], [1.0, 2.0, 3.0])) == "not yet: number 1, counted from 0, is 2.5: not it"
    assert repr(check_value([1.0], [1.0, 2.0])) == "not yet: the shape is (1,), and (2,) is expected"
    assert repr(check_value("or", "nand")) == "not yet: 'or' is not it"


def test_how_far_a_value_may_be_off() -> None:
    assert not check_value(2.7, np.e).right
    assert check_value(2.7, np.e, rel=0.01).right


def test_functions_are_compared_at_points() -> None:
    assert repr(check_function(lambda x: 3 * x**2, grad(lambda x: x**3))) == "right: the same at 100 points"
    assert check_function(lambda a, b: 2 * a * b, grad(lambda a, b: a * a * b)).right
    wrong = check_function(lambda a, b: 2 * a, grad(lambda a, b: a * a * b), on=[(1.0, 1.0), (2.0, 3.0)])
    assert repr(wrong) == "not yet: at a = 2, b = 3 yours gives 4, and 12 is expected"
    assert check_function(lambda v: v[::-1], lambda v: [v[1], v[0]], on=[[1.0, 2.0]]).right


def test_a_function_may_give_several_arrays() -> None:
    def several(x: float) -> tuple[np.ndarray, float]:
        return np.array([x, 2 * x]), 3 * x

    assert check_function(several, lambda x: [several(x)[0], 3 * x]).right
    assert not check_function(lambda x: (several(x)[0], x), several).right
    assert not check_function(lambda x: several(x)[0], several).right


def test_the_points_are_the_same_each_time() -> None:
    seen: list[list[float]] = [[], []]
    for points in seen:
        check_function(points.append, sin)
    check_function(lambda x: seen[0].append(x) or 0.0, lambda x: 0.0)
    check_function(lambda x: seen[1].append(x) or 0.0, lambda x: 0.0)
    assert seen[0] == seen[1] and len(set(seen[0])) == 100


def test_a_table_has_its_own_points() -> None:
    xor = {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}
    assert repr(check_function(lambda a, b: a ^ b, xor)) == "right: the same at 4 points"
    assert not check_function(lambda a, b: a | b, xor).right
    assert check_function(abs, {-1: 1, 2: 2}).right


def test_an_answer_that_raises_is_told_so() -> None:
    verdict = check_function(lambda x: x / 0, sin, on=[1.0])
    assert repr(verdict) == "not yet: at x = 1 yours raises ZeroDivisionError: float division by zero"
    assert repr(check_law(3, lambda f: f(1))) == "not yet: yours raises TypeError: 'int' object is not callable"
    assert repr(check_function(3, sin)) == "not yet: a function is expected, not 3"


def test_laws_assert_or_tell_whether_they_hold() -> None:
    def positive(x: float) -> None:
        if not x > 0:
            raise AssertionError(f"{x} is not positive")

    assert check_law(1.0, positive).right
    assert repr(check_law(-1.0, positive)) == "not yet: -1.0 is not positive"
    assert repr(check_law(-1.0, lambda x: x > 0)) == "not yet: the law does not hold"


def test_a_large_array_is_told_in_short() -> None:
    words = check_function(lambda x: x, lambda x: x + 1, on=[np.zeros((20, 3))]).words
    assert "\n" not in words and words.count("…") == 3 and len(words) < 250


def test_no_points_are_refused() -> None:
    with pytest.raises(ValueError, match="`on` has no points"):
        check_function(abs, abs, on=[])
