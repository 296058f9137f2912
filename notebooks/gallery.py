"""The gallery: pictures of graphs and nets on one page, each with the code that drew it.

`python -m notebooks.gallery [FOLDER]` is what `make gallery` runs. It writes `gallery.md` to the folder, `notebooks` if
left out, and the pictures to `pictures/` in it. Each picture is made by one of the functions here; its text is theirs.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Tensor, Value, draw
from nn import MLP, Adam, Neuron, TensorMLP, datasets, fit, losses

__all__ = ["PICTURES", "main"]


def graph() -> Any:
    """A graph

    A box for every number: its name, its value, its gradient. On each edge stands the local derivative.
    """
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    e.backward()
    return draw(e)


def graph_backward() -> Any:
    """The same graph, backward

    The same places, with the arrows turned round. Small numbers give the order; on each edge stands the product that is
    added. `b` is used twice and receives two of them.
    """
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    return draw(e, "backward")


def textbook() -> Any:
    """The same graph, in a textbook

    Formulas in the nodes and derivatives on the edges, for a slide or a paper; `.save("x.tex")` writes TikZ.
    """
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    c, d = a + b, b + 1
    e = c * d
    c.label, d.label, e.label = "c", "d", "e"
    return draw(e, style="textbook", derivatives="both")


def film() -> Any:
    """The backward pass as a film

    One picture for each step, to print or to see all at once.
    """
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    e = (a + b) * (b + 1)
    e.label = "e"
    return draw(e).film()


def neuron_animated() -> Any:
    """Both passes, playing

    First the values, from left to right, then the gradients back. `draw(out).player()` is the same with buttons, a
    slider and the arrow keys.
    """
    x = [Value(2.0, label="x1"), Value(0.0, label="x2")]
    w = [Value(-3.0, label="w1"), Value(1.0, label="w2")]
    out = (x[0] * w[0] + x[1] * w[1] + Value(6.8813735870195432, label="b")).tanh()
    out.label = "out"
    return draw(out).animate()


def neuron() -> Any:
    """A neuron with tanh

    Negative numbers are orange, their edges dashed: colour never stands alone.
    """
    unit = Neuron(2, "tanh", rng=0)
    for parameter, number in zip(unit.parameters(), (-3.0, 1.0, 6.8813735870195432), strict=True):
        parameter.data = number
    out = unit([Value(2.0, label="x0"), Value(0.0, label="x1")])
    out.backward()
    return draw(out)


def diamond() -> Any:
    """A diamond

    Two paths lead from `x` to the result. Backward, each brings its share, and the shares add up.
    """
    x = Value(0.5, label="x")
    y = x.exp() * x.tanh()
    y.label = "y"
    return draw(y, "both")


def shared_weight() -> Any:
    """A shared weight

    The weight `w` is used at every place, as in a convolution: its gradient is a sum over the places.
    """
    w = Value(0.5, label="w")
    x = [Value(number, label=f"x{i}") for i, number in enumerate((1.0, -2.0, 3.0))]
    total = w * x[0] + w * x[1] + w * x[2]
    total.label = "total"
    return draw(total, "backward")


def loss_of_a_net() -> Any:
    """A small net with its loss

    `MLP(2, [4, 4, 1])` on one point: 107 nodes, the weights of each neuron folded into it.
    """
    model = MLP(2, [4, 4, 1], "tanh", rng=1)
    (score,) = model([0.5, -1.0])
    loss = (score - 1) ** 2
    loss.label = "loss"
    loss.backward()
    return draw(loss)


def batch() -> Any:
    """A net on a hundred points

    `MLP(2, [16, 16, 1])` on the moons: more than 60,000 nodes, of which the picture shows what one can look at.
    """
    X, y = datasets.moons(100, noise=0.1, rng=1337)
    model = MLP(2, [16, 16, 1], "relu", rng=1337)
    loss = losses.hinge(model.forward_rows(X), (2.0 * y - 1.0)[:, None])
    loss.label = "loss"
    return draw(loss)


def tensors() -> Any:
    """The same with arrays

    Each box says what its array holds: shape, norm, range, share of zeros.
    """
    X, y = datasets.moons(100, noise=0.1, rng=1337)
    model = TensorMLP(2, [16, 1], "tanh", rng=1337)
    loss = losses.mse(model(Tensor(X, label="X", requires_grad=False)), y[:, None])
    loss.label = "loss"
    loss.backward()
    return draw(loss)


def second_derivative() -> Any:
    """A second derivative

    A gradient is a graph too. This one is the derivative of x·sin(x), and its own gradient is the second derivative.
    """
    x = Value(2.0, label="x")
    (x * x.sin()).backward(create_graph=True)
    slope = x.grad
    slope.label = "slope"
    x.grad = None
    slope.backward()
    return draw(slope)


def network() -> Any:
    """A net as the textbooks draw it

    Wider lines for larger weights, blue for positive, orange and dashed for negative. Each square shows the value of
    the unit over the plane of inputs; with `at=X[0]`, circles hold the values at a point.
    """
    X, y = datasets.moons(100, noise=0.1, rng=1337)
    model = MLP(2, [4, 4, 1], "tanh", rng=1)
    fit(model, X, 2.0 * y - 1.0, "mse", optimizer=Adam(lr=0.05), epochs=20, rng=1, progress=False)
    return draw(model, at=X)


def wide_network() -> Any:
    """A wide one

    What is too wide is condensed, and says so.
    """
    return draw(TensorMLP(64, [100, 10], rng=np.random.default_rng(1)))


PICTURES: list[Callable[[], Any]] = [
    graph, graph_backward, textbook, film, neuron_animated, neuron, diamond, shared_weight, loss_of_a_net, batch,
    tensors, second_derivative, network, wide_network,
]  # fmt: skip


def main(folder: Path) -> int:
    """Write the pictures and the page; give the exit code."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    sections = []
    for make in PICTURES:
        name = make.__name__.replace("_", "-")
        make().save(pictures / f"{name}.svg")
        title, _, words = inspect.cleandoc(make.__doc__ or "").partition("\n\n")
        sections.append(
            f"## {title}\n\n{words}\n\n![{title}](pictures/{name}.svg)\n\n"
            f"<details><summary>the code</summary>\n\n```python\n{_code(make)}```\n\n</details>\n"
        )
        print(f"   {pictures / name}.svg", flush=True)
    head = "# Gallery\n\nWritten by `make gallery`. In a notebook, boxes and edges have tooltips with all digits.\n"
    (folder / "gallery.md").write_text("\n".join([head, *sections]), encoding="utf-8")
    print(f"The gallery: {folder / 'gallery.md'}")
    return 0


def _code(make: Callable[[], Any]) -> str:
    """Give what stands in a function below its docstring, as one would write it in a cell."""
    source = inspect.getsource(make)
    body = textwrap.dedent(source[source.rindex('"""') + 4 :])
    return body.replace("return draw", "draw")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "notebooks")))
