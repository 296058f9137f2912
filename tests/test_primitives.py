"""Every row of the table: its value and its derivatives, to second order, against exact ones.

A new row is tested as soon as it stands in the table. An elementwise row needs a formula in tests/oracle.py; how exact
it is over the whole range, tests/test_accuracy.py asks. Any other row needs an example call in `EXAMPLES`.
"""

import functools
import math
from itertools import product
from typing import Any

import numpy as np
import pytest
from oracle import FORMULAS, exact

from autograd import TABLE, Tensor, Value, grad, gradcheck, jvp
from autograd.primitive import Primitive

ELEMENTWISE = [name for name, row in TABLE.items() if row.elementwise]
OTHERS = [name for name, row in TABLE.items() if not row.elementwise]

POINTS = {
    "clip": [(0.3, -1.0, 1.0), (1.7, -1.2, 0.6), (-2.5, 0.5, 2.25), (0.9, 0.1, 1.1)],
    "inside": [(0.3, -1.0, 1.0), (1.7, -1.2, 0.6), (-2.5, 0.5, 2.25), (0.9, 0.1, 1.1)],
}
"""Points for rows whose operands are bound to one another; for others they follow from the domain."""


def inside(interval: tuple[float, float]) -> list[float]:
    """Points in an interval, none of them whole, some near its ends."""
    low, high = interval
    if math.isinf(low) and math.isinf(high):
        return [-6.3, -2.3, -0.7, -0.0625, 0.45, 1.3, 2.6, 7.1]
    if math.isinf(high):
        return [low + step for step in (0.001953125, 0.2, 0.7, 1.3, 2.75, 19.3)]
    return [low + (high - low) * t for t in (0.01, 0.2, 0.45, 0.55, 0.8, 0.995)]


def points(row: Primitive) -> list[tuple[float, ...]]:
    if row.name in POINTS:
        return POINTS[row.name]
    axes = [inside(interval) for interval in row.domain]
    chosen = [tuple(axis[(k + 3 * i) % len(axis)] for i, axis in enumerate(axes)) for k in range(len(axes[0]))]
    return [p for p in chosen if all(abs(p[0] - kink) > 0.01 for kink in row.kinks)]


@functools.cache
def table(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points, exact values, first and second derivatives, rounded once."""
    row = TABLE[name]
    if name not in FORMULAS:
        pytest.fail(f"the row `{name}` has no exact formula to compare with: add one to FORMULAS in tests/oracle.py")
    n, at = row.arity or 0, np.array(points(row))

    def derivative(*by: int) -> np.ndarray:
        return exact(name, tuple(sorted(by)), at)[0]

    first = np.stack([derivative(i) for i in range(n)], -1)
    second = np.stack([np.stack([derivative(i, j) for j in range(n)], -1) for i in range(n)], -2)
    return at, derivative(), first, second


def close(have: Any, want: Any, ulps: float, dtype: type = np.float64) -> None:
    unit = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(have, want, rtol=ulps * unit, atol=ulps * unit * 0.01, strict=False)


# -- elementwise rows --


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_value_on_floats_and_arrays(name: str) -> None:
    row = TABLE[name]
    at, value, _, _ = table(name)
    on_floats = [row(*map(float, p)) for p in at]
    assert {type(x) for x in on_floats} == {float}
    close(on_floats, value, 8)
    on_arrays = row(*at.T)
    assert on_arrays.dtype == np.float64
    close(on_arrays, value, 8)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivatives_of_floats(name: str) -> None:
    row = TABLE[name]
    at, _, first, second = table(name)
    n = range(row.arity)
    for p, slopes, curvatures in zip(at.tolist(), first, second, strict=True):
        close([grad(row, i)(*p) for i in n], slopes, 16)
        close([[grad(grad(row, i), j)(*p) for j in n] for i in n], curvatures, 64)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("kind", [Value, Tensor])
def test_backward_and_its_graph(name: str, kind: type) -> None:
    row = TABLE[name]
    at, value, first, second = table(name)
    n = range(row.arity)
    columns = [list(map(Value, column)) for column in at.T] if kind is Value else [[Tensor(c)] for c in at.T]
    for k, operands in enumerate(zip(*columns, strict=True)):
        every = k if kind is Value else slice(None)
        out = row(*operands)
        close(out.data, value[every], 8)
        (out.sum() if kind is Tensor else out).backward(create_graph=True)
        slopes = [x.grad for x in operands]
        for i in n:
            close(slopes[i].data, first[every][..., i], 16)
            for x in operands:
                x.zero_grad()
            if slopes[i].requires_grad:
                (slopes[i].sum() if kind is Tensor else slopes[i]).backward()
            for j in n:
                close(operands[j].grad, second[every][..., i, j], 64)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_plain_backward_is_the_row(name: str) -> None:
    row = TABLE[name]
    at, _, first, _ = table(name)
    for p, slopes in zip(at, first, strict=True):
        operands = [Value(x) for x in p]
        (3.0 * row(*operands)).backward()
        close([x.grad for x in operands], 3 * slopes, 16)
        assert {type(x.grad) for x in operands} == {float}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_forward_mode(name: str) -> None:
    row = TABLE[name]
    at, _, first, second = table(name)
    direction = [1.0, -0.5, 0.25][: row.arity]
    for p, slopes, curvatures in zip(at.tolist(), first, second, strict=True):
        _, moved = jvp(row, p, direction)
        close(moved, slopes @ direction, 32)
        _, bent = jvp(lambda *q: jvp(row, q, direction)[1], p, direction)
        close(bent, direction @ curvatures @ direction, 256)
    _, moved = jvp(row, tuple(at.T), tuple(np.full(len(at), d) for d in direction))
    close(moved, first @ direction, 32)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_float32_stays_float32(name: str) -> None:
    row = TABLE[name]
    at, value, first, _ = table(name)
    operands = [Tensor(column, dtype=np.float32) for column in at.T]
    close([x.data for x in operands], at.T, 1, np.float32)
    out = row(*operands)
    assert out.dtype == np.float32 and row(*at.T.astype(np.float32)).dtype == np.float32
    out.sum().backward()
    # what rounding the operands does to the value is the operation's own condition, not its fault
    blur = np.sum(np.abs(first * at), axis=1)
    assert np.all(np.abs(out.data - value) <= 8 * np.finfo(np.float32).eps * (np.abs(value) + blur + 0.01))
    for i, x in enumerate(operands):
        assert x.grad.dtype == np.float32
        np.testing.assert_allclose(x.grad, first[:, i], rtol=3e-3, atol=1e-5)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_tensor_of_one_number_stays_a_tensor(name: str, dtype: type) -> None:
    row = TABLE[name]
    at = table(name)[0]
    out = row(*(Tensor(x, dtype=dtype) for x in at[0]))
    assert type(out) is Tensor and out.shape == () and out.dtype == dtype
    close([out.data], row(*at[:1].T.astype(dtype)), 4, dtype)
    out.backward()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_broadcasting_is_undone_in_the_gradient(name: str) -> None:
    row = TABLE[name]
    n = row.arity
    if n == 1:
        return
    at = np.array(points(row))
    shapes = [tuple(len(at) if k == i else 1 for k in range(n)) for i in range(n)]
    if name in POINTS:
        at = at[:1]
        shapes = [(1,) * n] * n
    operands = [Tensor(at[:, i].reshape(shapes[i])) for i in range(n)]
    apart = [Tensor(x) for x in np.broadcast_arrays(*(x.data for x in operands))]
    row(*operands).sum().backward()
    row(*apart).sum().backward()
    for x, y in zip(operands, apart, strict=True):
        axes = tuple(k for k in range(n) if x.shape[k] == 1)
        np.testing.assert_allclose(x.grad, y.grad.sum(axis=axes, keepdims=True), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_mix_with_tensors(name: str) -> None:
    row = TABLE[name]
    at, _, first, _ = table(name)
    if row.arity == 1:
        return
    for k in range(row.arity):  # operand k is a Value, the others are Tensors of one element
        operands = [Value(x) if i == k else Tensor([x]) for i, x in enumerate(at[0])]
        row(*operands).sum().backward()
        for x, slope in zip(operands, first[0], strict=True):
            close(x.grad, slope if isinstance(x, Value) else [slope], 16)


# -- the others --

RNG = np.random.default_rng(11)
A, B, V = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=4)
STACK = RNG.normal(size=(2, 3, 4))
PICK = (np.array([[0, 2], [2, 2]]), slice(1, 3))

EXAMPLES: dict[str, list[tuple[tuple[Any, ...], dict[str, Any], Any]]] = {
    # operands, settings, and what NumPy gives
    "where": [((A > 0, A, 2 * A), {}, np.where(A > 0, A, 2 * A)), ((A > 0, 1.5, V), {}, np.where(A > 0, 1.5, V))],
    "sum_to": [((STACK,), {"shape": (3, 1)}, STACK.sum(axis=(0, 2)).reshape(3, 1))],
    "broadcast_to": [((V,), {"shape": (3, 4)}, np.broadcast_to(V, (3, 4))), ((2.0,), {"shape": (2,)}, [2.0, 2.0])],
    "reshape": [((A,), {"shape": (2, -1)}, A.reshape(2, -1)), ((A[:1, :1],), {"shape": ()}, A[0, 0])],
    "transpose": [((A,), {}, A.T), ((STACK,), {"axes": (1, -1, 0)}, STACK.transpose(1, 2, 0))],
    "swapaxes": [((STACK,), {}, STACK.swapaxes(1, 2)), ((STACK,), {"axis1": 0, "axis2": -1}, STACK.swapaxes(0, 2))],
    "flip": [((A,), {}, np.flip(A)), ((STACK,), {"axis": (0, -1)}, np.flip(STACK, (0, -1)))],
    "astype": [((A,), {"dtype": np.float64}, A)],
    "getitem": [
        ((A,), {"index": (slice(None), -1)}, A[:, -1]),
        ((A,), {"index": PICK}, A[PICK]),
        ((A,), {"index": (Ellipsis, None, 2)}, A[..., None, 2]),
        ((A,), {"index": A > 0}, A[A > 0]),
        ((A,), {"index": (1, 2)}, A[1, 2]),
    ],
    "scatter": [((V,), {"index": np.array([1, 1, 0, 3]), "shape": (5,)}, [V[2], V[0] + V[1], 0.0, V[3], 0.0])],
    "element": [((A,), {"index": (1, -1)}, A[1, -1])],
    "array_of": [((1.0, 2.0, 3.0, 4.0), {"shape": (2, 2)}, [[1.0, 2.0], [3.0, 4.0]])],
    "concatenate": [
        ((A, 2 * A), {"axis": 1}, np.concatenate([A, 2 * A], 1)),
        ((A, 2 * A), {"axis": -1}, np.concatenate([A, 2 * A], -1)),
        ((V,), {"axis": 0}, V),
    ],
    "stack": [((A, 2 * A), {"axis": -1}, np.stack([A, 2 * A], -1))],
    "sum": [
        ((A,), {}, A.sum()),
        ((STACK,), {"axis": (0, -1)}, STACK.sum((0, -1))),
        ((A,), {"axis": 0, "keepdims": True}, A.sum(0, keepdims=True)),
    ],
    "cumsum": [((STACK,), {"axis": -2}, STACK.cumsum(-2))],
    "matmul": [
        ((A, B), {}, A @ B),
        ((A, V), {}, A @ V),
        ((V, B), {}, V @ B),
        ((V, V + 1), {}, V @ (V + 1)),
        ((STACK, B), {}, STACK @ B),
        ((A, STACK.swapaxes(1, 2)), {}, A @ STACK.swapaxes(1, 2)),
        ((STACK, V), {}, STACK @ V),
        ((V, STACK.swapaxes(1, 2)), {}, V @ STACK.swapaxes(1, 2)),
    ],
    "max": [((STACK,), {"axis": (0, 2)}, STACK.max((0, 2))), ((A,), {"keepdims": True}, [[A.max()]])],
    "min": [((STACK,), {"axis": (0, 2)}, STACK.min((0, 2))), ((A,), {"axis": -1}, A.min(-1))],
    "norm": [((A,), {"axis": 1}, np.linalg.norm(A, axis=1)), ((STACK,), {}, np.sqrt((STACK**2).sum()))],
    "logsumexp": [((A,), {"axis": 0, "keepdims": True}, np.log(np.exp(A).sum(0, keepdims=True)))],
}


def floating(x: Any) -> bool:
    return not isinstance(x, np.ndarray) or x.dtype.kind == "f"


@pytest.mark.parametrize("name", OTHERS)
def test_rows_that_are_not_elementwise(name: str) -> None:
    row = TABLE[name]
    if name not in EXAMPLES:
        pytest.fail(f"the row `{name}` has no example: add one to EXAMPLES in {__file__}")
    for operands, settings, want in EXAMPLES[name]:
        np.testing.assert_allclose(row(*operands, **settings), want, rtol=1e-14)
        fixed = [None if floating(x) else x for x in operands]
        moving = [x for x in operands if floating(x)]

        def f(*given: Any, fixed: Any = fixed, settings: Any = settings) -> Any:
            supply = iter(given)
            return row(*(next(supply) if x is None else x for x in fixed), **settings)

        gradcheck(f, *moving, order=2)
        floats = [Tensor(x, dtype=np.float32) if isinstance(x, np.ndarray) else Value(x) for x in moving]
        out = f(*floats)
        if name not in ("astype", "element", "array_of") and any(isinstance(x, Tensor) for x in floats):
            assert out.dtype == np.float32
        seed = np.ones(out.shape) if out.shape else None
        out.backward(seed)
        assert all(x.grad.dtype == np.float32 for x in floats if isinstance(x, Tensor))


# -- the table itself --


def test_rows_say_what_the_tests_and_readers_need() -> None:
    for name, row in TABLE.items():
        assert row.name == name and row.symbol and row.__doc__, name
        assert len(row.domain) == (row.arity or 0), name
        assert all(low < high for low, high in row.domain), name


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if np.any(np.isfinite(TABLE[name].domain))])
def test_a_row_is_defined_to_the_ends_of_its_domain_and_not_beyond(name: str) -> None:
    row = TABLE[name]
    for i, ends in enumerate(row.domain):
        for end, outward in zip(ends, (-1.0, 1.0), strict=True):
            if math.isfinite(end):
                operands = [inside(interval)[3] for interval in row.domain]
                for step, defined in ((0.001, False), (-0.001, True)):
                    operands[i] = end + outward * step
                    assert math.isnan(row(*operands)) is not defined, (i, operands)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if TABLE[name].kinks])
def test_at_a_kink_the_value_the_slope_or_the_curvature_jumps(name: str) -> None:
    def jet(x: float) -> np.ndarray:
        f = functools.partial(TABLE[name])
        return np.array([f(x), grad(f)(x), grad(grad(f))(x)])

    for kink in TABLE[name].kinks:
        assert np.max(np.abs(jet(kink + 1e-9) - jet(kink - 1e-9))) > 0.1


def test_whole_numbers_are_taken_as_floats() -> None:
    """An array of integers gives what their floats give: `erfc`, `gelu` and `xlogy` cut the digits off."""
    whole = np.array([1, 2, 3])
    for name in ELEMENTWISE:
        row = TABLE[name]
        inputs = [whole] * (row.arity or 0)
        np.testing.assert_array_equal(row(*inputs), row(*(x.astype(float) for x in inputs)), name)


def test_rules_apply_to_numbers_as_to_nodes() -> None:
    """A rule gives the same number from floats, arrays and nodes: the gradient and its graph agree."""
    for name in ELEMENTWISE:
        row = TABLE[name]
        for p, i in product(points(row)[:3], range(row.arity)):
            rule = row.rule(i)
            if not callable(rule):
                assert rule is None or isinstance(rule, float), name
                continue
            plain = rule(row(*p), *p)
            nodes = [Value(x) for x in p]
            recorded = rule(row(*nodes), *nodes)
            assert getattr(recorded, "data", recorded) == pytest.approx(plain, rel=1e-14), name
