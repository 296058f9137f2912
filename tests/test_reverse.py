"""The backward pass: what it starts from, what it leaves where nothing came, and what stays as it was."""

import gc

import numpy as np

import autograd as ag
from autograd import Tensor, Value


def test_the_collector_comes_back_as_it_was() -> None:
    assert gc.isenabled()
    with ag.without_collector():
        assert not gc.isenabled()
        with ag.without_collector():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


@ag.primitive(partials=[None, 1.0])
def second(x, y):
    """A row that is not differentiated by its first operand."""
    return y * 1.0


@ag.primitive(partials=[None])
def counted(x):
    """A row that is not differentiated at all."""
    return x * 1.0


def test_operands_that_are_not_differentiated_get_nothing() -> None:
    x, y = Value(2.0), Value(3.0)
    for create_graph in (False, True):
        x.grad = y.grad = None
        (second(x, y) * y + second(y, x) + counted(x) * y).backward(create_graph=create_graph)
        assert (x.grad, y.grad) == (1.0, 8.0)


def test_a_node_that_nothing_comes_to_has_a_gradient_of_zeros() -> None:
    for x in (Value(2.0), Tensor([2.0, 0.0])):
        between = x * 1.0
        second(between, x).backward(x.data)
        assert type(between.grad) is type(x.data) and np.shape(between.grad) == x.shape
        assert not np.any(between.grad)


def test_infinite_slopes_pass_in_silence_whatever_other_mode_is_open() -> None:
    x, t = Value(0.0), Tensor([0.0])
    y, z = ag.sqrt(x), ag.sqrt(t)
    with ag.no_grad():
        y.backward()
        z.backward()
        assert ag.grad(ag.sqrt)(0.0) == np.inf
    assert x.grad == np.inf and t.grad[0] == np.inf


def test_the_pass_starts_from_a_number_an_array_or_a_node() -> None:
    x = Tensor([1.0, 2.0])
    y = x * x
    for gradient in ([1.0, 2.0], np.array([1, 2]), Tensor([1.0, 2.0])):
        x.grad = None
        y.backward(gradient)
        assert np.asarray(x.grad).tolist() == [2.0, 8.0]
        assert type(y.grad) is np.ndarray and y.grad.tolist() == [1.0, 2.0]
    (Value(3.0) * 1.0).backward(2)
    narrow = Tensor([1.0, 2.0], dtype=np.float32) * 2.0
    narrow.backward([1.0, 2.0])
    assert narrow.grad.dtype == np.float32
    leaf = Tensor([1.0, 2.0], dtype=np.float32)
    leaf.backward(Tensor([3.0, 4.0]))
    assert leaf.grad.dtype == np.float32 and leaf.grad.tolist() == [3.0, 4.0]


def test_a_node_that_the_pass_starts_from_is_part_of_the_backward_graph() -> None:
    x, seed = Tensor([3.0, 4.0]), Tensor([1.0, 2.0])
    (x * x).backward(seed, create_graph=True)
    x.grad.sum().backward()
    assert seed.grad.tolist() == [6.0, 8.0]


def test_a_gradient_that_is_a_node_is_added_to() -> None:
    for x in (Value(3.0), Tensor([3.0])):
        for create_graph in (True, False):
            y = x * x
            y.backward(np.ones(x.shape), create_graph=create_graph)
        assert type(x.grad) is type(x) and x.grad == 12.0


def test_what_a_constant_has_in_grad_stays() -> None:
    x, c, d = Tensor([1.0, 2.0]), Tensor([3.0, 4.0], requires_grad=False), Value(5.0, requires_grad=False)
    c.grad, d.grad = had = np.array([7.0, 7.0]), 8.0
    for create_graph in (False, True):
        (x * c * d).sum().backward(create_graph=create_graph)
        assert c.grad is had[0] and d.grad is had[1]


def test_a_leaf_that_nothing_comes_to_has_zeros_or_what_it_had() -> None:
    alone, x = Tensor([1.0, 0.0]), Tensor([3.0, 4.0])
    second(alone, x).sum().backward()
    assert alone.grad.tolist() == [0.0, 0.0]
    alone.grad = had = np.array([5.0, 6.0])
    second(alone, x).sum().backward()
    assert alone.grad is had


def test_nothing_times_infinity_passes_in_silence() -> None:
    assert np.isnan(ag.grad(lambda x: (ag.sqrt(x) * 0.0).sum())(np.array([0.0])))
    x = Value(np.nan)
    ag.relu(x).backward()
    assert np.isnan(x.grad)


def test_cotangents_take_the_shape_and_dtype_of_their_operand() -> None:
    @ag.primitive(vjps=[lambda g, out, x: 2.0 * g])
    def as_row(x):
        return np.array([2.0 * x])

    @ag.primitive(vjps=[lambda g, out, x: Value(1.5) * 2.0])
    def thrice_the_sum(x):
        return np.array([3.0 * np.sum(x)])

    x, t = Value(5.0), Tensor([1.0, 2.0])
    for create_graph in (False, True):
        x.grad = None
        as_row(x).backward(create_graph=create_graph)
        assert np.shape(getattr(x.grad, "data", x.grad)) == () and x.grad == 2.0
    thrice_the_sum(t).sum().backward(create_graph=True)
    assert t.grad.data.tolist() == [3.0, 3.0]
    narrow, wide = np.ones(2, np.float32), np.array([1.0, 2.0])
    for x in (narrow, Tensor(narrow)):
        assert ag.grad(lambda x: (ag.sin(x * 1.0) * wide).sum())(x).dtype == np.float32


def test_data_that_is_not_a_number_is_not_stale() -> None:
    x = Tensor([np.nan, 1.0])
    y = (x * x).sum()
    x.data = x.data.copy()
    y.backward(create_graph=True)
    assert x.grad.data[1] == 2.0
