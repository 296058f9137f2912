"""Modes: `no_grad`, `detach` and `detect_anomaly`, each in its own thread or task only."""

import asyncio
import threading

import numpy as np
import pytest

from autograd import Tensor, Value, detect_anomaly, div, exp, grad, log, no_grad, sqrt, tanh


def test_nothing_is_recorded_under_no_grad() -> None:
    x, t = Value(3.0), Tensor([1.0, 2.0])
    with no_grad():
        results = [x * x, x + 1, 2 - x, -x, x.relu(), tanh(x), t * t, t.sum(), t @ t, t[0], x * t]
    for y in results:
        assert y.inputs == () and not y.requires_grad
    assert (x * x).requires_grad


def test_no_grad_ends_with_an_exception_and_nests() -> None:
    x = Value(3.0)
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * x).requires_grad
    with no_grad():
        with no_grad():
            pass
        assert not (x * x).requires_grad
    assert (x * x).requires_grad


def test_no_grad_decorates() -> None:
    @no_grad()
    def predict(x: Value) -> Value:
        return x * x

    for _ in range(2):
        assert not predict(Value(3.0)).requires_grad


def test_transforms_work_under_no_grad() -> None:
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
        assert not (Value(1.0) * 2).requires_grad


def test_no_grad_inside_a_function_that_is_differentiated() -> None:
    def f(x):
        with no_grad():
            held = x * x
        return held * x

    assert grad(f)(3.0) == 9.0


def test_backward_under_no_grad_is_that_of_the_graph() -> None:
    x = Value(3.0)
    y = x * x
    with no_grad():
        y.backward()
    assert x.grad == 6.0


def test_detach_shares_no_memory_that_changes_the_graph() -> None:
    t = Tensor([1.0, 2.0])
    y = (t * t.detach()).sum()
    y.backward()
    assert np.array_equal(t.grad, [1.0, 2.0])
    d = t.detach()
    d.data[0] = 100.0
    assert t.data[0] == 1.0


def test_constants_that_are_views_are_changed_apart() -> None:
    for view in (lambda t: t.detach(), lambda t: t.reshape(2, 1), lambda t: t.T, lambda t: t.broadcast_to(2)):
        t = Tensor([1.0, 2.0])
        y = (t * t).sum()
        with no_grad():
            v = view(t)
        v.data[:] = 100.0
        y.backward()
        assert np.array_equal(t.grad, [2.0, 4.0]) and np.array_equal(t.data, [1.0, 2.0])
    c = Tensor([[1.0, 2.0]], requires_grad=False)
    c.T.data[:] = 7.0
    assert np.array_equal(c.data, [[1.0, 2.0]])


def test_modes_are_of_one_thread() -> None:
    inside, done, seen = threading.Event(), threading.Event(), []

    def work() -> None:
        with no_grad(), detect_anomaly():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    x = Value(3.0)
    seen += [(x * x).requires_grad, log(Value(0.0)).data]
    done.set()
    thread.join()
    assert seen == [True, -np.inf]


def test_modes_are_of_one_task() -> None:
    async def constant() -> bool:
        with no_grad():
            await asyncio.sleep(0.01)
            return (Value(1.0) * 2).requires_grad

    async def recorded() -> bool:
        await asyncio.sleep(0.005)
        return (Value(1.0) * 2).requires_grad

    async def both() -> list[bool]:
        return await asyncio.gather(constant(), recorded())

    assert asyncio.run(both()) == [False, True]


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda: log(Value(0.0, label="x")), "`log` gave -inf from x = 0.0"),
        (lambda: sqrt(Value(-1.0)), "`sqrt` gave nan from operand = -1.0"),
        (lambda: Value(1.0) / 0, "`div` gave inf"),
        (lambda: exp(Tensor([1.0, 1000.0])), r"`exp` gave inf from operand = array of shape \(2,\)"),
        (lambda: div(Tensor([0.0]), Tensor([0.0])).sum(), "`div` gave nan"),
    ],
)
def test_the_first_bad_value_is_named_with_its_line(f, words: str) -> None:
    with detect_anomaly(), pytest.raises(FloatingPointError, match=rf"{words}.*test_modes.py:\d+"):
        f()
    f()


def test_the_first_bad_gradient_is_named_with_its_line() -> None:
    x = Value(0.0, label="x")
    with detect_anomaly():
        y = sqrt(x) * 2  # this line
        with pytest.raises(FloatingPointError, match=r"the gradient of `sqrt` by `x` is inf .*test_modes.py:\d+"):
            y.backward()
    assert x.grad is None
    t = Tensor([0.0, 1.0])
    with detect_anomaly():
        z = sqrt(t).sum()
        for create_graph in (False, True):
            with pytest.raises(FloatingPointError, match="`div` gave inf" if create_graph else "gradient of `sqrt`"):
                z.backward(create_graph=create_graph)
    assert t.grad is None
    with detect_anomaly(), pytest.raises(FloatingPointError, match="sqrt"):
        grad(sqrt)(0.0)


def test_a_graph_from_before_is_watched_too() -> None:
    x = Value(0.0)
    y = sqrt(x)
    with detect_anomaly(), pytest.raises(FloatingPointError, match="build the graph under `detect_anomaly` too"):
        y.backward()


def test_all_that_is_finite_passes() -> None:
    with detect_anomaly():
        x = Tensor([1.0, 2.0])
        loss = (tanh(x) * x).sum()
        loss.backward()
    assert np.all(np.isfinite(x.grad))
