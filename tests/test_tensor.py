"""Tensor: NumPy's names give NumPy's numbers, gradients come back in shape, and errors say what to do."""

import itertools
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, concatenate, grad, gradcheck, stack
from autograd.primitives import layout

RNG = np.random.default_rng(7)
STACK = RNG.normal(size=(2, 3, 4))
AXES: list[Any] = [None, 0, 1, -1, (0, 2), (-1, 1), (0, 1, 2)]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "var", "std"])
def test_reductions_are_numpy_s(name: str, axis: Any, keepdims: bool) -> None:
    have = getattr(Tensor(STACK), name)(axis=axis, keepdims=keepdims)
    want = getattr(STACK, name)(axis=axis, keepdims=keepdims)
    assert have.shape == np.shape(want)
    np.testing.assert_allclose(have.data, want, rtol=1e-14)
    np.testing.assert_allclose(getattr(ag, name)(STACK, axis=axis, keepdims=keepdims), want, rtol=1e-14)
    gradcheck(lambda x: getattr(x, name)(axis=axis, keepdims=keepdims), STACK[:, :2, :2])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
@pytest.mark.parametrize("name", ["sum", "prod"])
def test_reductions_of_nothing_are_numpy_s(name: str, shape: tuple[int, ...]) -> None:
    for axis, keepdims in itertools.product([None, 0, -1], [False, True]):
        x = Tensor(np.zeros(shape))
        have = getattr(x, name)(axis=axis, keepdims=keepdims)
        assert np.array_equal(have.data, getattr(x.data, name)(axis=axis, keepdims=keepdims))
        assert have.shape == getattr(x.data, name)(axis=axis, keepdims=keepdims).shape
        have.sum().backward()
        assert x.grad.shape == shape


REDUCTIONS = ["sum", "mean", "max", "min", "prod", "var", "std", "norm", "logsumexp", "softmax", "log_softmax"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_batch_of_no_rows_is_reduced_to_no_numbers(name: str) -> None:
    row = getattr(ag, name)
    for f in (row, ag.compile(row)):
        for shape, axis in (((0, 3), 1), ((3, 0), 0), ((0, 3, 2), (1, 2))):
            have = f(np.zeros(shape), axis=axis)
            assert have.shape == (shape if "softmax" in name else (0,))
    slope = grad(lambda x: row(x, axis=1).sum())
    assert slope(np.zeros((0, 3))).shape == ag.compile(slope)(np.zeros((0, 3))).shape == (0, 3)
    if name not in ("sum", "prod", "norm"):
        with pytest.raises(ValueError, match=r"over `axis` 0 of an array of shape \(0, 3\): there are no elements"):
            row(np.zeros((0, 3)), axis=0)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [0, -1])
def test_a_single_number_has_an_axis_forward_and_backward(name: str, axis: int) -> None:
    def f(x: Any) -> Any:
        return ag.square(getattr(ag, name)(x * 3.0, axis=axis))

    for x in (Tensor(0.5), Value(0.5)):
        y = f(x)
        y.backward()
        assert y.shape == () and x.grad == ag.compile(grad(f))(0.5) == grad(f)(0.5)
    assert name in ("var", "std", "softmax", "log_softmax") or grad(f)(0.5) == 9.0
    with pytest.raises(ValueError, match="out of range"):
        getattr(ag, name)(Tensor(0.5), axis=1 + 3 * axis)


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("ddof", [2, 3, 2.5])
@pytest.mark.filterwarnings("ignore:Degrees of freedom", "ignore:.*encountered in")
def test_no_degrees_of_freedom_are_numpy_s_inf_and_nan(name: str, ddof: float) -> None:
    for x in (np.array([1.0, 2.0]), np.array([2.0, 2.0])):

        def spread(x: Any) -> Any:
            return getattr(ag, name)(x, ddof=ddof)

        for f in (spread, ag.compile(spread)):
            np.testing.assert_equal(f(x), getattr(np, name)(x, ddof=ddof))


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("ddof", [0, 1])
def test_degrees_of_freedom(name: str, ddof: int) -> None:
    have = getattr(Tensor(STACK), name)(axis=1, ddof=ddof)
    np.testing.assert_allclose(have.data, getattr(STACK, name)(axis=1, ddof=ddof), rtol=1e-14)


def test_one_element_is_one() -> None:
    with pytest.raises(ValueError, match=r"`index` 0 picks an array of shape \(3, 4\), not one element"):
        layout.element(STACK, index=0)


def test_complex_numbers_do_not_become_real_ones() -> None:
    with pytest.raises(TypeError, match="`x` holds complex128: a complex number is not converted to a real one"):
        ag.astype(np.array([1j]), dtype="float64")


SHAPING = {
    "reshape": (lambda x: x.reshape(4, 6), lambda x: x.reshape(4, 6)),
    "reshape by a tuple, one length left": (lambda x: x.reshape((-1, 2)), lambda x: x.reshape(-1, 2)),
    "transpose": (lambda x: x.transpose(), lambda x: x.transpose()),
    "transpose by axes": (lambda x: x.transpose(1, 2, 0), lambda x: x.transpose(1, 2, 0)),
    "T": (lambda x: x.T, lambda x: x.T),
    "broadcast_to": (lambda x: x.broadcast_to(5, 2, 3, 4), lambda x: np.broadcast_to(x, (5, 2, 3, 4))),
    "flip": (lambda x: x.flip(1), lambda x: np.flip(x, 1)),
    "cumsum": (lambda x: x.cumsum(axis=2), lambda x: x.cumsum(axis=2)),
    "integer": (lambda x: x[1], lambda x: x[1]),
    "slices": (lambda x: x[:, 1:, ::-2], lambda x: x[:, 1:, ::-2]),
    "ellipsis": (lambda x: x[..., 0], lambda x: x[..., 0]),
    "new axis": (lambda x: x[:, None], lambda x: x[:, None]),
    "array": (lambda x: x[:, [2, 0, 2]], lambda x: x[:, [2, 0, 2]]),
    "arrays": (lambda x: x[np.array([0, 1]), [2, 2]], lambda x: x[np.array([0, 1]), [2, 2]]),
    "mask": (lambda x: x[STACK > 0], lambda x: x[STACK > 0]),
    "matrix product": (lambda x: x @ STACK[0].T, lambda x: x @ STACK[0].T),
    "product from the left": (lambda x: STACK[0].T @ x, lambda x: STACK[0].T @ x),
    "concatenate": (lambda x: concatenate([x, 2 * x], axis=1), lambda x: np.concatenate([x, 2 * x], axis=1)),
    "concatenate with an array": (lambda x: concatenate([x, STACK]), lambda x: np.concatenate([x, STACK])),
    "stack": (lambda x: stack([x, -x], axis=-1), lambda x: np.stack([x, -x], axis=-1)),
    "iteration": (lambda x: stack(list(x)[::-1]), lambda x: np.stack(list(x)[::-1])),
    "softmax": (lambda x: ag.softmax(x, axis=1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    "log_softmax": (lambda x: ag.log_softmax(x), lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True))),
    "logsumexp": (lambda x: ag.logsumexp(x, axis=(0, 1)), lambda x: np.log(np.exp(x).sum((0, 1)))),
    "norm": (lambda x: ag.norm(x, axis=2), lambda x: np.sqrt((x * x).sum(2))),
    "where": (lambda x: ag.where(STACK > 0, x, 0.1 * x), lambda x: np.where(STACK > 0, x, 0.1 * x)),
    "clip": (lambda x: x.clip(-0.5, 0.5), lambda x: x.clip(-0.5, 0.5)),
}


@pytest.mark.parametrize("name", SHAPING)
def test_shapes_and_pieces_are_numpy_s(name: str) -> None:
    ours, theirs = SHAPING[name]
    have, want = ours(Tensor(STACK)), theirs(STACK)
    assert have.shape == want.shape and have.dtype == want.dtype
    np.testing.assert_allclose(have.data, want, rtol=1e-13)
    if name != "mask" and name != "clip":
        gradcheck(ours, STACK, order=2)
    assert ours(Tensor(STACK, dtype="float32")).dtype == np.float32 or "array" in name or "product" in name


@pytest.mark.parametrize(
    ("left", "right"), [((3, 1), (4,)), ((2, 3, 4), (3, 1)), ((1, 1), (2, 3)), ((), (3,)), ((4,), ())]
)
@pytest.mark.parametrize("op", ["add", "sub", "mul", "div", "maximum", "hypot", "atan2"])
def test_broadcasting_is_numpy_s(op: str, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = RNG.normal(size=left), RNG.normal(size=right)
    out = getattr(ag, op)(Tensor(a), Tensor(b))
    assert out.shape == np.broadcast_shapes(left, right)
    gradcheck(getattr(ag, op), np.asarray(a), np.asarray(b))


def test_what_a_tensor_is_made_of() -> None:
    assert Tensor([[1, 2], [3, 4]]).dtype == np.float64
    assert Tensor([1.0], dtype="float32").dtype == np.float32
    assert Tensor(np.ones(2, np.float32)).dtype == np.float32
    assert Tensor(np.ones(2, ">f8")).dtype == np.float64
    assert Tensor(3.0).shape == () and Tensor([]).shape == (0,)
    x = np.ones(3)
    assert not np.shares_memory(Tensor(x).data, x)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Tensor("abc"), TypeError, r"`data` of a Tensor is float32 or float64, not <U3"),
        (lambda: Tensor([True, False]), TypeError, r"not bool .* convert it first, as in `data.astype\(float\)`"),
        (lambda: Tensor(np.ones(2, np.float16)), TypeError, "not float16 .*convert it first"),
        (lambda: Tensor(np.ones(2, complex)), TypeError, "not complex128"),
        (lambda: Tensor([1.0, None]), TypeError, "not object"),
        (lambda: Tensor([1.0], dtype="int64"), TypeError, "`dtype` is float32 or float64, not int64"),
        (lambda: Tensor([[1.0], [1.0, 2.0]]), ValueError, "nested list whose rows differ in length"),
        (lambda: Tensor([[Value(1.0)], [1.0, 2.0]]), ValueError, "nested list whose rows differ in length"),
        (lambda: Tensor([Tensor([1.0])]), TypeError, "join them with `stack` or `concatenate`"),
        (lambda: Tensor(Tensor([1.0])), TypeError, "is a Tensor already"),
        (lambda: len(Tensor(1.0)), TypeError, r"shape \(\) has no len"),
        (lambda: Tensor([1.0, 2.0]).item(), ValueError, r"single element; this Tensor has shape \(2,\)"),
        (lambda: float(Tensor([1.0, 2.0], requires_grad=False)), ValueError, r"shape \(2,\)"),
        (lambda: bool(Tensor([1.0, 2.0])), ValueError, r"truth of an array of shape \(2,\)"),
        (lambda: Tensor([1.0]).__setitem__(0, 5.0), TypeError, r"`where\(mask, x, t\)`.*scatter.*t.data\[...\] = x"),
        (lambda: np.asarray(Tensor([1.0])), TypeError, "write `.data`"),
        (lambda: Tensor([1.0]) + Tensor([1.0, 2.0, 3.0])[:2] + Tensor(np.ones(3)), ValueError, "shape"),
        (lambda: Tensor(np.ones((2, 3))) @ Tensor(np.ones((2, 3))), ValueError, r"`matmul` cannot multiply \(2, 3\)"),
        (lambda: Tensor(np.ones((2, 3))).sum(axis=2), ValueError, "`axis` 2 is out of range: the array has 2 axes"),
        (lambda: Tensor(np.ones((2, 3))).sum(axis=(0, 0)), ValueError, "names one axis twice"),
        (lambda: Tensor(np.ones((2, 3))).broadcast_to(4, 3), ValueError,
         r"`shape` \(4, 3\): could not broadcast .* \(2,3\)"),
        (lambda: Tensor(np.ones((2, 3))).reshape(5), ValueError, "reshape"),
        (lambda: Tensor(np.ones(3))[Value(1.0)], TypeError, "an index is whole numbers"),
        (lambda: Tensor(np.ones(3))[5], IndexError, "5"),
        (lambda: concatenate([]), ValueError, "`concatenate` got an empty list"),
        (lambda: stack(Tensor(1.0)), TypeError, "`stack` takes a list of Tensors"),
        (lambda: Tensor(np.ones(2)).astype(int), TypeError, "`dtype` is float32 or float64, not int64"),
        (lambda: setattr(Tensor(np.ones(2)), "data", np.ones(3)), ValueError, r"keeps its shape \(2,\)"),
        (lambda: ag.add(Tensor([1.0]), "x"), TypeError, "`add` takes numbers, arrays, Values and Tensors, not str"),
        (lambda: Tensor([1.0]) + 1j, TypeError, "complex"),
    ],
)  # fmt: skip
def test_errors_say_what_came_and_what_to_do(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_values_make_a_tensor_and_come_out_again() -> None:
    a, b = Value(2.0), Value(3.0)
    t = Tensor([[a, 1.0], [b, a]], label="t")
    assert t.shape == (2, 2) and t.label == "t"
    rows = (t * t).to_values()
    out = rows[0][0] + rows[1][0] * rows[1][1]
    assert isinstance(out, Value)
    out.backward()
    assert out.data == 4.0 + 9.0 * 4.0
    assert a.grad == pytest.approx(4.0 + 9.0 * 4.0) and b.grad == pytest.approx(6.0 * 4.0)


def test_values_and_tensors_mix_in_one_expression() -> None:
    v, t = Value(2.0), Tensor([1.0, 3.0])
    out = (v * t + v).sum() * v
    out.backward()
    assert isinstance(out, Tensor) and v.grad == pytest.approx(2 * 2 * 6.0) and np.array_equal(t.grad, [4.0, 4.0])
    v = Value(2.0)
    (v + Tensor(np.ones((2, 3)))).sum().backward(create_graph=True)
    assert v.grad.data == 6.0 and isinstance(v.grad, Value)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Tensor([1.0, 2.0]), "Tensor([1., 2.], shape=(2,))"),
        (lambda: Tensor(2.0, label="w"), "Tensor(2., label='w')"),
        (lambda: Tensor([1.0, 2.0], dtype="float32") * 2, "Tensor([2., 4.], shape=(2,), dtype=float32, op=mul)"),
    ],
)
def test_repr(make: Any, text: str) -> None:
    assert repr(make()) == text


def test_comparisons_give_arrays() -> None:
    t = Tensor([1.0, 2.0])
    assert np.array_equal(t > 1.5, [False, True]) and np.array_equal(t <= Tensor([1.0, 1.0]), [True, False])
    assert type(t > 1.5) is np.ndarray and t[0].shape == ()


def test_a_large_norm_and_a_small_one() -> None:
    for size in (1e-200, 1e200):
        x = Tensor([3 * size, 4 * size])
        y = ag.norm(x)
        y.backward()
        assert y.item() == pytest.approx(5 * size) and np.allclose(x.grad, [0.6, 0.8])


def test_a_column_less_a_row_is_summed_back() -> None:
    column, row = Tensor(np.ones((3, 1))), Tensor(np.ones(3))
    (column - row).sum().backward()
    assert np.array_equal(column.grad, np.full((3, 1), 3.0)) and np.array_equal(row.grad, np.full(3, -3.0))
