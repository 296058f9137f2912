"""The graph and the backward pass: every use counts, nothing recurses, nothing is half done, memory comes back."""

import copy
import gc
import math
import pickle
import threading
import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, add, grad, mul, no_grad, primitive, sin, stack, tanh, topological, where
from autograd.primitive import Primitive

LONG = 1_000_000


def chain(x: Value, n: int) -> Value:
    for _ in range(n):
        x = x + 1.0
    return x


# -- every use counts --


def test_every_use_counts() -> None:
    x = Value(3.0)
    (x * x).backward()
    assert x.grad == 6.0
    x = Value(3.0)
    (x + x).backward()
    assert x.grad == 2.0
    x = Value(3.0)
    (x - x).backward()
    assert x.grad == 0.0


def test_a_diamond_is_walked_once_per_node() -> None:
    a = Value(1.0)
    b = a + a
    c = b + b
    c.backward()
    assert (a.grad, b.grad) == (4.0, 2.0)
    order, leaves = topological(c)
    assert order == [c, b] and leaves == [a]


def test_a_tower_of_diamonds_is_linear_and_not_exponential() -> None:
    x = Value(1.0)
    y = x
    for _ in range(100):
        y = y + y
    y.backward()
    assert x.grad == 2.0**100 and len(topological(y)[0]) == 100


@pytest.mark.parametrize("make", [lambda x: x * x, lambda x: sin(x) * x, lambda x: where(x > 0, x, x * x)])
def test_inputs_stand_before_what_is_made_of_them(make) -> None:
    x = Value(2.0)
    root = make(make(x) + make(x))
    order, leaves = topological(root)
    place = {node: i for i, node in enumerate(order + leaves)}
    assert order[0] is root
    assert all(place[node] < place[operand] for node in order for operand in node.inputs)
    assert len(place) == len(order) + len(leaves)


def test_the_inlined_rows_are_the_rows_of_the_table() -> None:
    """`_pull` writes out `add` and `mul`: by a hair's breadth, the general way gives the same."""
    rng = np.random.default_rng(5)
    for op in (add, mul):
        assert isinstance(op, Primitive) and op.partials is not None
        for x, y, g in rng.normal(size=(20, 3)):
            a, b = Value(x), Value(y)
            op(a, b).backward(g)
            want = [g * (p(op(x, y), x, y) if callable(p) else p) for p in op.partials]
            assert [a.grad, b.grad] == want
            tensors = [Tensor([x]), Tensor([y])]
            op(*tensors).backward([g])
            assert [t.grad.item() for t in tensors] == want


def test_constants_of_the_inlined_rows_gather_nothing() -> None:
    x, c = Value(2.0), Value(3.0, requires_grad=False)
    (x * c + c).backward()
    assert (x.grad, c.grad) == (3.0, None)


# -- large graphs --


def test_a_long_chain_goes_forward_backward_and_away(collector_off: Any) -> None:
    x = Value(0.0)
    with collector_off():
        tracemalloc.start()
        y = chain(x, LONG // 20)
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del y
        y = chain(x, LONG)
        assert y.data == LONG
        y.backward()
        assert x.grad == 1.0
        del y
    assert used / (LONG // 20) < 2 * 300  # each step is two nodes: the sum and the constant 1.0


def test_memory_of_a_long_graph_is_returned_without_the_collector(collector_off: Any) -> None:
    x = Value(1.0)
    with collector_off():
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        y = x
        for _ in range(30_000):
            y = tanh(y)
        held = tracemalloc.get_traced_memory()[0] - before
        y.backward()
        del y
        left = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert held / 30_000 < 300
    assert left < 10_000


def test_memory_of_a_scalar_net_is_returned_without_the_collector(collector_off: Any) -> None:
    ws = [Value(0.1 * i) for i in range(50)]
    with collector_off():
        tracemalloc.start()
        levels = []
        for _ in range(4):
            y = sum((w * w).tanh() for w in ws) / 7
            y.backward()
            for w in ws:
                w.grad = None
            del y
            levels.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert levels[-1] - levels[1] < 2_000


def test_a_million_uses_of_one_value() -> None:
    x = Value(2.0)
    total = x
    for _ in range(LONG - 1):
        total = total + x
    total.backward()
    assert x.grad == LONG and total.data == 2 * LONG


def test_a_node_with_thousands_of_inputs() -> None:
    values = [Value(float(i)) for i in range(3_000)]
    t = Tensor(values)
    (t * t).sum().backward()
    assert [v.grad for v in values[:3]] == [0.0, 2.0, 4.0] and values[-1].grad == 2.0 * 2_999


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y))], ids=["deepcopy", "pickle"])
def test_a_long_graph_is_copied_without_recursion(copied) -> None:
    x = Value(1.0, label="x")
    y = chain(x, LONG // 20)
    z = copied(y)
    z.backward()
    (leaf,) = (node for node in topological(z)[1] if node.requires_grad)
    assert leaf is not x and leaf.grad == 1.0 and leaf.label == "x" and x.grad is None


def test_a_long_chain_of_one_operand_is_copied_without_recursion() -> None:
    y = Value(1.0)
    for _ in range(LONG // 10):
        y = -y
    for z in (copy.deepcopy(y), copy.copy(y), pickle.loads(pickle.dumps(y))):
        z.backward()
        assert z.data == 1.0


# -- copies --


def graph() -> tuple[Value, Tensor, Any]:
    v, t = Value(2.0, label="v"), Tensor([1.0, 3.0], label="t")
    return v, t, (v * t * t).sum() + v**2


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_leaves_and_graphs_that_are_copied_together_stay_together(copied) -> None:
    v, t, y = graph()
    v2, t2, y2 = copied([v, t, y])
    assert v2 is not v and t2 is not t
    y2.backward()
    assert v2.grad == 10.0 + 4.0 and np.array_equal(t2.grad, [4.0, 12.0])
    assert v.grad is None and t.grad is None
    t2.data[0] = 100.0
    assert t.data[0] == 1.0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_leaf_keeps_what_it_has(copied) -> None:
    for leaf in (Value(2.0, label="w"), Tensor([1.0, 2.0], label="w", dtype="float32")):
        (leaf * leaf).sum().backward() if leaf.shape else (leaf * leaf).backward()
        twin = copied(leaf)
        assert twin is not leaf and twin.label == "w" and type(twin) is type(leaf)
        assert np.array_equal(twin.data, leaf.data) and np.array_equal(twin.grad, leaf.grad)
        assert np.asarray(twin.data).dtype == np.asarray(leaf.data).dtype
        assert twin.is_leaf and twin.requires_grad
    constant = copied(Value(1.0, requires_grad=False))
    assert not constant.requires_grad


def test_a_copy_and_its_original_do_not_share_arrays() -> None:
    for copied in (copy.copy, copy.deepcopy):
        t = Tensor([1.0, 2.0])
        t.sum().backward()
        twin = copied(t)
        twin.data[0] = 9.0
        twin.grad[0] = 9.0
        assert t.data[0] == 1.0
        if copied is copy.deepcopy:
            assert t.grad[0] == 1.0


def test_shared_nodes_stay_shared_in_a_copy() -> None:
    x = Value(2.0)
    a = x * x
    b, c = copy.deepcopy((a + 1, a + 2))
    assert b.inputs[0] is c.inputs[0]


# -- backward --


def test_a_second_pass_doubles_leaves_and_renews_the_rest() -> None:
    for x in (Value(0.3), Tensor([0.3, -0.7])):
        inner = tanh(x) * x
        y = sin(inner) if isinstance(x, Value) else sin(inner).sum()
        y.backward()
        once, between = np.copy(x.grad), np.copy(inner.grad)
        y.backward()
        assert np.array_equal(x.grad, 2 * once) and np.array_equal(inner.grad, between)
        x.zero_grad()
        y.backward()
        assert np.array_equal(x.grad, once)


def test_the_gradient_handed_out_is_not_changed_by_the_next_pass() -> None:
    x = Tensor([1.0, 2.0])
    (3 * x).sum().backward()
    kept = x.grad
    (3 * x).sum().backward()
    assert np.array_equal(kept, [3.0, 3.0]) and np.array_equal(x.grad, [6.0, 6.0])


def test_gradients_of_two_leaves_share_no_memory() -> None:
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    seed = np.ones(2)
    y = a + b
    y.backward(seed)
    a.grad[0] = 7.0
    assert b.grad[0] == 1.0 and seed[0] == 1.0 and y.grad[0] == 1.0


def test_backward_from_a_leaf() -> None:
    x = Value(2.0)
    x.backward()
    assert x.grad == 1.0
    t = Tensor([1.0, 2.0])
    t.backward([1.0, 5.0])
    assert np.array_equal(t.grad, [1.0, 5.0])


def test_a_seed_scales_the_gradient() -> None:
    x = Value(3.0)
    (x * x).backward(gradient=0.5)
    assert x.grad == 3.0
    t = Tensor([1.0, 2.0])
    (t * t).backward(gradient=np.array([1.0, 10.0]))
    assert np.array_equal(t.grad, [2.0, 40.0])


def test_what_backward_cannot_start_from() -> None:
    t = Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"shape \(2,\): pass `gradient` of that shape, or reduce first"):
        (t * t).backward()
    with pytest.raises(ValueError, match=r"`gradient` has shape \(3,\); it must have that of the node, \(2,\)"):
        (t * t).backward(np.ones(3))
    with pytest.raises(ValueError, match="backward\\(\\) from a node that needs no gradient"):
        (Value(1.0, requires_grad=False) * 2).backward()
    with pytest.raises(ValueError, match="backward\\(\\) from a node that needs no gradient"):
        Value(1.0).detach().backward()


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_error_on_the_way_changes_no_gradient(create_graph: bool) -> None:
    class Broken(Exception):
        pass

    def rule(out: Any, x: Any) -> Any:
        raise Broken

    @primitive(partials=[rule])
    def breaks(x):
        return x + 0.0

    a, b, t = Value(2.0), Value(5.0), Tensor([1.0, 2.0])
    good = a * b + (t * a).sum()
    good.backward()
    inner = a * b
    y = inner + breaks(a * a) + (t * b).sum()
    before = a.grad, b.grad, t.grad.copy()
    for _ in range(2):
        with pytest.raises(Broken):
            y.backward(create_graph=create_graph)
        assert (a.grad, b.grad) == before[:2] and np.array_equal(t.grad, before[2])
        assert inner.grad is None and y.grad is None
    good.backward()
    assert (a.grad, b.grad) == (2 * before[0], 2 * before[1])


def test_an_interrupt_on_the_way_changes_no_gradient() -> None:
    def rule(out: Any, x: Any) -> Any:
        raise KeyboardInterrupt

    @primitive(partials=[rule])
    def interrupted(x):
        return x + 0.0

    x = Value(2.0)
    with pytest.raises(KeyboardInterrupt):
        (x * interrupted(x)).backward()
    assert x.grad is None


def test_create_graph_accumulates_like_plain_backward() -> None:
    x = Value(2.0)
    (x**3).backward(create_graph=True)
    (x**3).backward(create_graph=True)
    assert x.grad.data == 24.0
    slope = x.grad
    x.grad = None
    slope.backward()
    assert x.grad == 24.0


# -- data that changes after it was used --


def test_data_that_changes_after_the_forward_pass_does_not_change_the_gradient() -> None:
    x, w = Value(2.0), Value(5.0)
    y = x * w
    x.data, w.data = 100.0, 100.0
    y.backward()
    assert (x.grad, w.grad) == (5.0, 2.0)


@pytest.mark.parametrize("change", [lambda t: t.data.fill(100.0), lambda t: setattr(t, "data", [100.0, 100.0])])
def test_the_same_for_arrays(change) -> None:
    x, w = Tensor([2.0, 3.0]), Tensor([5.0, 7.0])
    y = (x * w).sum()
    change(x)
    change(w)
    y.backward()
    assert np.array_equal(x.grad, [5.0, 7.0]) and np.array_equal(w.grad, [2.0, 3.0])
    assert np.array_equal(x.data, [100.0, 100.0])


def test_an_update_in_place_is_seen_by_the_next_forward_pass() -> None:
    w = Tensor([1.0, 2.0])
    for _ in range(3):
        w.grad = None
        (w * w).sum().backward()
        w.data -= 0.5 * w.grad
    assert np.array_equal(w.data, [0.0, 0.0])


@pytest.mark.parametrize("kind", [Value, lambda x: Tensor([x])])
def test_a_graph_of_stale_data_is_refused(kind) -> None:
    x = kind(2.0)
    x.label = "weight"
    y = (x * x).sum() if x.shape else x * x
    x.data = x.data + 1
    with pytest.raises(RuntimeError, match=r"`\.data` of `weight` was changed after `mul` used it"):
        y.backward(create_graph=True)


def test_a_graph_of_stale_constants_is_refused_too() -> None:
    x, c = Tensor([2.0]), Tensor([3.0], requires_grad=False)
    y = (x * c).sum()
    c.data[0] = 100.0
    with pytest.raises(RuntimeError, match=r"was changed after `mul` used it"):
        y.backward(create_graph=True)
    assert x.grad is None


def test_data_that_was_only_read_is_not_stale() -> None:
    x = Tensor([2.0, 3.0])
    y = (x * x).sum() * np.float32(0.1) * 0.1 + (x * np.array([1, 2])).sum()
    assert x.data[0] == 2.0
    y.backward(create_graph=True)
    assert x.grad.shape == (2,)
    z = Tensor([1.0], dtype="float32") * 0.1
    z.backward(create_graph=True)


def test_the_result_of_an_operation_cannot_be_written_into() -> None:
    y = Tensor([1.0, 2.0]) * 2
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 5.0


# -- operations of your own --


def test_a_cotangent_of_a_wrong_shape_names_the_operation_and_both_shapes() -> None:
    @primitive(vjps=[lambda g, out, x: np.ones(3)])
    def crooked(x):
        return x * 1.0

    @primitive(vjps=[lambda g, out, x: g.sum()])
    def halting(x):
        return x.sum(axis=0)

    with pytest.raises(ValueError, match=r"`crooked` gave a cotangent of shape \(3,\) for an operand of shape \(2,\)"):
        crooked(Tensor([1.0, 2.0])).backward(np.ones(2))
    with pytest.raises(ValueError, match=r"`halting` gave a cotangent of shape \(\) for an operand of shape \(2, 3\)"):
        halting(Tensor(np.ones((2, 3)))).backward(np.ones(3))


def test_an_operation_that_returns_no_number_is_refused() -> None:
    @primitive(partials=[1.0])
    def words(x):
        return "three"

    with pytest.raises((TypeError, ValueError)):
        words(Value(3.0))


def test_an_operation_without_a_rule_says_so() -> None:
    @primitive()
    def opaque(x):
        return x * 2.0

    y = opaque(Value(1.0))
    assert y.data == 2.0
    with pytest.raises(TypeError, match="primitive `opaque` has no derivative: give `partials` or `vjps`"):
        y.backward()


def test_as_many_rules_as_inputs() -> None:
    with pytest.raises(ValueError, match="`lonely` has 2 inputs but 1 `partials`"):

        @primitive(partials=[1.0])
        def lonely(x, y):
            return x + y

    with pytest.raises(ValueError, match=r"give `partials` \(elementwise\) or `vjps`, not both"):

        @primitive(partials=[1.0], vjps=[lambda g, out, x: g])
        def twofold(x):
            return x


# -- what comes from outside --


@pytest.mark.parametrize("left", [np.float64(2), np.float32(2), np.int64(2), np.array(2.0), 2, 2.0, np.int8(2)])
@pytest.mark.parametrize("op", ["+", "-", "*", "/", "**", "%"])
@pytest.mark.parametrize("right", [Value(3.0), Tensor([3.0, 4.0])], ids=["Value", "Tensor"])
def test_numbers_on_the_left_keep_the_graph(left: Any, op: str, right: Any) -> None:
    out = eval(f"left {op} right")
    assert isinstance(out, (Value, Tensor)) and any(x is right for x in out.inputs)
    assert np.allclose(out.data, eval(f"2.0 {op} right.data"))


def test_arrays_on_the_left_keep_the_graph() -> None:
    for left in (np.array([2.0, 5.0]), np.array([2, 5])):
        for right in (Value(3.0), Tensor([3.0, 4.0])):
            for out in (left + right, left - right, left * right, left / right, left**right):
                assert isinstance(out, Tensor) and any(x is right for x in out.inputs) and out.shape == (2,)
    assert isinstance(np.eye(2) @ Tensor([1.0, 2.0]), Tensor)


def test_lists_of_nodes_are_refused_or_made_nodes() -> None:
    v = Value(1.0)
    for f in (lambda: v * [v, v], lambda: [v, v] * v, lambda: v - [v]):
        with pytest.raises(TypeError, match="Tensor"):
            f()


def test_equality_is_of_numbers_and_the_hash_by_identity() -> None:
    for a, b in ((Value(1.0), Value(1.0)), (Tensor([1.0]), Tensor([1.0]))):
        assert a == b == 1.0 and a in [b] and a != 2 and np.float64(1) == a and 1.0 in [a] and (a != b) in (False,)
        assert len({a, b, a}) == 2 and {a: "a", b: "b"}[a] == "a"
        assert [[b], [a]].index([a]) == 0 and [a, 1, b].count(1.0) == 3
        for other in (None, "a", object(), {}, np.array("a")):
            assert (a == other, a != other, other in [a]) == (False, True, False)
    t = Tensor([1.0, 2.0, math.nan])
    for other in ([1, 1, 1], np.ones(3), Tensor([1.0] * 3), Value(1.0), np.True_, 1):
        out = t == other
        assert out.dtype == bool and out.tolist() == (other == t).tolist() == [True, False, False]
    assert (t != 1.0).tolist() == [False, True, True] and (t == None) is False  # noqa: E711
    assert (Value(1.0) == np.array([1.0, 2.0])).tolist() == [True, False]
    with no_grad():
        assert Value(0.5) == Fraction(1, 2) and Value(0.5) != "0.5"
    with pytest.raises(ValueError, match="truth value of an array"):
        bool(t == t)
    with pytest.raises(ValueError, match="broadcast"):
        _ = t == np.ones(2)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ag.where(x == 0, 5 * x, x * x), lambda x: 5 * x if x == 0 else x * x,
        lambda x: 5 * x if x in [0.0] else x * x, lambda x: x * x if x != np.float64(0) else 5 * x,
        lambda x: 5 * x if x in (0, 7) else x * x, lambda x: (5 * x, x * x)[bool(x != Value(0.0))],
    ],
)  # fmt: skip
def test_equality_is_the_same_in_a_gradient_and_compiled(f: Any) -> None:
    compiled = ag.compile(grad(f))
    for x, slope in ((0.0, 5.0), (3.0, 6.0), (0.0, 5.0)):
        assert grad(f)(x) == compiled(x) == slope


def test_the_truth_of_an_array_is_refused_in_a_compiled_function() -> None:
    for f in (lambda x: x if x == 1.0 else -x, lambda x: x if x else -x):
        with pytest.raises(ValueError, match=r"use `x.data.any\(\)`"):
            ag.compile(f)(np.ones(2))


@pytest.mark.parametrize(
    ("kind", "dtypes", "want"),
    [
        (None, ("float32", "float32"), "float32"),
        (None, ("float32", "float64"), "float64"),
        (2.0, ("float32",), "float32"),
        (2, ("float32",), "float32"),
        (np.float64(2), ("float32",), "float64"),
        (np.float32(2), ("float32",), "float32"),
        (np.array([2, 3]), ("float32",), "float64"),
        (np.array([2.0, 3.0], dtype="float32"), ("float32",), "float32"),
    ],
)
def test_types_are_promoted_as_in_numpy_and_gradients_keep_the_leaf(kind: Any, dtypes: Any, want: str) -> None:
    leaves = [Tensor([1.0, 2.0], dtype=d) for d in dtypes]
    other = leaves[1] if kind is None else kind
    plain = leaves[0].data * (other.data if isinstance(other, Tensor) else other)
    for out in (leaves[0] * other, other * leaves[0]):
        assert out.dtype == plain.dtype == want
        out.sum().backward()
    assert [str(x.grad.dtype) for x in leaves] == list(dtypes)


def test_integers_become_float64() -> None:
    t = Tensor([1, 2, 3])
    assert t.dtype == np.float64
    (t * np.array([1, 2, 3])).sum().backward()
    assert t.grad.dtype == np.float64 and np.array_equal(t.grad, [1.0, 2.0, 3.0])


def layouts(tmp_path: Any) -> dict[str, np.ndarray]:
    base = np.arange(1.0, 13.0).reshape(3, 4)
    read_only = base.copy()
    read_only.flags.writeable = False
    mapped = np.memmap(tmp_path / "numbers", dtype=np.float64, mode="w+", shape=(3, 4))
    mapped[:] = base
    return {
        "plain": base.copy(),
        "Fortran": np.asfortranarray(base),
        "strided": np.repeat(base, 2, axis=1)[:, ::2],
        "reversed": base[::-1, ::-1].copy()[::-1, ::-1],
        "transposed": base.T.copy().T,
        "read-only": read_only,
        "broadcast": np.broadcast_to(base[:1], (3, 4)),
        "memory-mapped": mapped,
        "big-endian": base.astype(">f8"),
    }


@pytest.mark.parametrize("name", ["plain", "Fortran", "strided", "reversed", "transposed", "read-only", "broadcast",
                                  "memory-mapped", "big-endian"])  # fmt: skip
def test_arrays_of_any_layout_are_read_and_never_written(name: str, tmp_path: Any) -> None:
    given = layouts(tmp_path)[name]
    before = given.copy()
    w = Tensor(np.full((4, 2), 0.5))
    for x in (given, Tensor(given)):
        w.grad = None
        y = tanh(x @ w) + (x * 2)[:, :2] if isinstance(x, Tensor) else tanh(x @ w)
        y.sum().backward()
        want = np.asarray(before, dtype=float)
        assert np.allclose(w.grad, want.T @ (1 - np.tanh(want @ np.full((4, 2), 0.5)) ** 2), rtol=1e-9)
        if isinstance(x, Tensor):
            assert x.grad.shape == given.shape and x.grad.flags.writeable
            x.data[:] = -1.0
            x.grad[:] = -1.0
    g = grad(lambda x: (x * x).sum())(given)
    assert np.array_equal(g, 2 * want) and np.array_equal(given, before)


def test_what_the_caller_does_to_the_array_later_does_not_matter() -> None:
    x = np.array([1.0, 2.0])
    t, w = Tensor(x), Tensor([3.0, 4.0])
    y = (w * x).sum() + (t * t).sum()
    picked = w[np.array([0, 1])]
    index = np.array([0, 0])
    z = w[index].sum()
    x[:] = 100.0
    index[:] = 1
    y.backward()
    assert np.array_equal(w.grad, [1.0, 2.0]) and np.array_equal(t.grad, [2.0, 4.0]) and picked.shape == (2,)
    w.grad = None
    z.backward()
    assert np.array_equal(w.grad, [2.0, 0.0])


def test_an_array_that_is_read_only_as_a_view_may_still_change() -> None:
    base = np.array([1.0, 2.0])
    view = base.view()
    view.flags.writeable = False
    w = Tensor([3.0, 4.0])
    y = (w * view).sum()
    base[:] = 100.0
    y.backward()
    assert np.array_equal(w.grad, [1.0, 2.0])


def test_empty_arrays() -> None:
    t = Tensor(np.zeros((0, 3)))
    y = (tanh(t) * 2).sum() + t.sum(axis=0).sum() + (t @ np.ones((3, 2))).sum()
    y.backward()
    assert y.item() == 0.0 and t.grad.shape == (0, 3)
    with pytest.raises(ValueError, match=r"`max` over `axis` None of an array of shape \(0, 3\)"):
        t.max()
    with pytest.raises(ValueError, match="`mean`"):
        t.mean()


def test_arrays_without_axes() -> None:
    t = Tensor(np.array(2.0))
    assert t.shape == () and t.item() == 2.0
    y = t * t + Value(3.0) * t
    y.backward()
    assert t.grad == 7.0 and t.grad.shape == ()
    assert (np.array(2.0) * t).shape == ()
    t = Tensor(np.array(2.0))
    (t * 1.0).backward(create_graph=True)
    assert t.grad.shape == ()
    u = Tensor([1.0, 2.0])
    (u.sum() * t).backward()
    assert np.array_equal(u.grad, [2.0, 2.0])


def test_a_repeated_index_accumulates() -> None:
    t = Tensor([1.0, 2.0, 3.0])
    (t[[0, 0, 2]] * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert np.array_equal(t.grad, [11.0, 0.0, 100.0])
    t = Tensor(np.ones((2, 2)))
    t[np.array([0, 0]), np.array([1, 1])].sum().backward()
    assert np.array_equal(t.grad, [[0.0, 2.0], [0.0, 0.0]])
    t = Tensor([1.0, 2.0])
    stack([t, t, t]).sum().backward()
    assert np.array_equal(t.grad, [3.0, 3.0])


# -- threads --


def train(steps: int) -> list[float]:
    rng = np.random.default_rng(0)
    ws = [Value(w) for w in rng.normal(size=30)]
    for _ in range(steps):
        loss = sum((w * w - 1).tanh() ** 2 for w in ws)
        for w in ws:
            w.grad = None
        loss.backward()
        for w in ws:
            w.data -= 0.1 * w.grad
    return [w.data for w in ws]


def test_threads_that_train_give_the_serial_result() -> None:
    want, results = train(40), {}
    threads = [threading.Thread(target=lambda i=i: results.__setitem__(i, train(40))) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[i] for i in range(4)] == [want] * 4


def test_threads_that_walk_one_graph() -> None:
    x = Value(0.5)
    y = x
    for _ in range(2000):
        y = tanh(y) + x
    y.backward()
    once, failures = x.grad, []
    x.grad = None

    def work() -> None:
        try:
            for _ in range(10):
                y.backward()
                assert len(topological(y)[0]) == 4000
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert x.grad == pytest.approx(30 * once, rel=1e-12)


def test_backward_inside_a_rule_is_refused() -> None:
    def rule(out: Any, x: Any) -> Any:
        (Value(1.0) * 2).backward()
        return x

    @primitive(partials=[rule])
    def meddles(x):
        return x * 1.0

    x = Value(1.0)
    with pytest.raises(RuntimeError, match="inside a derivative rule"):
        meddles(x).backward()
    (x * 2).backward()
    assert x.grad == 2.0


def test_a_pass_waits_for_that_of_another_thread_with_the_collector_off() -> None:
    x, y = Value(2.0), Value(3.0)
    other = threading.Thread(target=lambda: (y * 5).backward())

    def rule(out: Any, x: Any) -> Any:
        other.start()
        other.join(0.1)
        assert other.is_alive() and not gc.isenabled()
        return 1.0

    @primitive(partials=[rule])
    def slow(x):
        return x * 1.0

    slow(x).backward()
    other.join()
    assert (x.grad, y.grad) == (1.0, 5.0) and gc.isenabled()


def test_a_backward_graph_is_freed_by_counting() -> None:
    x = Value(2.0)
    gc.collect()
    gc.disable()
    try:
        y = (x * x).tanh()
        y.backward(create_graph=True)
        assert isinstance(x.grad, Value) and isinstance(y.grad, float)
        x.grad = None
        del y
        assert gc.collect() == 0
    finally:
        gc.enable()
