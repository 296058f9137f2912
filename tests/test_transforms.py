"""Transforms: every composition of them against every other, in any nesting, over any containers."""

import functools
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor, Value, grad, gradcheck, hessian, hvp, jacobian, jvp, value_and_grad, vjp

RNG = np.random.default_rng(2)


def nasty(x: Any) -> Any:
    """A function of a vector with reuse, branches, reductions and indexing."""
    h = ag.tanh(x * x[0]) + ag.where(x.data > 0, x**3, ag.sin(x))
    s = ag.logsumexp(h) * ag.norm(x + 2)
    return s + (h[1:] * h[:-1]).sum() / (1 + ag.square(x[1])) + ag.softmax(x)[2]


POINT = np.array([0.7, -0.4, 1.3])


def test_nasty_function_against_differences() -> None:
    gradcheck(nasty, POINT, order=3, rtol=1e-5)


# -- agreement --


def test_all_first_derivatives_agree() -> None:
    want = grad(nasty)(POINT)
    t = Tensor(POINT)
    nasty(t).backward()
    basis = np.eye(3)
    forward = [jvp(nasty, (POINT,), (e,))[1] for e in basis]
    for have in (
        t.grad,
        vjp(nasty, POINT)[1](1.0)[0],
        jacobian(nasty)(POINT),
        value_and_grad(nasty)(POINT)[1],
        forward,
    ):
        np.testing.assert_allclose(have, want, rtol=1e-12)


def test_all_second_derivatives_agree() -> None:
    want = hessian(nasty)(POINT)
    basis = np.eye(3)
    gradient = grad(nasty)
    t = Tensor(POINT)
    nasty(t).backward(create_graph=True)
    slope, rows = t.grad, []
    for e in basis:
        t.grad = None
        slope.backward(e)
        rows.append(t.grad)
    ways = {
        "reverse over reverse": [grad(lambda x, e=e: (gradient(x) * e).sum())(POINT) for e in basis],
        "forward over reverse": [jvp(gradient, (POINT,), (e,))[1] for e in basis],
        "reverse over forward": [grad(lambda x, e=e: jvp(nasty, (x,), (e,))[1])(POINT) for e in basis],
        "forward over forward": [
            [jvp(lambda x, e=e: jvp(nasty, (x,), (e,))[1], (POINT,), (d,))[1] for d in basis] for e in basis
        ],
        "vjp over vjp": [vjp(lambda x: vjp(nasty, x)[1](1.0)[0], POINT)[1](e)[0] for e in basis],
        "jacobian of jacobian": jacobian(jacobian(nasty))(POINT),
        "jacobian of grad": jacobian(gradient)(POINT),
        "hvp": [hvp(nasty, POINT, e) for e in basis],
        "create_graph": rows,
    }
    np.testing.assert_allclose(want, want.T, rtol=1e-10)
    for name, have in ways.items():
        np.testing.assert_allclose(have, want, rtol=1e-9, err_msg=name)


def test_each_row_of_a_jacobian_is_the_gradient_of_its_result_alone() -> None:
    with np.errstate(divide="ignore"):
        J = jacobian(lambda x: 1.0 / x)(np.array([0.0, 2.0]))
    np.testing.assert_array_equal(J, [[-np.inf, 0.0], [0.0, -0.25]])


@pytest.mark.parametrize("n", [10, 100])
def test_a_compiled_hessian_computes_no_zeros(n: int) -> None:
    def rosenbrock(x: Any) -> Any:
        a, b = x[:-1], x[1:]
        return (100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2).sum()

    x = np.random.default_rng(1).normal(size=n)
    compiled = ag.compile(hessian(rosenbrock))
    np.testing.assert_array_equal(compiled(x), hessian(rosenbrock)(x))
    (traced,) = next(iter(compiled._traces.values()))
    assert traced.body.stats.instructions < 20 * n  # three numbers in a row of the matrix are not zero


def test_a_jacobian_by_rows_and_by_columns() -> None:
    def f(x: Any) -> Any:
        return ag.stack([x.sum() * x[0], ag.sin(x[1]), x @ x, x[2] / x[0]])

    have = jacobian(f)(POINT)
    assert have.shape == (4, 3)
    columns = np.stack([jvp(f, (POINT,), (e,))[1] for e in np.eye(3)], axis=1)
    pull = vjp(f, POINT)[1]
    rows = np.stack([pull(e)[0] for e in np.eye(4)])
    np.testing.assert_allclose(have, columns, rtol=1e-14)
    np.testing.assert_allclose(have, rows, rtol=1e-14)


# -- nesting --

TRANSFORMS = {
    "grad": grad,
    "jvp": lambda f: lambda x: jvp(f, (x,), (1.0,))[1],
    "vjp": lambda f: lambda x: vjp(f, x)[1](1.0)[0],
    "jacobian": jacobian,
    "value_and_grad": lambda f: lambda x: value_and_grad(f)(x)[1],
}


@pytest.mark.parametrize("names", list(product(TRANSFORMS, repeat=3)), ids="-".join)
def test_any_nesting_of_three(names: tuple[str, ...]) -> None:
    f = ag.sin
    for name in names:
        f = TRANSFORMS[name](f)
    out = f(0.3)
    assert type(out) is float and out == pytest.approx(-np.cos(0.3), rel=1e-13)


def test_six_times() -> None:
    f = ag.exp
    for _ in range(6):
        f = grad(f)
    assert f(0.5) == pytest.approx(np.exp(0.5), rel=1e-13)
    g = lambda x: x**7
    for _ in range(7):
        g = grad(g)
    assert g(2.0) == 5040.0


@pytest.mark.parametrize("inner", TRANSFORMS)
@pytest.mark.parametrize("outer", TRANSFORMS)
def test_perturbations_are_not_confused(outer: str, inner: str) -> None:
    # d/dx [x * d/dy (x + y)] = d/dx [x * 1] = 1; an engine that mixes the two perturbations says 2
    f = TRANSFORMS[outer](lambda x: x * TRANSFORMS[inner](lambda y: x + y)(1.0))
    assert f(1.0) == 1.0
    g = TRANSFORMS[outer](lambda x: x * TRANSFORMS[inner](lambda y: x * y)(2.0))
    assert g(3.0) == 6.0
    # the inner point is the outer variable itself
    h = TRANSFORMS[outer](lambda x: TRANSFORMS[inner](lambda y: x * y * y)(x))
    assert h(3.0) == 12.0


def test_a_closure_over_three_levels() -> None:
    f = grad(lambda x: grad(lambda y: grad(lambda z: x * x * y * y * z * z)(x * y))(x))
    x = 1.3  # d/dz: 2 x^2 y^2 z; at z = xy: 2 x^3 y^3; d/dy: 6 x^3 y^2; at y = x: 6 x^5; d/dx: 30 x^4
    assert f(x) == pytest.approx(30 * x**4, rel=1e-13)


def test_a_transform_inside_reaches_nodes_outside() -> None:
    w = Value(3.0)
    y = grad(lambda x: w * x * x)(w)
    assert isinstance(y, Value) and y.data == 18.0
    y.backward()
    assert w.grad == 12.0
    t = Tensor([1.0, 2.0])
    z = grad(lambda x: (x**3).sum())(t)
    z.sum().backward()
    assert np.array_equal(t.grad, [6.0, 12.0])


def test_transforms_leave_gradients_alone() -> None:
    w = Value(3.0)
    (w * 2).backward()
    assert grad(lambda x: w * x)(5.0) == 3.0 or grad(lambda x: w * x)(5.0).data == 3.0
    value_and_grad(lambda x: x * x)(w)
    assert w.grad == 2.0


def test_backward_inside_a_function_that_is_differentiated() -> None:
    def f(x: Any) -> Any:
        v = Value(2.0)
        (v * v).backward()
        return x * v.grad

    assert grad(f)(3.0) == 4.0


def test_a_pullback_may_be_used_again_and_later() -> None:
    _, pull = vjp(lambda x, y: x * y, 2.0, 5.0)
    grad(lambda x: x * x)(1.0)
    assert pull(1.0) == (5.0, 2.0) and pull(2.0) == (10.0, 4.0)
    slope = grad(lambda u: pull(u)[0])(1.0)
    assert slope == 5.0


# -- arguments and results --


def test_argnums() -> None:
    f = lambda x, y, z=1.0: x * y**2 * z
    assert grad(f, 1)(2.0, 3.0) == 12.0 and grad(f, -1)(2.0, 3.0) == 12.0
    assert grad(f, (0, 1))(2.0, 3.0) == (9.0, 12.0) and grad(f, (1, 0))(2.0, 3.0) == (12.0, 9.0)
    assert grad(f)(2.0, 3.0, z=10.0) == 90.0
    assert value_and_grad(f, (1,))(2.0, 3.0) == (18.0, (12.0,))
    assert grad(grad(f, 0), 1)(2.0, 3.0) == 6.0 and type(grad(grad(f, 0), 1)(2.0, 3.0)) is float
    assert np.array_equal(hessian(lambda x, y: x @ x * y, 0)(np.ones(2), 3.0), 6 * np.eye(2))
    for argnums in (2, -3, 1.5):
        with pytest.raises(ValueError, match="`argnums` names argument"):
            grad(f, (argnums,))(2.0, 3.0)


class Parameters(NamedTuple):
    w: Any
    b: Any


def test_containers_of_every_kind() -> None:
    tree = {"layers": [(np.ones((2, 3)), 0.5), [2.0]], "p": Parameters(np.arange(3.0), 1.0), "none": ()}

    def f(t: Any) -> Any:
        (w, b), (c,) = t["layers"]
        return (w @ t["p"].w).sum() * b + c * c * t["p"].b

    g = grad(f)(tree)
    assert isinstance(g["p"], Parameters) and isinstance(g["layers"], list) and isinstance(g["layers"][0], tuple)
    assert np.array_equal(g["layers"][0][0], 0.5 * np.array([[0.0, 1.0, 2.0]] * 2))
    assert (g["layers"][0][1], g["layers"][1][0], g["p"].b, g["none"]) == (6.0, 4.0, 4.0, ())
    assert np.array_equal(g["p"].w, [1.0, 1.0, 1.0])
    gradcheck(f, tree, order=2)


def test_results_in_containers() -> None:
    f = lambda x: {"a": x * 2, "b": [x**2, (x**3).sum()]}
    y, pull = vjp(f, POINT)
    assert set(y) == {"a", "b"} and type(y["b"]) is list and np.array_equal(y["a"], 2 * POINT)
    np.testing.assert_allclose(pull({"a": np.ones(3), "b": [np.ones(3), 1.0]})[0], 2 + 2 * POINT + 3 * POINT**2)
    _, moved = jvp(f, (POINT,), (np.ones(3),))
    np.testing.assert_allclose(moved["b"][1], (3 * POINT**2).sum())
    j = jacobian(f)(POINT)
    assert j["a"].shape == (3, 3) and j["b"][1].shape == (3,)


def test_unused_inputs_have_zero_gradients() -> None:
    assert grad(lambda x, y: x * 2, 1)(1.0, 5.0) == 0.0
    assert np.array_equal(grad(lambda x, y: x * 2, 1)(1.0, POINT), np.zeros(3))
    assert grad(lambda p: p["a"] * 2)({"a": 1.0, "b": POINT})["b"].shape == (3,)
    assert grad(lambda x: 3.0)(1.0) == 0.0 and grad(grad(lambda x: x))(1.0) == 0.0
    assert jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)
    assert np.array_equal(jacobian(lambda x: np.ones(2))(POINT), np.zeros((2, 3)))
    assert np.array_equal(hessian(lambda x: x.sum())(POINT), np.zeros((3, 3)))
    assert grad(lambda x: x * 0 + Value(2.0))(1.0) == 0.0


@pytest.mark.parametrize("reduce", [ag.sum, ag.norm, lambda x: ag.astype(x, dtype="float64"), lambda x: ag.sum(x * x)])
def test_modes_are_nested_at_a_single_number(reduce: Any) -> None:
    for tangent in (lambda x: 1.0, lambda x: x, ag.sin):
        slope = functools.partial(lambda tangent, x: jvp(reduce, (x,), (tangent(x),))[1], tangent)
        curvature = functools.partial(lambda slope, x: vjp(slope, x)[1](1.0)[0], slope)
        for x in (1.5, Value(1.5), Tensor(1.5)):
            want = curvature(x)
            assert abs(ag.compile(curvature)(x) - want) < 1e-15 and abs(want - jvp(slope, (x,), (1.0,))[1]) < 1e-15


def test_identity_and_repeated_results() -> None:
    assert grad(lambda x: x)(3.0) == 1.0 and jvp(lambda x: x, (3.0,), (2.0,)) == (3.0, 2.0)
    y, pull = vjp(lambda x: (x, x, x * 2), 3.0)
    assert y == (3.0, 3.0, 6.0) and pull((1.0, 10.0, 100.0)) == (211.0,)


@pytest.mark.parametrize("x", [2.0, np.float64(2.0), np.float32(2.0), 2, np.int64(2)])
def test_numbers_give_floats(x: Any) -> None:
    value, slope = value_and_grad(lambda x: x**3)(x)
    assert (value, slope) == (8.0, 12.0) and type(value) is float and type(slope) is float


def test_arrays_give_arrays_of_their_dtype() -> None:
    for dtype in (np.float32, np.float64):
        x = POINT.astype(dtype)
        value, slope = value_and_grad(lambda x: (x * x).sum())(x)
        assert type(slope) is np.ndarray and slope.dtype == dtype and np.asarray(value).dtype == dtype
        assert jvp(lambda x: x * x, (x,), (x,))[1].dtype == dtype
        assert hessian(lambda x: (x**3).sum())(x).dtype == dtype
    assert grad(lambda x: (x * x).sum())(np.array([1, 2])).dtype == np.float64


def test_nodes_give_nodes() -> None:
    for x in (Value(2.0), Tensor([2.0])):
        value, slope = value_and_grad(lambda x: (x**3).sum() if x.shape else x**3)(x)
        assert isinstance(slope, type(x)) and isinstance(value, (Value, Tensor)) and x.grad is None
        (moved_value, moved) = jvp(lambda x: x**2, (x,), (3.0 if not x.shape else np.array([3.0]),))
        assert isinstance(moved, type(x)) and moved.item() == 12.0 and moved_value.item() == 4.0


def test_caller_s_arrays_are_neither_written_nor_kept() -> None:
    x = POINT.copy()

    def f(t: Any) -> Any:
        return (t * x).sum()

    _, pull = vjp(f, x)
    x[:] = 0.0
    assert np.array_equal(pull(1.0)[0], POINT)
    g = grad(lambda t: t.sum())(POINT)
    g[0] = 99.0
    assert POINT[0] == 0.7
    z, _ = vjp(lambda t: t, POINT)
    if z.flags.writeable:
        z[0] = 99.0
    assert POINT[0] == 0.7


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: grad(lambda x: x * 2)(POINT), ValueError, r"single number; `<lambda>` gave shape \(3,\): reduce it"),
        (lambda: grad(lambda x: (x, x))(1.0), ValueError, "gave tuple"),
        (lambda: grad(ag.sin)("x"), TypeError, r"an argument of `sin` is str \('x'\)"),
        (lambda: grad(ag.sin)(True), TypeError, "bool"),
        (lambda: grad(ag.sin)(1j), TypeError, "complex"),
        (lambda: grad(lambda x: None)(1.0), TypeError, "the result of `<lambda>` is NoneType"),
        (lambda: vjp(ag.sin, 1.0)[1](np.ones(2)), ValueError, r"`cotangent` has shape \(2,\) where \(\) is needed"),
        (lambda: vjp(lambda x: (x, x), 1.0)[1](1.0), ValueError, "`cotangent` holds 1 numbers or arrays; 2 are needed"),
        (lambda: jvp(ag.mul, (1.0, 2.0), (1.0,)), ValueError, "`tangents` holds 1 numbers or arrays; 2 are needed"),
        (lambda: jvp(ag.sin, (POINT,), (1.0,)), ValueError, r"`tangents` has shape \(\) where \(3,\) is needed"),
    ],
)
def test_errors(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_names_and_docstrings_stay() -> None:
    def loss(x):
        """Squared error."""
        return x * x

    assert grad(loss).__name__ == "loss" and grad(loss).__doc__ == "Squared error."


# -- kinds, constants, and what is refused --


def test_the_first_argument_is_meant_unless_said_otherwise() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * x * y

    assert (grad(f)(3.0, 5.0), value_and_grad(f)(3.0, 5.0)) == (30.0, (45.0, 30.0))
    assert (jacobian(f)(3.0, 5.0), hessian(f)(3.0, 5.0)) == (30.0, 10.0)


@pytest.mark.parametrize("x", [2.0, np.array(2.0), np.array([2.0]), np.float32(2.0)])
def test_results_are_of_the_kind_of_the_argument(x: Any) -> None:
    kind = np.float64 if isinstance(x, np.ndarray) and not x.shape else np.ndarray if np.shape(x) else float
    found = (grad(lambda x: x * x)(x), *value_and_grad(lambda x: x * x)(x), *jvp(lambda x: x * x, (x,), (x * 0 + 1,)))
    assert [type(y) for y in found] == [kind] * 5 and [np.shape(y) for y in found] == [np.shape(x)] * 5


def test_gradients_of_what_is_no_graph_are_refused() -> None:
    x, y = Value(2.0), Tensor([1.0, 2.0])
    for root, nodes, error, words in (
        (3.0, [x], TypeError, "`root` is made of Values and Tensors"),
        (x * x, [3.0], TypeError, "`nodes` is made of Values and Tensors"),
        (y * y, [y], ValueError, r"`root` has shape \(2,\)"),
        (Value(1.0, requires_grad=False), [x], ValueError, "`root` is a constant"),
    ):
        with pytest.raises(error, match=words):
            ag.gradients(root, nodes)


def test_derivatives_are_recorded_inside_no_grad() -> None:
    x = Value(2.0)
    y = x**3
    with ag.no_grad():
        (slope,) = ag.gradients(y, [x])
        assert grad(lambda x: jvp(lambda x: x**3, (x,), (1.0,))[1])(2.0) == 12.0
        assert grad(grad(lambda x: x**3))(2.0) == 12.0
        for x in (2.0, Value(2.0)):
            found = [
                grad(lambda x: x**3)(x), value_and_grad(lambda x: x**3)(x)[1], vjp(lambda x: x**3, x)[1](1.0)[0],
                jvp(lambda x: x**3, (x,), (1.0,))[1], jacobian(lambda x: x**3)(x), hvp(lambda x: x**3, x, 1.0),
            ]  # fmt: skip
            assert found == [12.0] * 6
    assert ag.gradients(slope, [y.inputs[0]])[0].data == 12.0


def test_the_variable_of_a_pullback_that_waits_is_a_constant_to_others() -> None:
    kept: list[Any] = []

    def leaks(y: Any) -> Any:
        kept.append(y)
        return y * y

    _, pull = vjp(leaks, 3.0)
    assert type(grad(lambda x: x * kept[0])(2.0)) is float and grad(lambda x: x * kept[0])(2.0) == 3.0
    assert pull(1.0) == (6.0,)


def test_a_rule_that_is_not_needed_is_not_asked_for() -> None:
    @ag.primitive
    def without_a_rule(x):
        return 1.0 * x

    x, w = Value(2.0), Value(3.0)
    assert ag.gradients(x * x + without_a_rule(w), [x])[0].data == 4.0
    assert ag.gradients(x * without_a_rule(w), [x])[0].data == 3.0


def test_forward_mode_of_stale_data_is_refused_only_where_it_would_mix() -> None:
    def f(x: Any) -> Any:
        w = Value(3.0, label="w")
        y = x * w
        w.data = 5.0
        return y

    assert jvp(f, (2.0,), (1.0,)) == (6.0, 3.0)
    with pytest.raises(RuntimeError, match=r"`\.data` of `w` was changed after `mul` used it"):
        jvp(f, (Value(2.0),), (Value(1.0),))


def test_forward_mode_warns_of_nothing() -> None:
    assert np.isnan(jvp(ag.sqrt, (np.array([0.0]),), (np.array([0.0]),))[1])


@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
def test_jacobians_of_nodes_have_the_shape_of_the_result_and_of_the_argument(shape: tuple[int, ...]) -> None:
    def outer(x: Any) -> Any:
        return ag.reshape(ag.stack([x * k for k in range(1, 5)]), shape=(2, 2, *shape))

    def scalar(x: Any) -> Any:
        return ag.stack([x, x * x, x * 3.0, x**3]).reshape(2, 2)

    at = RNG.normal(size=shape) if shape else 0.5
    f = outer if shape else scalar
    plain = jacobian(f)(at)
    node = jacobian(f)(Tensor(at) if shape else Value(at))
    assert np.shape(plain) == node.shape == ((2, 2, *shape, *shape) if shape else (2, 2))
    np.testing.assert_allclose(node.data, plain)


def test_one_node_among_numbers_is_enough_for_nodes() -> None:
    assert [type(g) for g in grad(lambda x, y: x * y, (0, 1))(Value(2.0), 3.0)] == [Value, Value]
    assert isinstance(vjp(lambda x: (x, 2.0 * x), 3.0)[1]((Value(1.0), 2.0))[0], Value)
    assert isinstance(jvp(lambda x, y: x * y, (2.0, 3.0), (Value(1.0), 1.0))[1], Value)
    assert isinstance(ag.gradients(Value(1.0) * 2.0, [Value(5.0)])[0], Value)


def test_a_function_that_gives_its_argument_back_gives_it_back() -> None:
    x = Value(2.0)
    assert value_and_grad(lambda y: y)(x)[0] is x


def test_tangents_and_gradients_keep_the_dtype_and_share_no_memory() -> None:
    x = np.ones(2, np.float32)
    assert jvp(lambda x: x, (x,), (np.ones(2),))[1].dtype == np.float32
    a, b = grad(lambda a, b: (a + b).sum(), (0, 1))(np.ones(3), np.ones(3))
    assert not np.shares_memory(a, b)
    for found in (a, b, grad(lambda a: ag.transpose(a)[0, 0] * 1.0)(np.ones((2, 2)))):
        assert found.base is None and found.flags.writeable


def test_the_jacobian_of_a_single_element_is_that_of_a_row() -> None:
    assert jacobian(lambda x: ag.stack([x * x]))(Value(3.0)).data.tolist() == [6.0]


def test_the_order_of_several_roots_is_theirs() -> None:
    a, b = Value(1.0, label="a"), Value(2.0, label="b")
    order, leaves = ag.topological(a * 1.0, b + 2.0)
    assert [x.op.name for x in order] == ["mul", "add"] and [x.label for x in leaves if x.label] == ["b", "a"]
