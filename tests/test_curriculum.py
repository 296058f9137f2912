"""Numbers that courses put on the board."""

import math

import numpy as np
import pytest
import sympy

import autograd as ag
from autograd import TABLE, Value, grad, jvp, topological

X = sympy.Symbol("x", positive=True)
TEXTBOOK = {
    "constant": (lambda x: 7.0 + 0 * x, sympy.Integer(7)),
    "power": (lambda x: x**5, X**5),
    "negative power": (lambda x: x**-2, X**-2),
    "fractional power": (lambda x: x**1.5, X ** sympy.Rational(3, 2)),
    "square root": (ag.sqrt, sympy.sqrt(X)),
    "exponential": (ag.exp, sympy.exp(X)),
    "exponential of another base": (lambda x: 3.0**x, sympy.Integer(3) ** X),
    "logarithm": (ag.log, sympy.log(X)),
    "logarithm of another base": (lambda x: ag.log(x) / math.log(3), sympy.log(X, 3)),
    "sine": (ag.sin, sympy.sin(X)),
    "cosine": (ag.cos, sympy.cos(X)),
    "tangent": (ag.tan, sympy.tan(X)),
    "inverse sine": (ag.asin, sympy.asin(X)),
    "inverse cosine": (ag.acos, sympy.acos(X)),
    "inverse tangent": (ag.atan, sympy.atan(X)),
    "sum": (lambda x: ag.sin(x) + x**2, sympy.sin(X) + X**2),
    "difference": (lambda x: ag.sin(x) - x**2, sympy.sin(X) - X**2),
    "product": (lambda x: ag.sin(x) * x**2, sympy.sin(X) * X**2),
    "quotient": (lambda x: ag.sin(x) / x**2, sympy.sin(X) / X**2),
    "reciprocal": (lambda x: 1 / ag.sin(x), 1 / sympy.sin(X)),
    "chain": (lambda x: ag.exp(ag.sin(x**2)), sympy.exp(sympy.sin(X**2))),
}


@pytest.mark.parametrize("name", TEXTBOOK)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_table_of_derivatives(name: str, order: int) -> None:
    f, expression = TEXTBOOK[name]
    for _ in range(order):
        f = grad(f)
    for x in (0.25, 0.7):
        want = float(sympy.diff(expression, X, order).subs(X, sympy.Float(x, 40)).evalf(30))
        assert f(x) == pytest.approx(want, rel=1e-12, abs=1e-12)


def test_computational_graph() -> None:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    c, d = a + b, b + 1
    e = c * d
    e.backward()
    assert (e.data, a.grad, b.grad, c.grad, d.grad) == (6.0, 2.0, 5.0, 2.0, 3.0)
    assert jvp(lambda a, b: (a + b, b + 1, (a + b) * (b + 1)), (2.0, 1.0), (0.0, 1.0))[1] == (1.0, 1.0, 5.0)


def test_factoring_paths() -> None:
    edges = [Value(w) for w in (2.0, 3.0, 5.0, 7.0, 11.0, 13.0)]
    x = Value(1.0)
    y = edges[0] * x + edges[1] * x + edges[2] * x
    z = edges[3] * y + edges[4] * y + edges[5] * y
    z.backward()
    paths = [p.data * q.data for p in edges[:3] for q in edges[3:]]
    assert len(paths) == 9 and x.grad == sum(paths) == (2 + 3 + 5) * (7 + 11 + 13)


def test_why_a_topological_order() -> None:
    a = Value(1.0)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad == 4.0


def test_backpropagation_is_local() -> None:
    a, b = Value(2.0), Value(1.0)
    e = (a + b) * (b + 1)
    e.backward()
    want = a.grad, b.grad
    order, leaves = topological(e)
    for node in order + leaves:
        node.grad = None
    e.grad = 1.0
    for node in order:
        node._backward()
    assert (a.grad, b.grad) == want


def test_the_backward_pass_is_a_graph_too() -> None:
    x = Value(3.0)
    (x**3 + x).backward(create_graph=True)
    slope = x.grad
    assert slope.data == 28.0 and any(node.op is TABLE["mul"] for node in topological(slope)[0])
    x.grad = None
    slope.backward()
    assert x.grad == 18.0


def test_micrograd_s_readme() -> None:
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338" and f"{b.grad:.4f}" == "645.5773"


def test_understanding_deep_learning_notebook_7_1() -> None:
    b = [Value(x, label=f"β{i}") for i, x in enumerate((1.0, 2.0, -3.0, 0.4))]
    w = [Value(x, label=f"ω{i}") for i, x in enumerate((0.1, -0.4, 2.0, 3.0))]
    x, y = 2.3, 2.0
    f0 = b[0] + w[0] * x
    h1 = ag.sin(f0)
    f1 = b[1] + w[1] * h1
    h2 = ag.exp(f1)
    f2 = b[2] + w[2] * h2
    h3 = ag.cos(f2)
    f3 = b[3] + w[3] * h3
    loss = (f3 - y) ** 2
    forward = [f0, h1, f1, h2, f2, h3, f3]
    assert np.allclose([n.data for n in forward], [1.230, 0.942, 1.623, 5.068, 7.137, 0.657, 2.372], atol=6e-4)
    loss.backward()
    between = [n.grad for n in (f3, h3, f2, h2, f1, h1)]
    assert np.allclose(between, [0.745, 2.234, -1.683, -3.366, -17.060, 6.824], atol=6e-4)
    assert np.allclose([n.grad for n in (b[3], w[3], w[2], w[1])], [0.745, 0.489, -8.530, -16.079], atol=6e-4)


def test_conventions_to_say_loudly() -> None:
    assert grad(ag.relu)(0.0) == 0.0 and grad(ag.abs)(0.0) == 0.0
    assert grad(ag.maximum, (0, 1))(1.0, 1.0) == (0.5, 0.5)


def test_identities() -> None:
    for z in np.linspace(-4, 4, 9).tolist():
        assert ag.tanh(z) == pytest.approx(2 * ag.sigmoid(2 * z) - 1, abs=1e-15)
        assert ag.sigmoid(z) == pytest.approx(1 - ag.sigmoid(-z), abs=1e-15)
    assert abs(ag.tanh(1.0) - (2 * ag.sigmoid(1.0) - 1)) > 0.2  # a misprint that goes round


def test_softmax_of_three_scores() -> None:
    assert np.allclose(ag.softmax([1.2, 5.1, 2.7]), [0.018, 0.90, 0.08], atol=3e-3)
