"""Forward mode drawn on the graph, and the derivative as a sum over paths."""

import pytest

import autograd as ag
from autograd import Tensor, Value, draw, jvp, paths


def expression() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    return a, b, (a + b) * (b + 1)


def test_tangents_stand_in_the_boxes() -> None:
    a, b, e = expression()
    picture = draw(e, mode="forward", wrt=b)._views[0]
    lines = [[line.text for line in box.lines] for box in picture.boxes]
    assert lines[-1] == ["*", "data 6", "∂/∂b 5", "= 2 + 3"]
    assert ["a", "data 2", "∂/∂b 0"] in lines and ["b", "data 1", "∂/∂b 1"] in lines
    assert sorted(edge.text for edge in picture.edges if edge.text) == ["1 × 1", "1 × 1", "2 × 1", "3 × 1"]
    assert (a.grad, b.grad, e.grad) == (None, None, None)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_tangent_of_the_result_is_that_of_jvp(depth: int) -> None:
    def f(x: Value) -> Value:
        return (x * 3.0 + x.tanh() * x + 1.0).tanh() * 2.0

    x = Value(0.3, label="x")
    _, tangent = jvp(f, (0.3,), (1.0,))
    shown = draw(f(x), mode="forward", wrt=x, depth=depth)._views[0]
    assert shown.boxes[-1].amount == pytest.approx(tangent, rel=1e-12)


def test_a_tensor_moves_with_a_number() -> None:
    s = Value(2.0, label="s")
    text = draw((s * Tensor([1.0, 2.0])).sum(), mode="forward", wrt=s).text()
    assert "∂/∂s 3" in text


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"mode": "forward"}, TypeError, "needs `wrt`"),
        ({"mode": "sideways"}, ValueError, "`mode` is one of 'reverse', 'forward'"),
        ({"wrt": Value(1.0)}, ValueError, "add mode='forward'"),
        ({"mode": "forward", "wrt": Value(1.0), "view": "both"}, ValueError, "`view` is one of 'forward', not"),
        ({"mode": "forward", "wrt": Value(1.0)}, ValueError, "does not depend on"),
    ],
)
def test_what_forward_mode_refuses(settings: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        draw(expression()[2], **settings)


def test_nine_paths_by_one_multiplication() -> None:
    @ag.primitive(partials=[2.0, 3.0, 4.0])
    def f(x, y, z):
        return 2 * x + 3 * y + 4 * z

    @ag.primitive(partials=[5.0, 6.0, 7.0])
    def g(x, y, z):
        return 5 * x + 6 * y + 7 * z

    x = Value(1.0, label="X")
    y = f(x, x, x)
    z = g(y, y, y)
    found = paths(z, x)
    assert sorted(path.product for path in found) == sorted(p * q for p in (2, 3, 4) for q in (5, 6, 7))
    assert (found.count, found.multiplications, found.factored, found.total) == (9, 9, 1, 162.0)
    assert found.formula == "(2 + 3 + 4) × (5 + 6 + 7)"
    z.backward()
    assert found.total == x.grad
    assert [edge.text for edge in found.draw()._views[0].edges] == ["2", "3", "4", "5", "6", "7"]
    assert found.draw().svg()


def test_paths_add_up_to_the_derivative() -> None:
    a, b, e = expression()
    y = (e * b).tanh() + e / a
    for leaf in (a, b):
        found = paths(y, leaf)
        assert len(list(found)) == found.count
        assert sum(path.product for path in found) == pytest.approx(found.total, rel=1e-12)
        y.backward()
        assert leaf.grad == pytest.approx(found.total, rel=1e-12)
        for node in (a, b):
            node.zero_grad()


def test_there_may_be_more_paths_than_one_can_list() -> None:
    x = Value(1.0, label="x")
    y = x
    for _ in range(60):
        y = y * y
    found = paths(y, x)
    assert found.count == found.total == 2**60 and found.factored == 59
    assert "1,152,921,504,606,846,976 paths" in found.text() and "more" in found.text()


def test_what_paths_refuses() -> None:
    x = Value(1.0)
    with pytest.raises(ValueError, match="does not depend on"):
        paths(x * x, Value(1.0))
    with pytest.raises(TypeError, match="`start` is a Value"):
        paths(x * x, 3.0)  # type: ignore[arg-type]
    t = Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="contain arrays"):
        paths(t.sum(), t)
