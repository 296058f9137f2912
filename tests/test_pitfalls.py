"""What is wrong on purpose is wrong where the lecture says so, and right where nothing is used twice."""

import pytest

from autograd import Value, sin
from autograd.pitfalls import naive_backward


def test_it_is_right_where_every_value_is_used_once() -> None:
    x, y = Value(0.5), Value(2.0)
    out = sin(x * y) + 1
    assert naive_backward(out) == 6 - 1  # the 1 is a constant
    got = x.grad, y.grad
    out.zero_grad()
    x.grad = y.grad = None
    out.backward()
    assert got == (x.grad, y.grad)


def test_it_counts_too_much_where_a_value_is_used_twice() -> None:
    a = Value(1.0)
    b = a + a
    c = b + b
    assert naive_backward(c) == 7 and (a.grad, b.grad, c.grad) == (6.0, 2.0, 1.0)


def test_it_goes_along_every_path() -> None:
    x = Value(1.0)
    for n in range(1, 11):
        x = x + x
        assert naive_backward(x) == 2 ** (n + 1) - 1


def test_it_gives_up_before_it_takes_forever() -> None:
    x = Value(1.0)
    for _ in range(60):
        x = x + x
    with pytest.raises(ValueError, match="more than 100,000 visits"):
        naive_backward(x)
    assert x.grad is None
    with pytest.raises(TypeError, match="`root` is a Value, not float"):
        naive_backward(1.0)  # type: ignore[arg-type]
