"""Programs of graphs of Values: columns, sums of products and matrix products give the numbers of the eager engine."""

import functools
import itertools
import math
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import TABLE, Value, compile, exp, log, sin, tanh, where, without_collector
from autograd.compiler.scalars import body, schedule, vjp_rules
from autograd.compiler.scalars.body import GraphOfScalars
from autograd.compiler.scalars.printing import call_text
from autograd.compiler.scalars.structure_of_arrays import ONE

element = TABLE["element"]
SCALAR = [name for name, row in TABLE.items() if (row.elementwise and not row.options) or name == "where"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-20, -1e-300, 40.0, -40.0, 800.0, math.inf, -math.inf, math.nan]


def agree(root: Any, leaves: list[Any], rtol: float = 1e-12, atol: float = 1e-300) -> Any:
    """Hold the program of a graph to `backward`."""
    for leaf in leaves:
        leaf.grad = None
    root.backward()
    leaves = [leaf for leaf in leaves if leaf.grad is not None]
    want = [root.data, *(leaf.grad for leaf in leaves)]
    program = compile(root)
    assert isinstance(program._body, GraphOfScalars)
    for leaf in leaves:
        leaf.grad = None
    for _ in range(2):  # the second time over what the first has left in memory
        have = [program(), *(leaf.grad for leaf in leaves)]
        np.testing.assert_allclose(have, want, rtol=rtol, atol=atol, equal_nan=True)
    return program


@pytest.mark.parametrize("name", SCALAR)
def test_a_row_and_its_gradient_are_those_of_the_eager_engine(name: str) -> None:
    row = TABLE[name]
    tolerance = {"silu": 1e-10, "gelu": 1e-10, "erfc": 1e-10}.get(name, 1e-12)
    for i, first in enumerate(SPECIAL):
        for j, second in enumerate(SPECIAL if (row.arity or 0) > 1 else [0.0]):
            numbers = [first, second, SPECIAL[(i + 2 * j) % len(SPECIAL)]][: row.arity]
            xs = [Value(x) for x in numbers]
            root = row(*xs) * 3.0
            agree(root, xs, tolerance, 1e-290)
            if (row.arity or 0) > 1 and j % 5:
                break


@pytest.mark.parametrize("name", SCALAR)
def test_many_nodes_of_a_row_are_one_call(name: str) -> None:
    row = TABLE[name]
    rng = np.random.default_rng(3)
    xs = [[Value(x) for x in rng.uniform(0.1, 0.9, size=row.arity)] for _ in range(50)]
    root = sum(row(*x) * float(i) for i, x in enumerate(xs))
    program = agree(root, [x for each in xs for x in each])
    assert program.stats.calls < 40


# -- graphs --

ROWS: list[Callable[..., Any]] = [
    lambda a, b, c: a + b,
    lambda a, b, c: a - b,
    lambda a, b, c: a * b,
    lambda a, b, c: -a,
    lambda a, b, c: a * b + c,
    lambda a, b, c: c - a * b,
    lambda a, b, c: a + 2.0,
    lambda a, b, c: 0.5 * a,
    lambda a, b, c: a * a,
    lambda a, b, c: a - a,
    lambda a, b, c: tanh(a),
    lambda a, b, c: a.relu(),
    lambda a, b, c: sin(a) / (2.0 + tanh(b)),
    lambda a, b, c: where(ag.greater(a, b), tanh(a), c),
    lambda a, b, c: where(ag.greater(a, 0.0), log(a), b * c),
    lambda a, b, c: ag.maximum(a, b),
    lambda a, b, c: ag.clip(a, -0.5, b),
    lambda a, b, c: exp(-a * a),
    lambda a, b, c: ag.identity(a),
    lambda a, b, c: ag.sigmoid(a) ** 2,
]


def grown(choices: list[tuple[int, int, int, int]], numbers: list[float]) -> tuple[Any, list[Any]]:
    """Grow a graph: each choice takes a row and three nodes from those there are, and what is left over is summed."""
    leaves = [Value(x) for x in numbers]
    nodes: list[Any] = [*leaves, Value(0.25, requires_grad=False)]
    used = set()
    for row, *places in choices:
        places = [p % len(nodes) for p in places]
        used.update(places)
        nodes.append(ROWS[row % len(ROWS)](*(nodes[p] for p in places)))
    root = nodes[0] * 1.0
    for i, node in enumerate(nodes):
        if i not in used:
            root = root + node * 0.1
    return root, leaves


CHOICE = st.tuples(*[st.integers(0, 1000)] * 4)


@settings(max_examples=200, deadline=None)
@given(
    choices=st.lists(CHOICE, max_size=60),
    numbers=st.lists(st.floats(-1.5, 1.5, allow_subnormal=False), min_size=1, max_size=6),
)
def test_random_graphs_agree(choices: list[Any], numbers: list[float]) -> None:
    root, leaves = grown(choices, numbers)
    sizes = [abs(root.data), *np.abs([node._data for node in ag.graph.all_nodes(root)]), 1.0]
    largest = max(x for x in sizes if math.isfinite(x))
    if largest < 1e6:
        agree(root, leaves, 1e-9, 1e-9 * largest)


def layers(sizes: list[int], rng: Any) -> list[Any]:
    return [
        [([Value(rng.normal() / math.sqrt(n)) for _ in range(n)], Value(rng.normal())) for _ in range(m)]
        for n, m in itertools.pairwise(sizes)
    ]


def net(layers: list[Any], x: list[Any], turned: bool = False, last: bool = False) -> list[Any]:
    """A net of Values, the products written either way round, the bias first or last."""
    for depth, layer in enumerate(layers):
        out = []
        for ws, bias in layer:
            products = [h * w if turned else w * h for w, h in zip(ws, x, strict=True)]
            total = sum(products) + bias if last else sum(products, bias)
            out.append(total if depth == len(layers) - 1 else tanh(total))
        x = out
    return x


def products_in(calls: list[Any]) -> list[Any]:
    """The calls that are matrix products, and no sums of columns."""
    return [each for (name, *_), each in calls if name == "matmul" and each["a"] != schedule.Place(ONE)]


@pytest.mark.parametrize("leaf_data", [True, False])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("sizes", "samples"), [([3, 12, 8, 2], 30), ([2, 40, 1], 7), ([1, 9, 9, 3], 64)])
def test_a_net_is_found_to_be_matrices(
    sizes: list[int], samples: int, turned: bool, last: bool, leaf_data: bool
) -> None:
    rng = np.random.default_rng(1)
    model = layers(sizes, rng)
    data = rng.normal(size=(samples, sizes[0])).tolist()
    inputs = [[Value(x) for x in row] if leaf_data else row for row in data]
    with without_collector():
        outputs = [net(model, x, turned, last) for x in inputs]
        root = sum(sum((y - rng.normal()) ** 2 for y in each) for each in outputs) * (1.0 / samples)
        root = root + 1e-3 * sum(w * w for layer in model for ws, _ in layer for w in ws)
    leaves = [w for layer in model for ws, b in layer for w in (*ws, b)]
    if leaf_data:
        leaves += [x for row in inputs for x in row]
    program = agree(root, leaves, 1e-11, 1e-12)
    products = products_in(program._body.calls)
    assert len(products) >= 3 * (len(sizes) - 1) - 2 - (not leaf_data)
    assert program.stats.calls < 75


def test_arrays_that_meet_values_are_lanes() -> None:
    rng = np.random.default_rng(7)
    model = layers([2, 12, 12, 1], rng)
    lanes = [ag.Tensor(rng.normal(size=50)), ag.Tensor(rng.normal(size=(50, 1))[:, 0])]
    target, scale = np.sign(rng.normal(size=50)), ag.Tensor(rng.normal(size=(3, 1)))
    score = net(model, lanes)[0]
    loss = ag.relu(1 - target * score).mean() + 1e-3 * sum(w * w for layer in model for ws, _ in layer for w in ws)
    loss = loss + ag.sum(ag.where(target > 0, log(abs(score)), scale * score) * 0.01)
    leaves = [*(w for layer in model for ws, b in layer for w in (*ws, b)), *lanes, scale]
    loss.backward()
    want = [loss.data, *(leaf.grad for leaf in leaves)]
    program = compile(loss)
    assert len(products_in(program._body.calls)) >= 4
    for _ in range(2):
        have = [program(), *(leaf.grad for leaf in leaves)]
        for a, b in zip(have, want, strict=True):
            assert type(a) is type(b)
            assert np.shape(a) == np.shape(b)
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    kept = lanes[0].grad.copy()
    first = lanes[0].grad
    lanes[0].data = np.zeros(50)
    assert program() != want[0]
    np.testing.assert_array_equal(first, kept)  # what was given is not written again


def test_weights_shared_over_time_are_matrices_too() -> None:
    rng = np.random.default_rng(2)
    model = layers([8, 8], rng)
    with without_collector():
        total: Any = 0.0
        for _ in range(16):
            h: list[Any] = [Value(x) for x in rng.normal(size=8)]
            for _ in range(5):
                h = [tanh(y) for y in net(model, h)]
            total = total + sum(h)
    agree(total, [w for ws, b in model[0] for w in (*ws, b)], 1e-10, 1e-10)


def test_data_assigned_between_calls_are_seen() -> None:
    x, y = Value(2.0), Value(3.0)
    program = compile(x * y + sin(x))
    x.data, y.data = 0.5, -4.0
    assert program() == pytest.approx(-2.0 + math.sin(0.5), rel=1e-15)
    assert x.grad == pytest.approx(-4.0 + math.cos(0.5), rel=1e-15)
    assert y.grad == 0.5
    x.data = 1.0
    program()
    assert y.grad == 1.0  # set, not added


def test_a_lone_leaf_is_a_program() -> None:
    x = Value(2.0, label="x")
    program = compile(x)
    assert (program(), x.grad) == (2.0, 1.0)
    assert compile(ag.identity(x))() == 2.0
    assert (compile(x - x)(), x.grad) == (0.0, 0.0)
    assert (compile(x * x)(), x.grad) == (4.0, 4.0)
    assert (compile(-ag.neg(x))(), x.grad) == (2.0, 1.0)
    assert (compile(x + x + x)(), x.grad) == (6.0, 3.0)


def test_a_leaf_that_only_chooses_has_the_gradient_zero() -> None:
    c, x = Value(1.0), Value(2.0)
    agree(where(c, x * x, x), [c, x])
    assert c.grad == 0.0


def test_equal_leaves_are_never_merged() -> None:
    a, b = Value(2.0), Value(2.0)
    agree(exp(a) * exp(b) + a * b, [a, b])
    assert a.grad == b.grad == pytest.approx(math.exp(4.0) + 2.0)


def test_what_is_written_twice_is_computed_once() -> None:
    x = Value(0.5)
    program = agree(exp(sin(x)) + exp(sin(x)) * 2.0, [x])
    assert str(program).count("exp(") == str(program).count("sin(") == 1
    # two forward, and two partial derivatives
    assert "merged 4 nodes" in str(program)


def test_behind_a_branch_that_is_not_taken_nothing_is_infinite() -> None:
    x, y = Value(0.0), Value(3.0)
    agree(where(x, log(x) * y + 1.0 / x, y * y), [x, y])
    assert (x.grad, y.grad) == (0.0, 6.0)
    n = 40
    xs = [Value(0.0 if i % 2 else 1.0) for i in range(n)]
    with without_collector():
        root = sum(where(x, log(x) * y, y) for x in xs)
    agree(root, [*xs, y])


def test_a_constant_behind_a_branch_that_is_not_taken_may_be_infinite() -> None:
    x, c = Value(2.0), Value(0.0)
    y = x * math.inf + (x + 1.0) * 2.0
    agree(where(c, y, 3.0 * x) + where(1.0 - c, tanh(x), x * math.nan), [x, c])


def test_the_zero_that_a_sum_starts_from_counts_where_signs_do() -> None:
    x = Value(-0.0)
    agree(1.0 / (0.0 + x), [x])


def test_a_long_chain() -> None:
    x, c, y = Value(0.3), Value(0.999), Value(0.3)
    with without_collector():
        for i in range(20_000):
            y = y * c + 0.001 if i % 3 else tanh(y) - x
    program = agree(y, [x, c], 1e-9, 1e-200)
    assert program.stats.calls < 10
    assert program.stats.bytes < 40 * program.stats.nodes


def test_wide_fan_out() -> None:
    x = Value(0.5)
    with without_collector():
        root = sum(tanh(x * float(i % 7)) * 1e-4 for i in range(20_000))
    agree(root, [x], 1e-10)


def test_a_program_runs_in_several_threads() -> None:
    xs = [Value(float(i)) for i in range(20)]
    root = sum(sin(x) * x for x in xs)
    program = compile(root)
    want = program()
    found: list[float] = []
    threads = [threading.Thread(target=lambda: found.extend(program() for _ in range(200))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {want}


@pytest.mark.parametrize("lanes", [False, True])
def test_one_graph_is_compiled_in_several_threads(lanes: bool) -> None:
    xs: list[Any] = [Value(0.1 + 0.01 * i) for i in range(20)]
    y: Any = ag.Tensor([0.1, 0.2]) if lanes else xs[0]
    z: Any = y
    for i in range(500):
        y, z = tanh(z) + xs[i % 20], y * 0.5 - z
    y, z = (ag.sum(y), ag.sum(z)) if lanes else (y, z)
    roots, found = [y, y * z], [[], []]
    want = [compile(root)() for root in roots]

    def work(i: int) -> None:
        found[i].extend(compile(roots[i])() for _ in range(40))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(i,)) for i in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [[number] * 40 for number in want]


def test_runs_are_equal_in_every_bit() -> None:
    rng = np.random.default_rng(5)
    model = layers([4, 16, 1], rng)
    with without_collector():
        root = sum(net(model, rng.normal(size=4).tolist())[0] for _ in range(33))
    leaves = [w for layer in model for ws, b in layer for w in (*ws, b)]
    results = []
    for _ in range(3):
        program = compile(root)
        results.append([program(), *(leaf.grad for leaf in leaves)])
    assert results[0] == results[1] == results[2]


def listed(program: Any) -> list[str]:
    """The lines of a program, without the notes of the passes."""
    return [line for line in str(program).splitlines() if not line.startswith("#")]


def test_a_small_program_lists_its_nodes() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    assert str(compile(e)).splitlines() == [
        "a  = input",
        "b  = input",
        "%6 = add(a, b)",
        "%7 = add(b, 1)",
        "e  = mul(%6, %7)",
        "∂b = add(%6, %7)",
        "result: e",
        "gradient of a: %7",
        "gradient of b: ∂b",
        "# sums of products: 1 products and 4 other terms in 3 sums; 2 terms in gradients",
        "# local rules: left out 0; common subexpressions: merged 0 nodes",
        "# dead code: left out 0 nodes",
    ]


def test_every_kind_of_sum_is_listed_and_every_label_is_on_one_line() -> None:
    x, c, y = Value(0.3, label="x"), Value(2.0, label="x"), Value(3.0, label="two\nlines")
    root = tanh(x * c + y) * y - x - c - y * 1.5 + 2.0
    assert listed(agree(root, [x, c, y])) == [
        "x          = input",
        "x%6        = input",
        "two lines  = input",
        "%8         = two lines + x*x%6",
        "%9         = tanh(%8)",
        "%10        = mul(two lines, 1.5)",
        "%11        = %9*two lines + x*-1 + x%6*-1 + %10*-1 + 2",
        "%12        = _sech2(%8)",
        "∂%8        = mul(two lines, %12)",
        "∂two lines = -1*1.5 + ∂%8 + %9",
        "∂x%6       = -1 + ∂%8*x",
        "∂x         = -1 + ∂%8*x%6",
        "result: %11",
        "gradient of x: ∂x",
        "gradient of x: ∂x%6",
        "gradient of two lines: ∂two lines",
    ]


def test_rules_write_no_more_than_is_needed() -> None:
    x, y, z = Value(0.5, label="x"), Value(1.5, label="y"), Value(2.5, label="z")
    assert listed(agree(x**3.0 + x**y, [x, y]))[5:] == [
        "%15 = sub(y, 1)",
        "%16 = pow(x, 2)",
        "%17 = pow(x, %15)",
        "%18 = strict_zero_mul(3, %16)",
        "%19 = strict_zero_mul(y, %17)",
        "%20 = equal(x, 0)",
        "%21 = greater(0, y)",
        "%22 = sub(1, %21)",
        "%23 = mul(%20, %22)",
        "%24 = log(x)",
        "%25 = mul(%13, %24)",
        "%26 = where(%23, 0, %25)",
        "∂x  = add(%19, %18)",
        "result: %14",
        "gradient of x: ∂x",
        "gradient of y: %26",
    ]
    agree(x**0.5 + x**2.5 + x**3.5, [x])  # powers less 1, each a constant of its own
    assert listed(agree(ag.relu(x) * y, [x, y]))[3:5] == [
        "%6 = mul(%5, y)",
        "%7 = times_step(y, x)",  # the step is not kept
    ]
    assert listed(agree(where(z, 2.0 * x + ag.relu(y), y), [x, y]))[3:] == [
        "%9  = relu(y)",
        "%10 = %9 + 2*x",
        "%11 = where(z, %10, y)",
        "%12 = step(y)",
        "%13 = where(z, 1, 0)",
        "%14 = where(z, 0, 1)",
        "∂x  = mul(%13, 2)",
        "%16 = strict_zero_mul(%13, %12)",
        "∂y  = add(%14, %16)",
        "result: %11",
        "gradient of z: 0",
        "gradient of x: ∂x",
        "gradient of y: ∂y",
    ]
    chosen = agree(where(Value(1.0, requires_grad=False), x * x, x), [x])
    assert sum("where(" in line for line in listed(chosen)) == 3  # forward, and for each branch
    assert listed(agree(ag.mod(x, y) * y, [x, y]))[-5:] == [
        "%11 = neg(%10)",
        "∂y  = %5 + y*%11",
        "result: %6",
        "gradient of x: y",  # its slope is 1
        "gradient of y: ∂y",
    ]
    assert listed(agree(ag.identity(x) * ag.identity(x * y), [x, y]))[2] == "%5 = mul(x, y)"


@pytest.mark.parametrize(("more", "name"), [(0, "x"), (1, "%3")])
def test_labels_of_large_graphs_are_not_read(more: int, name: str) -> None:
    x = Value(1.5, label="x")
    y = sin(x)
    for _ in range(499):
        y = y + sin(x)
    for _ in range(1 + more):
        y = -y
    assert listed(compile(y))[0].split() == [name, "=", "input"]


def test_what_no_result_needs_is_left_out() -> None:
    x = Value(1.5, label="x")
    program = agree(ag.floor(x) * 3.0, [x])
    assert "# dead code: left out 0 nodes" in str(program)
    assert "# dead code: left out 1 nodes" in str(agree(sin(ag.floor(x)), [x]))
    assert listed(program) == ["x  = input", "%5 = floor(x)", "%6 = mul(%5, 3)", "result: %6", "gradient of x: 0"]
    assert listed(compile(ag.identity(x))) == ["x = input", "result: x", "gradient of x: 1"]


def test_the_zero_that_a_sum_starts_from_is_left_out() -> None:
    x, y = Value(0.5, label="x"), Value(1.5, label="y")
    assert listed(agree(sum([x, y]), [x, y]))[2:] == ["%6 = add(x, y)", "result: %6", *(
        f"gradient of {name}: 1" for name in "xy"
    )]  # fmt: skip


def test_gradients_are_summed_in_parts_by_the_sums_that_their_terms_come_from() -> None:
    x = Value(0.5, label="x")
    ys = [Value(0.1 * i, label=f"y{i}") for i in range(10)]
    h = exp(x)
    two = [tanh(h * a + b) for a, b in zip(ys[:5], ys[5:], strict=True)]
    three = [tanh(h * a + b + c) for a, b, c in zip(ys[:5], ys[5:], ys[3:8], strict=True)]
    text = listed(agree(sum(two) + sum(three), [x, *ys]))
    first = text.index("∂y9  = add(%41, %46)")
    assert text[first + 1 : first + 14] == [
        "∂y4  = %41*%15 + %46*%15 + %43",
        "∂y8  = add(%40, %45)",
        "∂y3  = %40*%15 + %45*%15 + %42",
        "∂y7  = %39 + %46 + %44",
        "∂y2  = %39*%15 + %44*%15",
        "∂y6  = %38 + %45 + %43",
        "∂y1  = %38*%15 + %43*%15",
        "∂y5  = %37 + %44 + %42",
        "∂y0  = %37*%15 + %42*%15",
        "%57  = %41*y4 + %40*y3 + %39*y2 + %38*y1 + %37*y0",
        "%58  = %46*y4 + %45*y3 + %44*y2 + %43*y1 + %42*y0",
        "∂%15 = add(%57, %58)",
        "∂x   = mul(∂%15, %15)",
    ]
    assert len(text) == first + 14 + 12
    one = [tanh(h * a) for a in ys[:5]]
    text = listed(agree(sum(one) + sum(two), [x, *ys]))
    (first,) = (i for i, line in enumerate(text) if line.startswith("∂%15 = add"))
    assert [line.partition("= ")[2] for line in text[first - 2 : first]] == [
        "%41*y4 + %40*y3 + %39*y2 + %38*y1 + %37*y0",
        "%46*y4 + %45*y3 + %44*y2 + %43*y1 + %42*y0",
    ]
    for n, parted in ((4, True), (3, False)):  # a part has four terms or more
        text = listed(agree(sum(one[:n]) + sum(two[:n]), [x, *ys]))
        (gradient,) = (line for line in text if line.startswith("∂%") and (" + " in line or "= add" in line))
        assert ("= add" in gradient) == parted
    a, b, c, d = (Value(float(i), label="abcd"[i]) for i in range(4))
    h = exp(x)
    assert "∂%8 = a + b + c + d" in listed(agree(h * a + h * b + h * c + h * d, [x, a, b, c, d]))


def dot(a: Any, b: Any, *more: Any) -> Any:
    """The sum of products, and of more terms."""
    return sum(more, sum((x * y for x, y in zip(a[1:], b[1:], strict=True)), a[0] * b[0]))


def data(leaves: Any) -> Any:
    return [data(x) for x in leaves] if isinstance(leaves, list) else leaves.data


ARRANGEMENTS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]], str]] = {
    "rows of numbers": (
        lambda A: sum(tanh(sum(row[1:], row[0])) for row in A),
        [(40, 9)],
        """
        matmul(m=1, k=9, n=40)
        straight(n=81)
        """,
    ),
    "columns of numbers": (
        lambda A: sum(tanh(sum(row[1:], row[0])) for row in zip(*A, strict=True)),
        [(9, 40)],
        """
        matmul(m=1, k=9, n=40)
        straight(n=81)
        """,
    ),
    "rows and columns of numbers": (
        lambda A: sum(tanh(sum(x[1:], x[0])) for x in A) + sum(sin(sum(x[1:], x[0])) for x in zip(*A, strict=True)),
        [(20, 24)],
        """
        sum(outer=24, n=20)
        matmul(m=1, k=24, n=20)
        straight(n=88)
        sum(outer=1, n=44)
        add(rows=24, columns=20)
        """,
    ),
    "two matrices": (
        lambda A, B: sum(tanh(dot(a, b)) for a in A for b in B),
        [(12, 6), (16, 6)],
        """
        matmul(m=16, k=6, n=12)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        matmul(m=12, k=16, n=6)
        plain_sums(n=1, k=192)
        """,
    ),
    "a term for each column": (
        lambda A, B, C: sum(tanh(dot(a, b, c)) for a in A for b, c in zip(B, C, strict=True)),
        [(12, 6), (16, 6), (16,)],
        """
        matmul(m=12, k=6, n=16, bias)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        matmul(m=12, k=16, n=6)
        matmul(m=1, k=12, n=16)
        sum(outer=1, n=192)
        """,
    ),
    "a term for each row": (
        lambda A, B, C: sum(tanh(dot(a, b, c)) for a, c in zip(A, C, strict=True) for b in B),
        [(12, 6), (16, 6), (12,)],
        """
        matmul(m=16, k=6, n=12, bias)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        matmul(m=12, k=16, n=6)
        matmul(m=1, k=16, n=12)
        plain_sums(n=1, k=192)
        """,
    ),
    "a term for each element": (
        lambda A, B, C: sum(tanh(dot(A[i], B[j], C[i][j])) for i in range(12) for j in range(16)),
        [(12, 6), (16, 6), (12, 16)],
        """
        matmul(m=16, k=6, n=12)
        add_product(rows=16, columns=12)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        matmul(m=12, k=16, n=6)
        plain_sums(n=1, k=192)
        """,
    ),
    "a term less for each column": (
        lambda A, B, C: sum(tanh(dot(a, b) - c) for a in A for b, c in zip(B, C, strict=True)),
        [(12, 6), (16, 6), (16,)],
        """
        matmul(m=16, k=6, n=12)
        add_product(rows=16, columns=12)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        sums(n=16, k=12)
        matmul(m=12, k=16, n=6)
        plain_sums(n=1, k=192)
        """,
    ),
    "two terms": (
        lambda A, B, C, D: sum(tanh(dot(A[i], B[j], C[j], D[i])) for i in range(12) for j in range(16)),
        [(12, 6), (16, 6), (16,), (12,)],
        """
        identity(n=12, gathered)
        matmul(m=16, k=6, n=12, bias)
        add_product(n=192, gathered)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        matmul(m=12, k=16, n=6)
        plain_sums(n=16, k=12)
        matmul(m=1, k=16, n=12)
        plain_sums(n=1, k=192)
        """,
    ),
    "many terms": (
        lambda A, B, C, D: sum(
            tanh(dot(A[i], B[j], C[j], D[i], C[i], C[i + 1], C[0])) for i in range(12) for j in range(16)
        ),
        [(12, 6), (16, 6), (16,), (12,)],
        """
        sums(n=192, k=11)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        matmul(m=12, k=16, n=6)
        matmul(m=1, k=12, n=3)
        plain_sums(n=12, k=16)
        plain_sums(n=1, k=28)
        plain_sums(n=11, k=44)
        sum(outer=1, n=192)
        plain_sums(n=1, k=220)
        """,
    ),
    "another product for each element": (
        lambda A, B, C, D: sum(tanh(dot(A[i], B[j]) + C[i][j] * D[i][j]) for i in range(12) for j in range(16)),
        [(12, 6), (16, 6), (12, 16), (12, 16)],
        """
        matmul(m=16, k=6, n=12)
        add_product(n=192, gathered)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=16, k=12, n=6)
        matmul(m=12, k=16, n=6)
        plain_sums(n=1, k=192)
        mul(n=384, gathered)
        """,
    ),
    "one matrix in two orders": (
        lambda A, B: (
            sum(tanh(dot(a, b)) for a in A for b in B) + sum(sin(dot(a[::-1], b[::2] + b[1::2])) for a in A for b in B)
        ),
        [(12, 6), (16, 6)],
        """
        matmul(m=16, k=6, n=12)
        identity(n=96, gathered)
        matmul(m=16, k=6, n=12)
        tanh(rows=1, columns=192)
        sin(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        cos(rows=1, columns=192)
        identity(n=384, gathered)
        identity(n=144, gathered)
        matmul(m=16, k=24, n=6)
        identity(n=192, gathered)
        matmul(m=12, k=32, n=6)
        plain_sums(n=1, k=384)
        """,
    ),
    "a matrix of constants": (
        lambda A, B: sum(tanh(dot(a, b)) for a in A for b in data(B)),
        [(12, 6), (16, 6)],
        """
        matmul(m=16, k=6, n=12)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        matmul(m=12, k=16, n=6)
        plain_sums(n=1, k=192)
        """,
    ),
    "constants from either end": (
        lambda A, B: (
            sum(tanh(dot(a, b)) for a in A for b in data(B)) + sum(sin(dot(a, b)) for a in A for b in data(B)[::-1])
        ),
        [(12, 6), (12, 6)],
        """
        sums(n=288, k=6)
        tanh(rows=1, columns=144)
        sin(rows=1, columns=144)
        _sech2(rows=1, columns=144)
        cos(rows=1, columns=144)
        identity(n=288, gathered)
        matmul(m=12, k=24, n=6)
        plain_sums(n=1, k=288)
        """,
    ),
    "a matrix and a vector": (
        lambda A, B: sum(tanh(dot(a, B)) for a in A),
        [(40, 20), (20,)],
        """
        matmul(m=40, k=20, n=1)
        straight(n=80)
        matmul(m=20, k=40, n=1)
        sum(outer=1, n=40)
        mul(rows=40, columns=20)
        """,
    ),
    "two blocks": (
        lambda A, B: sum(tanh(dot(A[i], B[j])) for i in range(12) for j in range(16) if i // 6 == j // 8),
        [(12, 6), (16, 6)],
        """
        matmul(m=8, k=6, n=6)
        matmul(m=8, k=6, n=6)
        straight(n=192)
        matmul(m=8, k=6, n=6)
        matmul(m=8, k=6, n=6)
        matmul(m=6, k=8, n=6)
        matmul(m=6, k=8, n=6)
        sum(outer=1, n=96)
        """,
    ),
    "each with each": (
        lambda A, B: sum(tanh(a + b) for a in A for b in B),
        [(16,), (12,)],
        """
        add(rows=16, columns=12)
        tanh(rows=1, columns=192)
        _sech2(rows=1, columns=192)
        plain_sums(n=16, k=12)
        matmul(m=1, k=16, n=12)
        sum(outer=1, n=192)
        """,
    ),
    "pairs": (
        lambda A, B: sum(tanh(a * b) for a, b in zip(A, B, strict=True)),
        [(200,), (200,)],
        """
        mul(rows=1, columns=200)
        tanh(rows=1, columns=200)
        _sech2(rows=1, columns=200)
        sum(outer=1, n=200)
        mul(rows=2, columns=200)
        """,
    ),
    "pairs in two orders": (
        lambda A, B: (
            sum(tanh(a * b) for a, b in zip(A, B, strict=True))
            + sum(sin(a / b) for a, b in zip(A[::-1], B, strict=True))
        ),
        [(200,), (200,)],
        """
        mul(rows=1, columns=200)
        div(n=400, gathered)
        tanh(rows=1, columns=200)
        sin(rows=1, columns=200)
        neg(rows=1, columns=200)
        _sech2(rows=1, columns=200)
        cos(rows=1, columns=200)
        sums(n=200, k=2)
        sum(outer=1, n=400)
        div(rows=1, columns=200)
        sums(n=200, k=2)
        """,
    ),
    "one with all": (
        lambda A, B: sum(tanh(B[0] / a) for a in A),
        [(200,), (1,)],
        """
        div(n=400, gathered)
        tanh(rows=1, columns=200)
        neg(rows=1, columns=200)
        _sech2(rows=1, columns=200)
        sums(n=1, k=200)
        sum(outer=1, n=200)
        div(rows=1, columns=200)
        mul(rows=1, columns=200)
        """,
    ),
    "choices": (
        lambda A, B: sum(where(a, b, A[3]) for a, b in zip(A, B, strict=True)),
        [(200,), (200,)],
        """
        where(n=600, gathered)
        plain_sums(n=2, k=200)
        """,
    ),
    "a chain": (
        lambda A, B: functools.reduce(lambda x, ab: tanh(x * ab[0] + ab[1]), zip(A, B, strict=True), A[0]),
        [(100,), (100,)],
        """
        straight(n=598)
        """,
    ),
}
"""Graphs of leaves, which are made of the shapes behind; and their calls: the kernel, and what it does."""


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_what_lies_together_is_computed_together(name: str) -> None:
    build, shapes, calls = ARRANGEMENTS[name]
    rng, leaves = np.random.default_rng(0), []

    def grown(shape: tuple[int, ...]) -> Any:
        if shape:
            return [grown(shape[1:]) for _ in range(shape[0])]
        leaves.append(Value(rng.uniform(0.2, 1.0)))
        return leaves[-1]

    program = agree(build(*map(grown, shapes)), leaves, 1e-10, 1e-12)
    texts = [call_text(*call) for call in program._body.calls[1:-1]]
    assert texts == [line.strip() for line in calls.strip().splitlines()]


def test_programs_up_to_a_size_list_their_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(0.5)
    nodes = 6  # the constants 1, -1 and 0; the leaf, its sine, and its cosine, which is the gradient
    for largest, first in ((nodes, "%3 = input"), (nodes - 1, "1 leaves")):
        monkeypatch.setattr(body, "LISTED", largest)
        assert listed(compile(sin(x)))[0] == first


def test_a_large_program_lists_its_calls() -> None:
    a, b = Value(2.0), Value(3.0)
    with without_collector():
        root = sum(tanh(a * float(i)) * b for i in range(500))
    program = agree(root, [a, b])
    assert listed(program) == [
        "2 leaves",
        "1  mul(rows=1, columns=500)",
        "2  tanh(rows=1, columns=500)",
        "3  _sech2(rows=1, columns=500)",
        "4  sums(n=1, k=500)",
        "5  sum(outer=1, n=500)",
        "6  mul(rows=1, columns=500)",
        "7  sums(n=1, k=500)",
    ]


def test_the_calls_of_a_net_are_matrices_and_rows() -> None:
    rng = np.random.default_rng(0)
    model, data = layers([2, 8, 1], rng), rng.normal(size=(20, 2)).tolist()
    leaves = [w for layer in model for ws, b in layer for w in (*ws, b)]
    program = agree(sum(net(model, x)[0] ** 2 for x in data), leaves, 1e-11)
    assert listed(program) == [
        "33 leaves",
        " 1  matmul(m=20, k=2, n=8, bias)",
        " 2  tanh(rows=1, columns=160)",
        " 3  _sech2(rows=1, columns=160)",
        " 4  matmul(m=20, k=8, n=1, bias)",
        " 5  straight(n=61)",
        " 6  matmul(m=8, k=20, n=1)",
        " 7  plain_sums(n=1, k=20)",
        " 8  mul(rows=20, columns=8)",
        " 9  mul(rows=1, columns=160)",
        "10  matmul(m=8, k=20, n=2)",
        "11  matmul(m=1, k=20, n=8)",
    ]
    stats = program.stats
    assert (stats.nodes, stats.instructions, stats.calls) == (1238, 914, 13)
    assert stats.bytes < 16_000


def test_rows_of_your_own_take_the_other_way() -> None:
    @ag.primitive(partials=[lambda out, x: 3.0 * x * x])
    def cube(x: Any) -> Any:
        return x * x * x

    x = Value(2.0)
    program = compile(cube(x))
    assert not isinstance(program._body, GraphOfScalars)
    assert (program(), x.grad) == (8.0, 12.0)

    def long(x: Any) -> Any:
        y = x
        for _ in range(300):
            y = sin(y) + x
        return cube(y) * y

    assert compile(long)(0.3) == pytest.approx(long(0.3), rel=1e-12)


# -- functions --


def sample_loss(parameters: Any, x: Any, y: Any) -> Any:
    """The loss of a net of numbers for one case."""
    h = list(x)
    for ws, bs in parameters:
        h = [tanh(sum((w * u for w, u in zip(row, h, strict=True)), b)) for row, b in zip(ws, bs, strict=True)]
    return (h[0] - y) ** 2


def random_parameters(sizes: list[int], rng: Any) -> list[Any]:
    return [
        ([rng.normal(size=n).tolist() for _ in range(m)], rng.normal(size=m).tolist())
        for n, m in itertools.pairwise(sizes)
    ]


def compiled_as_columns(f: Any, *args: Any) -> Any:
    """Compile and run a function twice; hold it to itself uncompiled, and its program to be one of columns."""
    program = compile(f)
    want = ag.containers.flatten(f(*args))
    for _ in range(2):
        have = ag.containers.flatten(program(*args))
        for a, b in zip(have, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
            assert type(a) is type(b)
    (trace,) = next(iter(program._traces.values()))
    assert type(trace.body).__name__ == "FunctionOfScalars"
    return trace.body


def test_a_function_of_numbers_is_columns() -> None:
    rng = np.random.default_rng(4)
    parameters = random_parameters([3, 8, 1], rng)
    data = [(rng.normal(size=3).tolist(), rng.normal()) for _ in range(40)]

    def loss(parameters: Any) -> Any:
        return sum(sample_loss(parameters, x, y) for x, y in data) / len(data)

    body = compiled_as_columns(ag.value_and_grad(loss), parameters)
    assert len(products_in(body.calls)) >= 4
    assert [note.split(":")[0] for note in body.notes] == [
        "sums of products", "local rules", "dead code",
    ]  # fmt: skip


def test_a_function_between_arrays_is_columns_where_values_do_the_work() -> None:
    rng = np.random.default_rng(5)

    def f(a: Any, b: Any) -> Any:
        xs = [element(a, index=(i, j)) for i in range(20) for j in range(5)]
        ys = [sin(x) * x + exp(-x) * element(b, index=i % 7) for i, x in enumerate(xs)]
        made = ag.Tensor(ys)
        return ag.mean(made * made) + ag.sum(ag.reshape(made, shape=(10, 10)), axis=0)[3]

    compiled_as_columns(ag.value_and_grad(f, (0, 1)), rng.normal(size=(20, 5)), rng.normal(size=7))


def test_arrays_of_numbers_move_and_reduce_as_columns() -> None:
    rng = np.random.default_rng(6)
    choice = np.arange(60).reshape(20, 3) % 2 == 0

    def f(a: Any, b: Any) -> Any:
        made = ag.Tensor([sin(x) * exp(-x) + x for row in a.to_values() for x in row]).reshape((20, 3))
        moved = ag.scatter(made[:, 1], index=np.arange(0, 40, 2), shape=(41,)) * b + ag.scatter(
            made[:, 0], index=np.arange(20), shape=(41,)
        )
        picked = made[[0, 5, 3]] - ag.sum(where(choice, made, made * made), axis=(0,), keepdims=True)
        return ag.sum(moved * moved) + ag.sum(picked * ag.flip(picked, axis=0)) + ag.sum(made, axis=1)[2]

    body = compiled_as_columns(ag.value_and_grad(f, (0, 1)), rng.normal(size=(20, 3)), rng.normal(size=41))
    assert (body.stats.instructions, body.stats.calls) == (830, 7)  # what moves costs nothing


def test_gradients_of_what_is_repeated_twice_are_summed() -> None:
    def f(a: Any, b: Any) -> Any:
        made = ag.Tensor([sin(element(a, index=i)) for i in range(300)]).reshape((2, 150))
        return ag.sum(made * b)

    compiled_as_columns(ag.grad(f, (0, 1)), np.linspace(0.1, 2.0, 300), np.linspace(1.0, 2.0, 150)[None])


def test_nothing_is_added_to_what_is_scattered() -> None:
    def f(a: Any) -> Any:
        made = ag.Tensor([sin(x) for x in a.to_values()])
        return tanh(ag.scatter(made[:3], index=[0, 1, 2], shape=(300,)) + made)

    program, a = compile(f), ag.Tensor(np.linspace(0.1, 2.0, 300))
    np.testing.assert_allclose(program(a).data, f(a).data, rtol=1e-12)
    ((trace,),) = program._traces.values()
    assert trace.body.stats.instructions == 300 + 3 + 300


def test_what_is_picked_twice_gets_both_parts() -> None:
    def f(a: Any) -> Any:
        made = ag.Tensor([sin(x) * exp(-x) + x for x in a.to_values() for _ in range(4)])
        return ag.sum(made[[0, 0, 5]] * made[[1, 2, 3]])

    f, a = ag.value_and_grad(f), np.linspace(0.1, 2.0, 60)
    for have, want in zip(compile(f)(a), f(a), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-12)


@pytest.mark.parametrize(("n", "columns"), [(256, True), (255, False)])
def test_graphs_of_enough_values_are_columns(n: int, columns: bool) -> None:
    def chain(x: Any) -> Any:
        for _ in range(n):
            x = sin(x)
        return x

    lanes, ws = ag.Tensor(np.linspace(0.0, 1.0, 5)), [Value(0.1 * i) for i in range(16)]
    root = lanes
    for i in range(n - 1):
        root = root * ws[i % 16]
    assert isinstance(compile(ag.sum(root))._body, GraphOfScalars) == columns
    program = compile(chain)
    assert program(0.5) == pytest.approx(chain(0.5), rel=1e-12)
    ((trace,),) = program._traces.values()
    assert (type(trace.body).__name__ == "FunctionOfScalars") == columns


@pytest.mark.parametrize(("size", "columns"), [(768, True), (769, False)])
def test_where_arrays_do_most_of_the_work_there_are_no_columns(size: int, columns: bool) -> None:
    def f(x: float, a: Any) -> Any:
        for _ in range(256):
            x = sin(x)
        return x, tanh(a)

    program = compile(f)
    a = np.linspace(-1.0, 1.0, size)
    for have, want in zip(program(0.5, a), f(0.5, a), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-12)
    ((trace,),) = program._traces.values()
    assert (type(trace.body).__name__ == "FunctionOfScalars") == columns


def test_a_function_that_works_on_arrays_is_no_columns_however_many_numbers_it_takes() -> None:
    def f(ws: list[float], a: Any) -> Any:
        for i in range(300):
            a = tanh(a * ws[i % 20])
        return a

    program = compile(f)
    ws, a = [0.1 * i for i in range(20)], np.linspace(-1.0, 1.0, 50)
    np.testing.assert_allclose(program(ws, a), f(ws, a), rtol=1e-12)
    ((trace,),) = program._traces.values()
    assert type(trace.body).__name__ == "Body"


def test_other_dtypes_are_left_to_the_programs_of_arrays() -> None:
    def f(a: Any, b: Any) -> Any:
        xs = a.to_values()
        return sum(sin(x) * float(i) for i, x in enumerate(xs * 30)) + ag.sum(b)

    a, b = ag.Tensor(np.linspace(0.1, 1.0, 10)), ag.Tensor(np.ones(2, np.float32))
    program = compile(ag.grad(f, (0, 1)))
    for have, want in zip(program(a, b), ag.grad(f, (0, 1))(a, b), strict=True):
        assert have.dtype == want.dtype
        np.testing.assert_allclose(have.data, want.data, rtol=1e-12)
    ((trace,),) = program._traces.values()
    assert type(trace.body).__name__ == "Body"

    def rounded(a: Any) -> Any:
        made = ag.Tensor([sin(x) * float(i) for i, x in enumerate(a.to_values() * 30)])
        return ag.sum(ag.astype(ag.astype(made, dtype=np.float32), dtype=np.float64) * made)

    assert compile(rounded)(a).data == pytest.approx(rounded(a).data, rel=1e-12)


def test_rules_are_read_with_gradients_whatever_the_mode() -> None:
    for name in ("tanh", "log", "asinh"):
        vjp_rules.vjp_rule.cache_clear()
        x = Value(0.7)
        root = TABLE[name](x)
        with ag.no_grad():
            program = compile(root)
        root.backward()
        want, x.grad = x.grad, None
        program()
        assert x.grad == pytest.approx(want, rel=1e-14)


def test_second_derivatives_of_numbers_are_columns() -> None:
    def f(x: float, y: float) -> Any:
        total: Any = 0.0
        for i in range(40):
            total = total + tanh(x * float(i) * 0.1) * sin(y) + where(ag.greater(x, y), log(x), x * y)
        return total

    compiled_as_columns(ag.grad(ag.grad(f)), 0.7, 0.4)
    compiled_as_columns(ag.hessian(f, (0, 1)), 0.7, 0.4)


def test_guards_and_parameters_of_a_function_of_numbers() -> None:
    w = Value(2.0)
    xs = [0.1 * i for i in range(100)]

    def f(a: float) -> Any:
        if a > 1.0:
            return sum(sin(a * x) * w for x in xs) + sum(exp(-a * x) for x in xs)
        return sum(tanh(a * x * w) for x in xs)

    program = compile(f)
    for a, b in ((0.5, 2.0), (1.5, 2.0), (0.5, 3.0), (1.5, 3.0)):
        w.data = b
        assert program(a) == pytest.approx(f(a).data, rel=1e-12)
    assert len(next(iter(program._traces.values()))) == 2
