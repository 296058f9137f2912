"""NumPy's own functions on nodes: the values are NumPy's, the gradients those of differences, eager and compiled."""

import functools
import operator
from typing import Any

import numpy as np
import pytest
import scipy.special

import autograd as ag
from autograd import Tensor, Value, grad, gradcheck

RNG = np.random.default_rng(1)
X = RNG.uniform(0.2, 0.8, (3, 4))
ROW, SQUARE, CUBE, OTHER = X[0], X[:, :3] + np.eye(3), RNG.uniform(0.2, 0.8, (2, 3, 4)), RNG.normal(size=(4, 2))

ONE = """exp exp2 expm1 log log2 log10 log1p sqrt square sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arctanh
absolute fabs negative positive reciprocal sinc deg2rad rad2deg radians degrees floor ceil rint sign conjugate"""
TWO = """add subtract multiply divide true_divide power float_power maximum minimum arctan2 hypot logaddexp
fmod remainder"""
FUNCTIONS: dict[str, Any] = {
    **{name: (getattr(np, name), X) for name in ONE.split()},
    **{
        name: (functools.partial(lambda f, x: f(x, 0.53) + f(x + 0.25, x) + f(ROW * 1.3, x), getattr(np, name)), X)
        for name in TWO.split()
    },
    "arccosh": (lambda x: np.arccosh(x + 1.0), X),
    "sum": (np.sum, X),
    "sum of rows": (lambda x: np.sum(x, axis=0, keepdims=True), X),
    "mean": (lambda x: np.mean(x, 1), X),
    "var": (lambda x: np.var(x, axis=1, ddof=1), X),
    "std": (lambda x: np.std(x, 0), X),
    "prod": (lambda x: np.prod(x, axis=1), X),
    "max": (lambda x: np.max(x, axis=1) + np.amax(x), X),
    "min": (lambda x: np.min(x, axis=1) + np.amin(x), X),
    "ptp": (lambda x: np.ptp(x, axis=1), X),
    "average": (lambda x: np.average(x, axis=1) + np.average(x, axis=1, weights=ROW), X),
    "median": (lambda x: np.median(x, axis=0) + np.median(x) + np.median(x, axis=1).sum(), X),
    "sort": (lambda x: np.sort(x) * np.arange(4) + np.sort(x, axis=0), X),
    "cumsum": (lambda x: np.cumsum(x, axis=1), X),
    "cumprod": (lambda x: np.cumprod(x, axis=1), X),
    "diff": (lambda x: np.diff(x, axis=0), X),
    "where": (lambda x: np.where(x > 0.5, x * x, 1.0), X),
    "clip": (lambda x: np.clip(x, 0.3, 0.6) + np.clip(x, None, 0.5) + np.clip(x, 0.5, None), X),
    "round": (lambda x: np.round(x, 1), X),
    "nan_to_num": (np.nan_to_num, X),
    "reshape": (lambda x: np.reshape(x, (2, 6)) * np.arange(6), X),
    "ravel": (lambda x: np.ravel(x) * np.arange(12), X),
    "transpose": (lambda x: np.transpose(x) * np.arange(3) + np.transpose(x, (1, 0)), X),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 2) * np.arange(2), CUBE),
    "moveaxis": (lambda x: np.moveaxis(x, 0, -1) * np.arange(2), CUBE),
    "squeeze, expand_dims": (lambda x: np.squeeze(np.expand_dims(x, 1), axis=1) * X, X),
    "broadcast_to": (lambda x: np.broadcast_to(x, (2, 3, 4)) * CUBE, X),
    "flip": (lambda x: np.flip(x, 1) * X + np.fliplr(x) + np.flipud(x) * X, X),
    "rot90": (lambda x: np.rot90(x) * X.T, X),
    "roll": (lambda x: np.roll(x, 1, axis=1) * X + np.roll(x, 5), X),
    "tile": (lambda x: np.tile(x, (2, 1)) * np.arange(4), X),
    "repeat": (lambda x: np.repeat(x, 2, axis=0) * np.arange(4), X),
    "pad": (lambda x: np.pad(x, 1) ** 2 + np.pad(x, 1, mode="edge"), X),
    "take": (lambda x: np.take(x, [0, 2, 2], axis=1) ** 2, X),
    "delete": (lambda x: np.delete(x, 1, axis=1) ** 2, X),
    "split": (lambda x: np.split(x, 2, axis=1)[1] ** 2 + np.array_split(x, 2, axis=1)[0], X),
    "diag": (lambda x: np.diag(np.diag(x)) ** 2, SQUARE),
    "diagonal": (lambda x: np.diagonal(x) ** 2, SQUARE),
    "tril, triu": (lambda x: np.tril(x) ** 2 + np.triu(x, 1), X),
    "atleast_2d": (lambda x: np.atleast_2d(x)[0] ** 2, ROW),
    "concatenate": (lambda x: np.concatenate([x, X], axis=0) ** 2, X),
    "stack": (lambda x: np.stack([x, X * x]) ** 2, X),
    "hstack, vstack": (lambda x: np.hstack([x, X]).sum() ** 2 + np.vstack([x, x[0]]) ** 2, X),
    "dstack": (lambda x: np.dstack([x, X]) ** 2, X),
    "column_stack": (lambda x: np.column_stack([x, ROW]) ** 2, ROW),
    "append": (lambda x: np.append(x, 2.0) ** 2, X),
    "dot": (lambda x: np.dot(x, OTHER) + np.dot(x, OTHER[:, 0])[:, None] * np.dot(x[0], OTHER[:, 1]), X),
    "dot of stacks": (lambda x: np.dot(x, CUBE.swapaxes(1, 2)), X),
    "matmul": (lambda x: np.matmul(x, OTHER) + (X @ np.transpose(x))[:, :2], X),
    "inner": (lambda x: np.inner(x, X), X),
    "outer": (lambda x: np.outer(x, ROW) ** 2, X),
    "vdot": (lambda x: np.vdot(x, X), X),
    "tensordot": (lambda x: np.tensordot(x, CUBE, axes=([1], [2])), X),
    "einsum": (lambda x: np.einsum("ij,kij,i->kj", x, CUBE, X[:, 0]), X),
    "fmax, fmin": (lambda x: np.fmax(x, 0.53) * np.fmin(np.where(X > 0.5, np.nan, 0.4), x), X),
    "cross": (lambda x: np.cross(x[:, :3], x[:, 1:]) * np.arange(3.0) + np.cross(ROW[:3], x[:, 1:]), X),
    "select": (lambda x: np.select([X > 0.7, X > 0.4], [x * x, np.sin(x)], 2 * x), X),
    "multi_dot": (lambda x: np.linalg.multi_dot([x, OTHER.T if OTHER.shape[1] == 4 else x.T, x]), X),
    "nansum": (lambda x: np.nansum(np.where(X > 0.5, np.nan, x * x), axis=0), X),
    "fftshift": (lambda x: np.fft.fftshift(x, axes=1) * X + np.fft.ifftshift(x) ** 2, X),
    "trace": (lambda x: np.trace(x) ** 2, SQUARE),
    "norm": (lambda x: np.linalg.norm(x) + np.linalg.norm(x, 1) + np.linalg.norm(x, ord=3, axis=1).sum(), X),
    "polyval": (lambda x: np.polyval([1.0, 2.0, 3.0], x), X),
    "add.reduce": (lambda x: np.add.reduce(x) + np.multiply.reduce(x, axis=1).sum() + np.maximum.reduce(x), X),
    "add.accumulate": (lambda x: np.add.accumulate(x) * np.multiply.accumulate(x), X),
    "multiply.outer": (lambda x: np.multiply.outer(x, ROW) ** 2, X),
    "expit": (lambda x: scipy.special.expit(x) + scipy.special.erf(x) * scipy.special.xlogy(x, 2.0), X),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_numpy_on_nodes(name: str) -> None:
    f, x = FUNCTIONS[name]
    y = f(Tensor(x))
    assert isinstance(y, Tensor)
    np.testing.assert_allclose(y.data, f(x), rtol=1e-13, atol=1e-15)
    if name not in ("floor", "ceil", "rint", "sign", "round"):
        gradcheck(lambda x: np.sum(f(x) * np.cos(np.arange(y.size).reshape(y.shape))), x)
    np.testing.assert_allclose(ag.compile(f)(x), f(x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", [*ONE.split(), "arccosh"])
def test_a_function_of_numpy_on_a_value(name: str) -> None:
    f = getattr(np, name)
    at = 1.5 if name == "arccosh" else 0.5
    y = f(Value(at))
    assert isinstance(y, Value) and y.data == pytest.approx(float(f(at)), rel=1e-14)
    assert grad(f)(at) == pytest.approx(float(ag.compile(grad(f))(at)), rel=1e-13)


def test_numbers_and_arrays_of_numpy_on_the_left() -> None:
    x = Tensor(X)
    for op in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod):
        for left in (np.float64(2), np.float32(2), X + 1.0, np.ones(4, int)):
            assert isinstance(op(left, x), Tensor) and np.allclose(op(left, x).data, op(left, X))
            assert isinstance(op(left, Value(2.0)), Tensor if np.ndim(left) else Value)
    for op in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
        assert np.array_equal(op(X.T, Tensor(X.T[::-1])), op(X.T, X.T[::-1])) and op(np.float64(2), Value(2.0)) == op(
            2, 2
        )
    assert (X @ Tensor(OTHER)).shape == (3, 2) and (np.eye(3) @ x).shape == (3, 4)


def test_operators_that_nodes_refuse_or_know_are_asked_of_the_node() -> None:
    for left in (np.float64(3), np.array([3.0, 5.0])):
        with pytest.raises(TypeError, match="`//` has no useful derivative"):
            left // Tensor([2.0, 2.0])
        assert np.array_equal((left // Tensor([2.0, 2.0], requires_grad=False)).data, left // np.array([2.0, 2.0]))
    f = ag.compile(lambda x: ag.where(np.array([True, False]) & (x > 1.0), x, 0.0))
    assert f(np.array([2.0, 2.0])).tolist() == [2.0, 0.0]
    assert np.sum(Tensor(X), axis=None, dtype=None, out=None).item() == X.sum()


def test_what_only_asks_is_answered_with_plain_numbers() -> None:
    x = Tensor(X)
    assert np.shape(x) == (3, 4) and np.ndim(Value(1.0)) == 0 and np.size(x) == 12
    assert np.argmax(x) == np.argmax(X) and np.argsort(x).tolist() == np.argsort(X).tolist()
    assert np.any(x > 0.7) and not np.all(x) ^ True and np.allclose(x, X) and np.array_equal(x, X)
    assert np.zeros_like(x).tolist() == np.zeros((3, 4)).tolist() and np.isnan(Value(float("nan"))) is True
    assert np.count_nonzero(Tensor([0.0, 1.0])) == 1 and np.nonzero(Tensor([0.0, 1.0]))[0].tolist() == [1]
    f = ag.compile(lambda x: x[np.argmax(x)] * 2.0)
    assert [f(np.array(a)) for a in ([1.0, 5.0], [7.0, 5.0], [1.0, 6.0])] == [10.0, 14.0, 12.0]
    g = ag.compile(lambda x: np.where(np.any(x > 1.0), x, -x))
    assert [g(np.array(a)).tolist() for a in ([0.0, 2.0], [0.0, 0.5])] == [[0.0, 2.0], [0.0, -0.5]]


def test_what_has_no_counterpart_is_refused() -> None:
    x, array = Tensor(X), np.zeros((3, 4))
    for f in (
        lambda: np.fft.fft(x), lambda: np.linalg.inv(x), lambda: np.cbrt(x), lambda: np.interp(x, [0, 1], [0, 1]),
        lambda: np.add.at(x, 0, 1.0), lambda: np.convolve(ROW, x[0]), lambda: np.linalg.svd(x),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"np\.\S+ has no counterpart.*`.data`"):
            f()
    for f in (lambda: np.sum(x, dtype=np.float32), lambda: np.exp(x, where=X > 0), lambda: np.mean(x, where=X > 0)):
        with pytest.raises(TypeError, match=r"np\.\w+ of nodes does not take|unexpected keyword"):
            f()
    with pytest.raises(TypeError, match="write `a = a \\+ x`"):
        array += x
    with pytest.raises(TypeError, match="would lose the gradient"):
        np.sum([Value(1.0), Value(2.0)])
    assert not array.any()


def test_a_function_written_for_numpy_is_differentiated_and_drawn() -> None:
    def loss(w: Any, x: Any, y: Any) -> Any:
        h = np.tanh(np.dot(x, w))
        return np.mean((np.sum(h, axis=1) - y) ** 2) + 1e-3 * np.linalg.norm(w)

    w, x, y = RNG.normal(size=(4, 2)), RNG.normal(size=(5, 4)), RNG.normal(size=5)
    assert loss(Tensor(w), x, y).item() == pytest.approx(loss(w, x, y), rel=1e-14)
    gradcheck(lambda w: loss(w, x, y), w)
    np.testing.assert_allclose(ag.compile(grad(loss))(w, x, y), grad(loss)(w, x, y), rtol=1e-12)
    assert "tanh" in ag.draw(loss(Tensor(w), x, y)).text()


PEERS = [pytest.param(name, marks=pytest.mark.slow) for name in ("torch", "jax.numpy")]


@pytest.mark.parametrize("library", [*PEERS, "pandas", "pandas frame", "numpy.ma"])
def test_arrays_of_other_libraries_are_operands(library: str) -> None:
    module = pytest.importorskip(library.split()[0])
    make = {"torch": "tensor", "jax.numpy": "asarray", "pandas": "Series", "pandas frame": "DataFrame",
            "numpy.ma": "array"}[library]  # fmt: skip
    numbers = [[1.0, 2.0], [3.0, 5.0]] if library == "pandas frame" else [1.0, 2.0]
    theirs, ours = getattr(module, make)(numbers), np.array(numbers)
    for x in (Tensor([2.0, 4.0]), Value(2.0)):
        for op in (operator.add, operator.sub, operator.mul, operator.truediv):
            for y, want in ((op(theirs, x), op(ours, x.data)), (op(x, theirs), op(x.data, ours))):
                assert isinstance(y, Tensor) and y.data.tolist() == want.tolist()
        assert np.array_equal(x == theirs, x.data == ours) and np.array_equal(x < theirs, x.data < ours)
    assert Tensor(theirs).tolist() == numbers
    assert grad(lambda x: ag.sum(x * x))(theirs).tolist() == (2.0 * ours).tolist()


@pytest.mark.slow
def test_what_another_library_would_lose_is_refused() -> None:
    torch = pytest.importorskip("torch")
    theirs, masked = torch.ones(2, requires_grad=True), np.ma.array([1.0, 9e9], mask=[False, True])
    x = Tensor([2.0, 4.0])
    for f in (lambda y: x * y, lambda y: y * x, lambda y: ag.exp(y), Tensor, grad(ag.sum)):
        with pytest.raises(TypeError, match=r"its gradient would be lost, hand over its `.detach\(\)`"):
            f(theirs)
        with pytest.raises(ValueError, match="has entries that are masked"):
            f(masked)


def test_names_of_numpy_and_pytorch_on_tensors() -> None:
    x = Tensor(X)
    assert x.numpy().tolist() == x.tolist() == X.tolist() and Value(2.0).tolist() == 2.0 and x.numpy() is not x.data
    assert x.view(4, 3).shape == x.permute(1, 0).shape == (4, 3) and x.flatten().shape == x.ravel().shape == (12,)
    assert x.argmax() == X.argmax() and x.argmin(axis=0).tolist() == X.argmin(axis=0).tolist()
    assert x.any() is True and x.all(axis=0).tolist() == [True] * 4 and x.cumprod(1).shape == (3, 4)
    assert x.swapaxes(0, 1).shape == (4, 3) and x.reshape(3, 1, 4).squeeze(1).shape == (3, 4)
    assert ag.sum(x, 0).shape == (4,) and ag.max(x, 1, True).shape == (3, 1) and ag.transpose(x, (1, 0)).shape == (4, 3)
    for f in (lambda: ag.add(x, x, x), lambda: ag.sum(x, 0, axis=0)):
        with pytest.raises(TypeError, match=r"takes \d operands"):
            f()


def test_python_s_own_names_stay_its_own() -> None:
    space: dict[str, Any] = {}
    exec("from autograd import *", space)
    assert "Value" in space and "einsum" in space and not {"sum", "max", "round", "pow", "abs", "compile"} & set(space)


@pytest.mark.parametrize(
    "subscripts",
    ["ij,jk->ik", "ii->i", "ii", "ij", "i,j", "bij,bjk->bik", "...ij,...jk->...ik", "ij,jk,ki->", "iij->j"],
)
def test_einsum(subscripts: str) -> None:
    sizes = dict(zip("bijk", (2, 3, 3, 3), strict=True))
    terms = subscripts.split("->")[0].replace("...", "b").split(",")
    xs = [RNG.normal(size=[sizes[label] for label in term]) for term in terms]
    np.testing.assert_allclose(ag.einsum(subscripts, *map(Tensor, xs)).data, np.einsum(subscripts, *xs), atol=1e-13)
    gradcheck(lambda xs: ag.sum(ag.einsum(subscripts, *xs) ** 2), xs)


@pytest.mark.parametrize("order", [None, 0, 1, 2, 3, 0.5, np.inf, -np.inf])
def test_norms(order: Any) -> None:
    for axis in (0, 1):
        np.testing.assert_allclose(ag.norm(X, order, axis), np.linalg.norm(X, order, axis), rtol=1e-14)
        gradcheck(lambda x, axis=axis: ag.sum(ag.norm(x, order, axis)), X)
    if order in (1, np.inf, -np.inf):
        assert ag.norm(X, order) == pytest.approx(np.linalg.norm(X, order), rel=1e-14)
    assert not np.any(grad(lambda x: ag.norm(x, order))(np.zeros(3))) or order in (0.5,)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: ag.tensordot(np.ones((2, 3)), np.ones((3, 2)), 10**15), "`axes` is how many axes to sum over"),
        (lambda: ag.tensordot(2.0, np.ones(3), 1), "`axes` is how many axes to sum over"),
        (lambda: ag.tensordot(np.ones((2, 3)), np.ones((3, 2)), ([0, 1], [1])), "two lists of as many axes"),
        (lambda: ag.diff(2.0), "`axis` is one axis"),
        (lambda: ag.norm(np.ones(3), np.ones(2)), "`ord` .* is not known"),
        (lambda: ag.pad(np.ones(3), "a"), "`pad_width`"),
    ],
)
def test_wrong_axes_widths_and_orders_are_named(wrong: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        wrong()


def test_differences_end_when_nothing_is_left_and_products_begin_with_one_number() -> None:
    assert ag.diff(np.ones((2, 3)), 10**15).shape == (2, 0)
    assert np.array_equal(ag.cumprod(2.0), np.cumprod(2.0))
