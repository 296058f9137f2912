"""Compiled programs: the numbers of the eager engine, whatever changes between two calls."""

import copy
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import (
    TABLE,
    Tensor,
    Value,
    compile,
    fresh,
    grad,
    hessian,
    jacobian,
    jvp,
    log,
    mean,
    no_grad,
    primitive,
    relu,
    tanh,
    value_and_grad,
    vjp,
    where,
)
from autograd.compiler.ir import instructions
from autograd.compiler.printing import printed
from autograd.compiler.tracing import captured

ELEMENTWISE = [name for name, row in TABLE.items() if row.elementwise]
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-20, -1e-300, 40.0, -40.0, 800.0, np.inf, -np.inf, np.nan])

ULPS = 8
"""How far a compiled row may be from the eager one: each is within a few units in the last place of the exact one."""


def same(have: Any, want: Any, ulps: float = ULPS, scale: float = 1.0) -> None:
    """Compare numbers, where NaN and infinities are numbers like others."""
    have, want = np.asarray(have), np.asarray(want)
    assert have.shape == want.shape
    assert have.dtype == want.dtype
    finest = np.finfo(want.dtype)
    np.testing.assert_allclose(have, want, rtol=ulps * finest.eps, atol=ulps * finest.tiny * scale, equal_nan=True)


# -- every row --


def operands(row: Any, dtype: type) -> list[np.ndarray]:
    """All pairs of special values, and some ordinary ones, as far as the row has operands."""
    rng = np.random.default_rng(len(row.name))
    n = len(SPECIAL)
    first, second = np.repeat(SPECIAL, n), np.tile(SPECIAL, n)
    third = np.roll(second, 5)
    ordinary = rng.normal(size=(3, 40))
    columns = [np.concatenate(pair) for pair in zip((first, second, third), ordinary, strict=True)]
    with np.errstate(all="ignore"):
        return [column.astype(dtype) for column in columns[: row.arity]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_row_gives_what_it_gives_eagerly(name: str, dtype: type) -> None:
    row = TABLE[name]
    xs = operands(row, dtype)
    tolerance = {"silu": 64, "gelu": 512, "erfc": 64}.get(name, ULPS)  # of numbers that have lost digits: below tiny
    same(compile(row)(*xs), row(*xs), tolerance, 1e20)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_gradient_is_what_it_is_eagerly(name: str) -> None:
    row = TABLE[name]
    xs = operands(row, np.float64)
    places = tuple(range(row.arity))

    def f(*xs: Any) -> Any:
        return row(*xs).sum()

    have, want = compile(grad(f, places))(*xs), grad(f, places)(*xs)
    for a, b in zip(have, want, strict=True):
        same(a, b, 256, 1e300)


LAYOUT: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "transpose": (lambda x: ag.transpose(x), [(3, 4)]),
    "transpose of three axes": (lambda x: ag.transpose(x, axes=(1, 2, 0)) * 2.0, [(2, 3, 4)]),
    "swapped in a sum": (lambda x, y: ag.swapaxes(x) + y, [(3, 4), (4, 3)]),
    "flip": (lambda x: ag.flip(x, axis=1) * x, [(3, 4)]),
    "layouts of a single number": (lambda x: ag.transpose(ag.flip(x.sum())) * 2.0, [(3, 4)]),
    "reshape of a transpose": (lambda x: ag.reshape(x.T, shape=(2, 6)), [(3, 4)]),
    "broadcast": (lambda x, y: x * y, [(3, 1, 4), (2, 1)]),
    "broadcast over three axes": (lambda x, y, z: x + y * z, [(2, 1, 3, 1), (4, 1, 5), (2, 4, 3, 5)]),
    "column": (lambda x, y: x - y, [(3, 4), (3, 1)]),
    "slices": (lambda x: x[1:, ::2] * x[:-1, 1::2], [(4, 6)]),
    "a part": (lambda x: x[1:, ::2], [(4, 6)]),
    "one row": (lambda x: x[1] + x[-1], [(4, 3)]),
    "new axis": (lambda x: x[:, None] * x[None, :], [(4,)]),
    "index arrays": (lambda x: x[[0, 2, 2], [1, 1, 0]], [(3, 2)]),
    "mask": (lambda x: x[np.array([True, False, True])], [(3, 2)]),
    "scatter": (lambda x: ag.scatter(x, index=[1, 1, 3], shape=(5,)), [(3,)]),
    "concatenate": (lambda x, y: ag.concatenate([x, y * 2.0, x], axis=1), [(2, 3), (2, 1)]),
    "stack": (lambda x, y: ag.stack([x, y], axis=1), [(2, 3), (2, 3)]),
    "sum of rows": (lambda x: x.sum(axis=0), [(5, 3)]),
    "sum of columns": (lambda x: x.sum(axis=1, keepdims=True), [(5, 3)]),
    "sum of the middle": (lambda x: x.sum(axis=1), [(2, 5, 3)]),
    "sum of outer axes": (lambda x: x.sum(axis=(0, 2)), [(2, 5, 3)]),
    "sum of a transpose": (lambda x: x.T.sum(axis=0), [(5, 3)]),
    "sum of nothing": (lambda x: x.sum(axis=0), [(0, 3)]),
    "max": (lambda x: x.max(axis=(0, 2)), [(2, 5, 3)]),
    "min": (lambda x: x.min(), [(4, 3)]),
    "norm of nothing": (lambda x: ag.norm(x, axis=0), [(0, 3)]),
    "norm": (lambda x: ag.norm(x, axis=0), [(4, 3)]),
    "logsumexp": (lambda x: ag.logsumexp(x * 30.0, axis=1), [(4, 3)]),
    "softmax": (lambda x: ag.softmax(x * 30.0), [(4, 3)]),
    "log_softmax": (lambda x: ag.log_softmax(x, axis=0), [(4, 3)]),
    "variance": (lambda x: ag.var(x, axis=0) + ag.std(x, axis=0), [(4, 3)]),
    "product": (lambda x: ag.prod(x, axis=0), [(5, 3)]),
    "running sum": (lambda x: x.cumsum(axis=1), [(2, 5)]),
    "sinc": (lambda x: ag.sinc(x), [(4,)]),
    "matrix": (lambda x, y: x @ y, [(3, 4), (4, 5)]),
    "matrix and vector": (lambda x, y: x @ y, [(3, 4), (4,)]),
    "vector and matrix": (lambda x, y: x @ y, [(4,), (4, 3)]),
    "vector and matrix, and the vector": (lambda x, y: [(z := tanh(x)) @ y, z], [(4,), (4, 16)]),
    "vectors": (lambda x, y: x @ y, [(9,), (9,)]),
    "matrix and column": (lambda x, y: x @ y, [(20, 19), (19, 1)]),
    "row and matrix": (lambda x, y: x @ y, [(1, 19), (19, 20)]),
    "column and row": (lambda x, y: x @ y, [(7, 1), (1, 5)]),
    "transposed left": (lambda x, y: x.T @ y, [(4, 3), (4, 35)]),
    "transposed right": (lambda x, y: x @ y.T, [(9, 4), (35, 4)]),
    "transposed twice": (lambda x, y: x.T @ y.T, [(4, 9), (17, 4)]),
    "stack of matrices": (lambda x, y: x @ y, [(2, 3, 4), (2, 4, 5)]),
    "one matrix for a stack": (lambda x, y: x @ y, [(2, 6, 3, 4), (4, 5)]),
    "stacks that broadcast": (lambda x, y: x @ y, [(2, 1, 3, 4), (6, 4, 5)]),
    "no inner axis": (lambda x, y: x @ y, [(3, 0), (0, 5)]),
    "linear": (lambda x, w, b: x @ w + b, [(9, 4), (4, 5), (5,)]),
    "linear with every second bias": (lambda x, w, b: x @ w + b[::2], [(9, 4), (4, 5), (10,)]),
    "linear of a transpose": (lambda x, w, b: x.T @ w + b, [(4, 9), (4, 1), (1,)]),
    "linear and relu": (lambda x, w, b: relu(b + x @ w), [(9, 4), (4, 17), (17,)]),
    "two layers": (lambda x, w, v: tanh(relu(x @ w) @ v), [(9, 4), (4, 17), (17, 2)]),
    "where": (lambda x, y: where(np.arange(12).reshape(3, 4) % 2 == 0, x, y), [(3, 4), (4,)]),
    "clip": (lambda x: ag.clip(x, -0.5, 0.5), [(3, 4)]),
    "values out of a tensor": (lambda x: [[a * b for a in r] for r in x.to_values() for b in r], [(2, 2)]),
    "a tensor of values": (lambda x: Tensor([x[0].item() * 0 + a * a for a in x.to_values()]), [(3,)]),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", LAYOUT)
def test_arrays_move_and_reduce_as_they_do_eagerly(name: str, dtype: type) -> None:
    f, shapes = LAYOUT[name]
    rng = np.random.default_rng(3)
    xs = [rng.normal(size=shape).astype(dtype) for shape in shapes]

    def weighed(*xs: Any) -> Any:
        parts = [ag.sum(x * x * 0.5 + x) for x in ag_flat(f(*xs))]
        return sum(parts[1:], parts[0])

    def close(have: Any, want: Any) -> None:
        assert np.asarray(have).dtype == np.asarray(want).dtype
        units = 64 * np.finfo(dtype).eps
        np.testing.assert_allclose(have, want, rtol=units, atol=units)

    nodes = [Tensor(x) for x in xs]
    for have, want in zip(ag_flat(compile(f)(*nodes)), ag_flat(f(*nodes)), strict=True):
        close(have.data, want.data)
    places = tuple(range(len(xs)))
    have, want = compile(value_and_grad(weighed, places))(*xs), value_and_grad(weighed, places)(*xs)
    close(have[0], want[0])
    for a, b in zip(have[1], want[1], strict=True):
        close(a, b)


CALLS = {
    "transpose": "",
    "transpose of three axes": "mul",
    "swapped in a sum": "add",
    "flip": "copy, mul",
    "reshape of a transpose": "copy",
    "broadcast": "copy, copy, mul",
    "broadcast over three axes": "copy, copy, add_product",
    "column": "sub",
    "slices": "mul",
    "a part": "",
    "one row": "add",
    "new axis": "mul",
    "index arrays": "pick",
    "mask": "pick",
    "scatter": "copy, put",
    "concatenate": "mul, copy, copy, copy",
    "stack": "copy, copy",
    "sum of rows": "matmul",
    "sum of columns": "sum",
    "sum of the middle": "matmul",
    "sum of outer axes": "copy, sum",
    "sum of a transpose": "copy, matmul",
    "sum of nothing": "matmul",
    "max": "copy, max",
    "min": "min",
    "norm": "copy, norm",
    "logsumexp": "mul, max, anchor, sub, exp, sum, log, add",
    "softmax": "mul, max, anchor, sub, exp, sum, div",
    "log_softmax": "copy, max, anchor, sub, exp, matmul, log, add, sub",
    "variance": "copy, max, anchor, sub, matmul, div, sub, square, matmul, div, copy, norm, div, add",
    "product": "mul, copy, copy, mul, copy, copy, mul",
    "matrix": "matmul",
    "matrix and vector": "matmul",
    "vector and matrix": "matmul",
    "vector and matrix, and the vector": "tanh, matmul",
    "vectors": "matmul",
    "matrix and column": "matmul",
    "row and matrix": "matmul",
    "column and row": "matmul",
    "transposed left": "matmul",
    "transposed right": "matmul",
    "transposed twice": "matmul",
    "stack of matrices": "matmul",
    "one matrix for a stack": "matmul",
    "stacks that broadcast": "copy, copy, matmul",
    "no inner axis": "matmul",
    "linear": "matmul",
    "linear with every second bias": "copy, matmul",
    "linear of a transpose": "matmul",
    "linear and relu": "matmul",
    "two layers": "matmul, relu, matmul, tanh",
    "where": "copy, where",
    "clip": "clip",
    "values out of a tensor": "mul, mul, mul, mul, mul, mul, mul, mul",
    "a tensor of values": "mul, add, mul, add, mul, add, spread",
}
"""The kernels that each needs; what only moves elements needs none, or a copy."""


@pytest.mark.parametrize("name", CALLS)
def test_moves_and_reductions_need_few_calls(name: str) -> None:
    f, shapes = LAYOUT[name]
    rng = np.random.default_rng(3)
    xs = [Tensor(rng.normal(size=shape)) for shape in shapes]
    program = compile(f)
    for have, want in zip(ag_flat(program(*xs)), ag_flat(f(*xs)), strict=True):
        np.testing.assert_allclose(have.data, want.data, rtol=1e-12, atol=1e-13)
    ((trace,),) = program._traces.values()
    assert ", ".join(call.kernel[0] for call in trace.body._calls.calls) == CALLS[name]


def ag_flat(x: Any) -> list[Any]:
    return [part for y in x for part in ag_flat(y)] if isinstance(x, list) else [x]


# -- random graphs --

STEPS: list[Callable[..., Any]] = [
    lambda x, y: x + y,
    lambda x, y: x * y,
    lambda x, y: x - 0.5 * y,
    lambda x, y: tanh(x),
    lambda x, y: relu(x - y),
    lambda x, y: ag.maximum(x, y),
    lambda x, y: ag.sigmoid(x) * y,
    lambda x, y: x @ y.T @ x * 0.2,
    lambda x, y: x.sum(axis=0) + y,
    lambda x, y: ag.softmax(x),
    lambda x, y: x[::-1] * y[:, :1],
    lambda x, y: where(x > y, x, y * y),
    lambda x, y: ag.softplus(x) / (1.0 + ag.square(y)),
    lambda x, y: ag.concatenate([x[1:], y[:1]]),
]


PLANS = st.lists(st.tuples(st.integers(0, len(STEPS) - 1), *[st.integers(0, 30)] * 2), min_size=1, max_size=12)


@given(PLANS)
@settings(max_examples=60, deadline=None)
def test_random_graphs_agree(plan: list[tuple[int, int, int]]) -> None:
    rng = np.random.default_rng(len(plan))
    start = [rng.normal(size=(4, 4)), rng.normal(size=(4, 4))]

    def f(x: Any, y: Any) -> Any:
        made = [x, y]
        for step, i, j in plan:
            made.append(STEPS[step](made[-1 - i % len(made)], made[-1 - j % len(made)]))
        return mean(made[-1]) + mean(made[len(made) // 2])

    have, want = compile(value_and_grad(f, (0, 1)))(*start), value_and_grad(f, (0, 1))(*start)
    scale = max(1.0, abs(float(want[0])), *(float(np.abs(g).max()) for g in want[1]))
    np.testing.assert_allclose(have[0], want[0], rtol=1e-10, atol=1e-12 * scale)
    for a, b in zip(have[1], want[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11 * scale)


# -- transforms --


def nasty(x: Any) -> Any:
    return ag.sin(x) * tanh(x * x) + log(1.0 + x * x) * ag.exp(-x)


@pytest.mark.parametrize(
    "transform",
    [
        grad,
        lambda f: grad(grad(f)),
        lambda f: grad(grad(grad(f))),
        value_and_grad,
        lambda f: lambda x: jvp(f, (x,), (1.5,)),
        lambda f: lambda x: jvp(grad(f), (x,), (1.0,))[1],
        lambda f: lambda x: vjp(f, x)[1](2.0),
        lambda f: lambda x: grad(lambda y: jvp(f, (y,), (x,))[1])(x),
    ],
)
def test_transforms_compile(transform: Any) -> None:
    compiled, eager = compile(transform(nasty)), transform(nasty)
    for x in (0.3, -1.2, 2.0):
        np.testing.assert_allclose(compiled(x), eager(x), rtol=1e-12)


def test_compiled_functions_are_transformed_in_arrays() -> None:
    def f(x: Any) -> Any:
        return (x[0] * x[1] ** 2 + tanh(x)).sum()

    x = np.array([0.5, -1.5])
    np.testing.assert_allclose(compile(hessian(f))(x), hessian(f)(x), rtol=1e-12)
    np.testing.assert_allclose(compile(jacobian(grad(f)))(x), hessian(f)(x), rtol=1e-12)


# -- a program over leaves --


def test_a_program_reads_its_leaves_and_sets_their_gradients() -> None:
    a, b, t = Value(2.0, label="a"), Value(1.0), Tensor([1.0, 2.0])
    root = (t * a).sum() * b + a
    program = compile(root)
    assert program() == 8.0
    assert (a.grad, b.grad, t.grad.tolist()) == (4.0, 6.0, [2.0, 2.0])
    a.data, t.data = 3.0, [1.0, 1.0]
    assert program() == 9.0
    assert (a.grad, b.grad, t.grad.tolist()) == (3.0, 6.0, [3.0, 3.0])
    root.backward()
    assert root.data == 8.0  # the nodes in between stay as they were


def test_a_program_sets_gradients_and_does_not_add() -> None:
    x = Value(3.0)
    program = compile(x * x)
    program()
    program()
    assert x.grad == 6.0


def test_leaves_with_equal_numbers_are_not_merged() -> None:
    a, b = Value(2.0), Value(2.0)
    compile(a * b + a)()
    assert (a.grad, b.grad) == (3.0, 2.0)


def test_a_leaf_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="single number"):
        compile(Tensor([1.0, 2.0]) * 2.0)
    with pytest.raises(ValueError, match="constant"):
        compile(Value(1.0, requires_grad=False))
    with pytest.raises(TypeError, match="`target` is a node or a function"):
        compile(3.0)


def test_a_root_that_is_a_leaf() -> None:
    x = Value(3.0)
    assert compile(x)() == 3.0
    assert x.grad == 1.0


def test_a_function_of_nothing_is_a_program() -> None:
    three = compile(lambda: 3)
    assert (three(), listed(three.program())) == (3, [])
    six = compile(lambda: Value(2.0, requires_grad=False) * 3.0)
    assert (six(), listed(six.program())) == (6.0, ["result 0: 6"])


def test_dtypes_mix_in_a_layer() -> None:
    x, w, b, z = (np.random.default_rng(0).normal(size=n) for n in ((3, 4), (4, 5), (5,), (3, 5)))
    for narrow in range(4):
        xs = [a.astype(np.float32) if i == narrow else a for i, a in enumerate((x, w, b, z))]
        f = value_and_grad(lambda x, w, b, z: (relu((x @ w + b) * z) @ w.T).sum(), (0, 1, 2, 3))
        (have, parts), (want, wanted) = compile(f)(*xs), f(*xs)
        assert have == pytest.approx(want, rel=1e-6)
        for mine, theirs in zip(parts, wanted, strict=True):
            assert mine.dtype == theirs.dtype
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_float32_stays() -> None:
    x = Tensor(np.ones(3, np.float32))
    compile((x * 2.0).sum())()
    assert x.grad.dtype == np.float32


def test_a_program_prints_itself() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    program = compile((a + b) * (b + 1))
    text = str(program)
    assert "a" in text and "mul(" in text and "gradient of a" in text
    assert "common subexpressions: merged" in text
    assert program.stats.nodes > program.stats.calls > 0
    assert program.stats.bytes > 0


def listed(program: Any) -> list[str]:
    """The lines of a program, or of its text, without the notes of the passes."""
    return [line for line in str(program).splitlines() if not line.startswith("#")]


def test_uses_are_operands_and_results() -> None:
    x, y = Value(2.0), Value(3.0)
    z = x * y
    made = instructions.ir_of([z * x, z], [x, y])
    assert [x.name for x in made.instructions] == ["input", "input", "mul", "mul"]
    assert made.uses() == [2, 1, 2, 1]


def test_whole_numbers_keep_their_digits() -> None:
    large = np.array([2**24 + 1, 3])
    np.testing.assert_array_equal(compile(lambda x: x * large)(np.ones(2)), large)


def test_a_boolean_as_an_index_is_a_mask() -> None:
    x = np.arange(1.0, 4.0)
    for index in (True, False, (True, 1), (..., True)):
        f = lambda x, index=index: x[index] * 2.0
        np.testing.assert_array_equal(compile(f)(x), f(x))


def test_settings_of_many_letters_are_cut() -> None:
    def shown(text: str) -> str:
        instr = instructions.Instruction("row", None, (), {"p": text}, (), np.dtype(float), True)
        return printed(instructions.IR([instr], [], [0]), ["result"]).splitlines()[0]

    assert shown("x" * 37) == f"%0 = row(p='{'x' * 37}')"
    assert shown("x" * 38) == f"%0 = row(p='{'x' * 36}...)"


def test_the_listing_of_a_layer() -> None:
    f = compile(value_and_grad(lambda x, w, b: mean(relu(x @ w + b)[1:, [0, 1]]), (1, 2)))
    program = f.program(np.ones((3, 4)), np.ones((4, 5), np.float32), np.ones(5))
    assert program.splitlines() == [
        "%0  = input                                              float64[3, 4]",
        "%1  = input                                              float32[4, 5]",
        "%2  = input                                              float64[5]",
        "%3  = constant                                           float64[3, 5]",
        "%5  = linear(%0, %1, bias=%2, relu=True)                 float64[3, 5]",
        "%6  = times_step(%3, %5)                                 float64[3, 5]",
        "%7  = sum_to(%6, shape=5)                                float64[5]",
        "%8  = swapaxes(%0, axis1=-1, axis2=-2)                   float64[4, 3]",
        "%9  = matmul(%8, %6)                                     float64[4, 5]",
        "%10 = astype(%9, dtype=dtype('float32'))                 float32[4, 5]",
        "%11 = getitem(%5, index=slice(1, None, None), array[2])  float64[2, 2]",
        "%12 = sum(%11)                                           float64[]",
        "%13 = div(%12, 4)                                        float64[]",
        "result 0: %13",
        "result 1: %10",
        "result 2: %7",
        "# expanded: 0 logsumexp",
        "# constant folding: computed 0 instructions; local rules: left out 2; "
        "common subexpressions: merged 1 instruction",
        "# fusion: 1 matrix products with their bias, 1 with their ReLU; 1 pairs of operations",
        "# dead code: left out 3 instructions",
    ]
    ((trace,),) = f._traces.values()
    stats = trace.body.stats
    assert (stats.nodes, stats.instructions, stats.calls) == (19, 14, 9)
    assert 1600 < stats.bytes < 2600


def test_the_listing_of_a_graph_of_arrays() -> None:
    x, y = Tensor(np.ones((2, 3)), label="x"), Tensor(np.ones((2, 3)), label="x")
    chosen = where(np.arange(6).reshape(2, 3) != 1, x * 2.0, y)[None, :, ::2]
    program = compile(ag.sum(chosen.sum(axis=(0, 1), keepdims=True) + Value(1.0, label="two\nlines")))
    assert listed(program) == [
        "x         = input                                                        float64[2, 3]",
        "x%1       = input                                                        float64[2, 3]",
        "two lines = input",
        "%4        = constant                                                     float64[2, 3]",
        "%5        = constant                                                     float64[2, 3]",
        "%6        = constant                                                     float32[2, 3]",
        "%7        = mul(x, 2)                                                    float64[2, 3]",
        "%8        = where(%6, %7, x%1)                                           float64[2, 3]",
        "%9        = getitem(%8, index=None, slice(None, None, None), slice(...)  float64[1, 2, 2]",
        "%10       = sum(%9, axis=0, 1, keepdims=True)                            float64[1, 1, 2]",
        "%11       = add(%10, two lines)                                          float64[1, 1, 2]",
        "%12       = sum(%11)                                                     float64[]",
        "result: %12",
        "gradient of x: %5",
        "gradient of x: %4",
        "gradient of two lines: 2",
    ]
    program()
    np.testing.assert_array_equal(x.grad, [[2.0, 0.0, 2.0]] * 2)
    assert y.grad.tolist() == [[0.0] * 3] * 2


def test_a_program_is_drawn_and_shown() -> None:
    a = Value(2.0, label="a<b")
    program = compile(a * a + 1.0)
    assert ag.draw(program, "both").text() == ag.draw(program.root, "both").text()
    assert "a&lt;b" in program._repr_mimebundle_()["text/html"]


def test_memory_is_reused() -> None:
    x = Tensor(np.ones(1000))
    y = x
    for _ in range(40):
        y = tanh(y * 1.01)
    f = compile(lambda x: eval_chain(x))
    f(np.ones(1000))
    body = next(iter(f._traces.values()))[0].body
    assert body.stats.bytes < 40 * 8000 / 4


def eval_chain(x: Any) -> Any:
    for _ in range(40):
        x = tanh(x * 1.01)
    return x.sum()


# -- what changes between two calls (the table of conventions) --


def test_a_branch_on_a_number_is_a_guard() -> None:
    f = compile(lambda x: x * 2.0 if x > 0 else -x)
    assert [f(x) for x in (2.0, -3.0, 4.0, -1.0, 0.0)] == [4.0, 3.0, 8.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "read",
    [
        lambda x: float(x) > 1,
        lambda x: int(x) > 1,
        lambda x: x.data > 1,
        lambda x: bool(x > 1),
        lambda x: not (x <= 1),
        lambda x: x >= 1.5,
        lambda x: ag.greater(x, 1.0),
        lambda x: (x > 1) & (x < 100),
        lambda x: ag.isfinite(x) & (x > 1),
        lambda x: max([x, Value(1.0, requires_grad=False)], key=float) is x,
        lambda x: sorted([x, Value(1.0)])[-1] is x,
        lambda x: x.item() > 1 if hasattr(x, "item") else x > 1,
    ],
)
def test_no_branch_is_frozen(read: Any) -> None:
    f = compile(lambda x: x * 2.0 if read(x) else x * 10.0)
    assert [f(x) for x in (3.0, 0.5, 2.0, -1.0)] == [6.0, 5.0, 4.0, -10.0]


def test_too_many_branches_say_why() -> None:
    f = compile(lambda x: x * float(x))
    for x in range(16):
        f(x + 0.5)
    with pytest.raises(RuntimeError, match=r"traced 16 times.*reads numbers out of nodes"):
        f(99.0)


def test_a_condition_in_where_is_no_guard() -> None:
    f = compile(lambda x: where(x > 0, log(x), 0.0).sum())
    for x in np.random.default_rng(0).normal(size=(40, 5)):
        np.testing.assert_allclose(f(x), np.log(x[x > 0]).sum(), rtol=1e-13)
    assert len(next(iter(f._traces.values()))) == 1


def test_a_captured_number_is_seen() -> None:
    rate = 0.1
    settings = {"power": 2.0, "shift": [1.0]}

    class Model:
        gain = 1.0

    model = Model()
    model.gain = 3.0
    f = compile(lambda x: rate * x ** settings["power"] * model.gain + settings["shift"][0])
    assert f(2.0) == pytest.approx(0.1 * 4 * 3 + 1)
    rate = 0.5
    assert f(2.0) == pytest.approx(0.5 * 4 * 3 + 1)
    settings["power"] = 3.0
    assert f(2.0) == pytest.approx(0.5 * 8 * 3 + 1)
    settings["shift"].append(0.0)
    settings["shift"][0] = 7.0
    assert f(2.0) == pytest.approx(0.5 * 8 * 3 + 7)
    model.gain = 1.0
    assert f(2.0) == pytest.approx(0.5 * 8 + 7)


def test_a_captured_array_is_seen() -> None:
    offsets = np.zeros(3)
    f = compile(lambda x: (x + offsets).sum())
    assert f(np.ones(3)) == 3.0
    offsets[1] = 5.0
    assert f(np.ones(3)) == 8.0


def test_captured_things_may_be_replaced_by_equal_ones() -> None:
    rate, steps, table = 1.5, [1.0, np.array([2.0, 3.0])], {"a": (1.0, [4.0])}

    class Model:
        def __init__(self) -> None:
            self.gain = 2.0

        def forward(self, x: Any) -> Any:
            return x * self.gain

    model, shift = Model(), ag.square

    def f(x: Any) -> Any:
        return (model.forward(x) * rate + steps[0] + steps[1].sum() + table["a"][1][0] + shift(x)).sum()

    run, x = compile(f), np.ones(2)
    for _ in range(2):  # the same objects, then others with the same numbers
        assert run(x) == 2 * (3.0 + 1.0 + 5.0 + 4.0 + 1.0)
        rate, steps, table = float("1.5"), [1.0, np.array([2.0, 3.0])], {"a": (1.0, [4.0])}
    assert len(next(iter(run._traces.values()))) == 1
    changes: list[Callable[[], Any]] = [
        lambda: steps[1].__setitem__(0, 7.0), lambda: table["a"][1].__setitem__(0, 9.0), lambda: steps.append(0.0),
        lambda: setattr(model, "gain", 5.0), lambda: setattr(Model, "forward", lambda self, x: x - self.gain),
        lambda: table.update(b=1.0),
    ]  # fmt: skip
    for change in changes:
        change()
        assert run(x) == f(x)
    shift = ag.tanh
    assert run(x) == f(x)


OFFSET = 1.0


def traces(program: Any) -> int:
    """How often a function of one shape of arguments was traced."""
    return len(next(iter(program._traces.values())))


def test_each_captured_thing_is_seen_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        gain = 3.0

    model, row, table = Model(), [1.0, 2.0], {"a": 1.0, "b": 2.0}
    model.gain = 3.0
    several, later = (row, {"deep": [0.5]}), None

    def f(x: Any, shift: Any = row) -> Any:
        extra = 0.0 if later is None else later
        return x * model.gain + row[1] + table["b"] + OFFSET + several[1]["deep"][0] + len(table) + shift[0] + extra

    run = compile(f)
    changes: list[Callable[[], Any]] = [
        lambda: row.__setitem__(1, 7.0), lambda: row.__setitem__(0, 5.0), lambda: table.__setitem__("b", 9.0),
        lambda: table.__setitem__("c", 0.0), lambda: setattr(model, "gain", -2.0),
        lambda: several[1]["deep"].__setitem__(0, 4.0), lambda: monkeypatch.setitem(globals(), "OFFSET", 11.0),
        lambda: setattr(f, "__defaults__", ([50.0],)), lambda: table.pop("a"), lambda: row.append(3.0),
    ]  # fmt: skip
    for change in changes:
        assert run(2.0) == f(2.0)
        assert run(3.0) == f(3.0)
        change()
        assert run(2.0) == f(2.0), "the change is seen"
    later = 100.0
    assert run(2.0) == f(2.0)


def test_each_of_many_captured_numbers_is_seen() -> None:
    numbers = [1.0] * 12_000
    f = compile(lambda x: x * numbers[0] + numbers[-1])
    assert f(2.0) == 3.0
    numbers[0] = 3.0
    assert f(2.0) == 7.0
    numbers[-1] = 4.0
    assert f(2.0) == 10.0


def test_what_is_captured_in_circles_hides_nothing() -> None:
    circle: list[Any] = [1.0]
    circle.append(circle)
    rate = [2.0]
    for f in (lambda x: x * rate[0] + circle[0], lambda x: x * circle[0] + rate[0]):
        run = compile(f)
        assert run(2.0) == f(2.0)
        rate[0] += 1.0
        assert run(2.0) == f(2.0)
        circle[0] += 1.0
        assert run(2.0) == f(2.0)


def test_captured_and_guarded_nan_is_nan_again() -> None:
    offsets, number = np.array([0.0, np.nan]), float("nan")
    words = np.array([None, "a"], dtype=object)

    def f(x: Any) -> Any:
        return (x + offsets).sum() * number + len(words) if float(x) != 1.0 else x

    run = compile(f)
    for _ in range(3):
        assert np.isnan(run(2.0)) and np.isnan(run(float("nan")))
        offsets, number, words = offsets.copy(), float("nan"), words.copy()
    assert traces(run) == 2
    number, offsets = 3.0, np.zeros(2)
    assert run(2.0) == 14.0


def test_what_stays_is_not_walked_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Model:
        gain = 3.0

    model, row, table = Model(), [1.0, [2.0]], {"a": np.ones(2), "b": ag.square}
    model.gain = 2.0

    def f(x: Any, shift: Any = (1.0, [2.0])) -> Any:
        if x is None:
            return unfilled
        return table["b"](x * model.gain + row[1][0] + shift[0] + OFFSET) * table["a"]

    record = captured.Captured({"f": f})
    row[1] = [2.0]
    assert not record.changed(), "another object, but an equal one"
    monkeypatch.setattr(captured, "Traversal", None)
    assert not record.changed()
    if f is None:
        unfilled = 1.0


def test_the_library_is_not_walked_through() -> None:
    functions = ag.softmax, ag.mean, ag.Tensor.reshape, ag.grad
    assert len(captured.Captured({"f": lambda x: [f(x) for f in functions]}).found.facts) < 90


def test_a_number_that_is_read_twice_is_one_guard() -> None:
    constant = Value(3.0, requires_grad=False)

    def f(x: Any) -> Any:
        return x * 2.0 if float(x) + float(x) + float(constant) > 0 else x

    run = compile(f)
    assert run(1.0) == 2.0
    assert str(run.program(1.0)).count("guard:") == 1


def test_of_a_truth_only_zero_or_not_counts() -> None:
    run = compile(lambda x: x * 2.0 if x else x + 5.0)
    assert [run(x) for x in (1.0, 2.0, -3.0, 0.0, 4.0, 0.0)] == [2.0, 4.0, -6.0, 5.0, 8.0, 5.0]
    assert traces(run) == 2


def test_a_captured_leaf_is_read_anew() -> None:
    w = Tensor(np.ones((3, 2)))
    f = compile(lambda x: relu(x @ w).sum())
    assert f(np.ones((2, 3))) == 12.0
    w.data = w.data * 2.0
    assert f(np.ones((2, 3))) == 24.0


def test_other_shapes_and_dtypes_have_programs_of_their_own() -> None:
    f = compile(lambda x: (x * x).sum(axis=0))
    assert f(np.ones((2, 3))).shape == (3,)
    assert f(np.ones((4, 5))).tolist() == [4.0] * 5
    assert f(np.ones((4, 5), np.float32)).dtype == np.float32
    assert f(np.asfortranarray(np.arange(6.0).reshape(2, 3))).tolist() == [9.0, 17.0, 29.0]
    assert f(np.arange(12.0).reshape(4, 3)[::2]).tolist() == [36.0, 50.0, 68.0]


def test_random_numbers_advance() -> None:
    rng = np.random.default_rng(5)
    f = compile(lambda x: x * fresh(lambda: rng.normal(size=3)))
    want = np.random.default_rng(5)
    for _ in range(3):
        np.testing.assert_allclose(f(np.ones(3)), want.normal(size=3), rtol=1e-15)


@pytest.mark.parametrize("use", [
    lambda x, draw: x + 0.1 * fresh(draw),  # a number times a constant is no constant of the program
    lambda x, draw: x if fresh(draw) > 0.3 else 2.0 * x,
    lambda x, draw: x * float(fresh(draw)),
    lambda x, draw: x * fresh(draw).data,
    lambda x, draw: x * (fresh(draw) + fresh(draw)),
    lambda x, draw: x * (3.0 if fresh(draw).requires_grad else fresh(draw)),
])  # fmt: skip
def test_what_is_computed_of_a_drawn_number_advances_too(use: Any) -> None:
    rng, other = np.random.default_rng(5), np.random.default_rng(5)
    f = compile(lambda x: use(x, rng.normal))
    assert [f(3.0) for _ in range(6)] == pytest.approx([float(use(3.0, other.normal)) for _ in range(6)])


def test_a_branch_that_turns_out_otherwise_draws_nothing_twice() -> None:
    rng = np.random.default_rng(5)

    def f(x: Any) -> Any:
        y = x * fresh(rng.normal)
        return y * 2.0 if y > 0 else y

    compiled = compile(lambda x: f(x))
    draws = np.random.default_rng(5).normal(size=12)
    np.testing.assert_allclose([compiled(3.0) for _ in draws], np.where(draws > 0, 6, 3) * draws, rtol=1e-15)


def test_random_numbers_that_would_be_frozen_are_refused() -> None:
    rng = np.random.default_rng(5)
    with pytest.raises(RuntimeError, match=r"chalkgrad\.fresh"):
        compile(lambda x: x * rng.normal())(1.0)


def test_random_numbers_before_fresh_are_refused_too() -> None:
    rng = np.random.default_rng(5)
    with pytest.raises(RuntimeError, match=r"chalkgrad\.fresh"):
        compile(lambda x: x * rng.normal() + fresh(rng.normal))(1.0)
    with pytest.raises(RuntimeError, match=r"chalkgrad\.fresh"):
        compile(lambda x: x * rng.normal() + fresh(lambda: 2.0) + fresh(rng.normal))(1.0)


def test_neither_side_sees_the_others_arrays() -> None:
    f = compile(lambda x: (x * 2.0, x))
    x = np.ones(3)
    first, same_as_x = f(x)
    x[0] = 50.0
    assert first.tolist() == [2.0, 2.0, 2.0] and same_as_x.tolist() == [1.0, 1.0, 1.0]
    first[:] = 9.0
    assert f(np.ones(3))[0].tolist() == [2.0, 2.0, 2.0]
    second, _ = f(np.full(3, 4.0))
    assert first.tolist() == [9.0, 9.0, 9.0] and second.tolist() == [8.0, 8.0, 8.0]


def test_detached_numbers_are_followed() -> None:
    def f(x: Any) -> Any:
        with no_grad():
            scale = x * 3.0
        return x * scale * x.detach()

    compiled = compile(grad(f))
    for x in (2.0, 5.0):
        assert compiled(x) == pytest.approx(3.0 * x * x) == grad(f)(x)


def test_backward_inside_is_refused() -> None:
    def f(x: Any) -> Any:
        y = x * x
        y.backward()
        return y

    with pytest.raises(RuntimeError, match="inside a function that is being compiled"):
        compile(f)(2.0)


def test_an_error_in_the_function_comes_through_and_leaves_nothing() -> None:
    switch = [True]

    def f(x: Any) -> Any:
        if switch[0]:
            raise KeyError("mine")
        return x * 2.0

    compiled = compile(f)
    with pytest.raises(KeyError, match="mine"):
        compiled(1.0)
    switch[0] = False
    assert compiled(1.0) == 2.0


def test_settings_have_programs_of_their_own() -> None:
    f = compile(lambda x, n, kind: x**n if kind == "power" else x * n)
    assert (f(2.0, 3, "power"), f(2.0, 3, "product"), f(2.0, 4, kind="power")) == (8.0, 6.0, 16.0)
    with pytest.raises(TypeError, match="an array of `<U1`"):
        f(2.0, np.array(["a"]), "power")


def test_containers_and_kinds_stay() -> None:
    f = compile(lambda p: {"sum": p["a"] + p["b"][0], "rest": (p["b"][1], 3, None)})
    assert f({"a": 1.0, "b": [2.0, 5.0]}) == {"sum": 3.0, "rest": (5.0, 3, None)}
    node = f({"a": Value(1.0), "b": [2.0, 5.0]})["sum"]
    assert isinstance(node, Value) and node.data == 3.0 and not node.requires_grad


def test_a_row_of_your_own_runs_in_python() -> None:
    @primitive(partials=[lambda out, x: 3 * x * x])
    def cube(x: Any) -> Any:
        return x * x * x

    @primitive(partials=[lambda out, x: 2.0])
    def exp(x: Any) -> Any:
        """Not the table's."""
        return x * 2.0

    f = compile(value_and_grad(lambda x: tanh(cube(x * 0.5)).sum() + exp(x).sum()))
    x = np.array([0.3, -0.7])
    want = value_and_grad(lambda x: tanh(cube(x * 0.5)).sum() + exp(x).sum())(x)
    have = f(x)
    np.testing.assert_allclose(have[0], want[0])
    np.testing.assert_allclose(have[1], want[1])


def test_runs_are_equal_to_the_bit() -> None:
    x = np.random.default_rng(1).normal(size=(64, 64))
    f = compile(grad(lambda x: tanh(x @ x.T).sum()))
    first = f(x)
    assert all(np.array_equal(first, f(x)) for _ in range(5))


def test_threads_do_not_disturb_one_another() -> None:
    f = compile(grad(lambda x: tanh(x @ x.T).sum()))
    inputs = [np.random.default_rng(i).normal(size=(16, 16)) for i in range(8)]
    want = [f(x) for x in inputs]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(50):
            if not np.array_equal(f(inputs[i]), want[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_compiling_what_is_compiled_changes_nothing() -> None:
    f = compile(lambda x: x * 2.0)
    assert compile(f) is f
    program = compile(Value(2.0) * 3.0)
    assert compile(program) is program
    assert "compile(" in repr(f) and "Program(" in repr(program)
    assert copy.copy(f)(3.0) == 6.0


def test_relu_behind_a_branch_is_as_eagerly() -> None:
    x = np.array([[1.0, -2.0, np.nan, 0.0, 3.0, np.inf]])
    mask = np.array([[1.0, 0.0, 0.0, 1.0, 0.0, 1.0]])
    f = value_and_grad(lambda x: where(mask, relu(x * 2.0) * 3.0, 0.0).sum())
    for have, want in zip(compile(f)(x), f(x), strict=True):
        np.testing.assert_array_equal(have, want)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("axis", "keepdims"), [(-1, True), (0, False), (None, False), ((0, 2), False)])
def test_logsumexp_shares_its_lines_with_its_softmax(axis: Any, keepdims: bool, dtype: type) -> None:
    def f(x: Any) -> Any:
        return mean(ag.logsumexp(x, axis=axis, keepdims=keepdims))

    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(dtype) * 30
    program = compile(value_and_grad(f))
    for mine, theirs in zip(program(x), value_and_grad(f)(x), strict=True):
        same(mine, theirs, ulps=8)
    text = str(program.program(x))
    assert text.count("exp(") == 1 and "logsumexp(" not in text
    same(compile(f)(x), f(Tensor(x)).data, ulps=8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9, 20), (40, 3), (1, 70)])
def test_the_step_of_a_relu_in_a_product_is_that_of_the_rows(shape: tuple[int, int], dtype: type) -> None:
    rng = np.random.default_rng(3)
    a, w = rng.normal(size=shape).astype(dtype), rng.normal(size=(shape[1], 4)).astype(dtype)
    a.flat[:3] = np.nan, 0.0, np.inf
    for seed in (0.0, 1.0, np.inf):
        g = np.where(rng.random((shape[0], 4)) < 0.5, seed, rng.normal(size=(shape[0], 4))).astype(dtype)
        g[0] = 0.0
        for f in (
            lambda a, w, g=g: ag.sum((relu(a) @ w) * g),
            lambda a, w, g=g: ag.sum(where(g > 0, relu(a) @ w, 0.0)),
        ):
            with np.errstate(all="ignore"):
                mine, theirs = compile(grad(f))(a, w), grad(f)(a, w)
            same(mine, theirs, ulps=64)


def test_inside_of_another_graph_it_is_the_function_that_it_was_made_of() -> None:
    cube = compile(lambda x: x * x * x)
    assert grad(cube)(2.0) == 12.0 and grad(grad(cube))(2.0) == 12.0
    assert jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)
    assert grad(lambda x: cube(2 * x))(1.0) == 24.0
    assert grad(lambda w: compile(lambda x: w * x)(3.0))(2.0) == 3.0
    assert compile(grad(cube))(2.0) == 12.0
    outer = compile(lambda x: cube(x) + 1)
    assert (outer(2.0), outer(3.0)) == (9.0, 28.0)
    x = Value(2.0)
    cube(x * x).backward()
    assert x.grad == 6 * 2.0**5
    assert cube(2.0) == 8.0 and cube(x).data == 8.0
