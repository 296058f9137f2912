"""Walks down a function of a few numbers take the steps of the optimiser, and of Newton's method."""

import numpy as np
import pytest

import nn

STRETCHED = np.diag([1.0, 20.0])


def bowl(p):  # type: ignore[no-untyped-def]
    return 0.5 * (p @ STRETCHED @ p)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_gradient_descent_as_by_hand(momentum: float) -> None:
    path = nn.descend(bowl, [-4.0, 1.0], nn.SGD(lr=0.05, momentum=momentum), steps=5)
    x, v = np.array([-4.0, 1.0]), np.zeros(2)
    for point in path:
        assert np.allclose(point, x, rtol=1e-14)
        v = momentum * v + STRETCHED @ x
        x = x - 0.05 * v
    assert path.shape == (6, 2)


def test_the_largest_rate_that_is_stable() -> None:
    for factor, shrinks in ((0.99, True), (1.01, False)):
        path = nn.descend(bowl, [0.0, 1.0], nn.SGD(lr=factor * 2 / 20), steps=30)
        assert (abs(path[-1, 1]) < 1) == shrinks


def test_an_optimiser_may_walk_twice() -> None:
    adam = nn.Adam(lr=0.1)
    assert np.array_equal(nn.descend(bowl, [0.0, 1.0], adam), nn.descend(bowl, [0.0, 1.0], adam))


def test_newton_needs_one_step_for_a_parabola() -> None:
    path = nn.newton(bowl, [-4.0, 1.0], steps=2)
    assert np.allclose(path, [[-4, 1], [0, 0], [0, 0]], atol=1e-15)
    saddle = nn.newton(lambda p: p[0] ** 2 - p[1] ** 2, [1.0, 1.0], steps=1)
    assert np.allclose(saddle[-1], 0)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(TypeError, match="`optimizer` is an optimiser"):
        nn.descend(bowl, [0.0, 1.0], 0.1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`f` gives a single number as a node"):
        nn.descend(lambda p: 1.0, [0.0, 1.0], nn.SGD(lr=0.1))
    with pytest.raises(ValueError, match="a point is a list of numbers"):
        nn.descend(bowl, [[0.0, 1.0]], nn.SGD(lr=0.1))
    used = nn.SGD(nn.Linear(1, 1).parameters(), lr=0.1)
    with pytest.raises(ValueError, match="other parameters"):
        nn.descend(bowl, [0.0, 1.0], used)
    with pytest.raises(ValueError, match="has no inverse"):
        nn.newton(lambda p: p[0] + p[1], [0.0, 1.0])
