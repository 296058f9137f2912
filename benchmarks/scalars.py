"""Graphs of single numbers: the contenders that replay micrograd's demo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import autograd as ag
import nn
from autograd import Tensor, Value

from . import slotted
from .harness import Work

__all__ = [
    "casadi_replay", "demo_graph", "demo_lanes", "demo_matrices", "demo_replay", "micrograd_step", "pytorch_matrices",
    "slotted_step",
]  # fmt: skip

WIDTHS = (2, 16, 16, 1)
ALPHA = 1e-4


def demo_data(points: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Give the data of micrograd's demo."""
    X, y = nn.datasets.moons(points, noise=0.1, rng=1)
    return X, 2.0 * y - 1.0


def demo_weights() -> list[float]:
    """Give the 337 parameters, neuron by neuron, in micrograd's order."""
    rng = np.random.default_rng(2)
    return rng.uniform(-1, 1, 337).tolist()


def forward(weights: list[Any], x: list[Any], relu: Callable[[Any], Any]) -> Any:
    """The net of micrograd's demo, term by term."""
    supply = iter(weights)
    for left, right in pairwise(WIDTHS):
        out = []
        for _ in range(right):
            own = [next(supply) for _ in range(left)]
            total = next(supply)
            for w, xi in zip(own, x, strict=True):
                total = total + w * xi
            out.append(relu(total) if right != 1 else total)
        x = out
    return x[0]


def demo_graph(make: Callable[[float], Any], relu: Callable[[Any], Any], points: int = 100) -> tuple[Any, list[Any]]:
    """Give the loss of the demo, 66,000 nodes, and its leaves: the weights, and the inputs as in micrograd's demo."""
    X, y = demo_data(points)
    weights = [make(w) for w in demo_weights()]
    inputs = [[make(v) for v in row] for row in X.tolist()]
    total = None
    for x, yi in zip(inputs, y.tolist(), strict=True):
        term = relu(1 + -yi * forward(weights, x, relu))
        total = term if total is None else total + term
    penalty = None
    for w in weights:
        penalty = w * w if penalty is None else penalty + w * w
    return total * (1.0 / len(X)) + ALPHA * penalty, [*weights, *(v for row in inputs for v in row)]


def demo_replay() -> Work:
    """Ours: `compile` of the graph, called again and again."""
    root, leaves = demo_graph(Value, lambda v: v.relu())
    program = ag.compile(root)

    def run(steps: int) -> None:
        for _ in range(steps):
            program()

    return Work(run, lambda: [program(), [v.grad for v in leaves[:337]]])


def demo_lanes() -> Work:
    """Ours: the same formulas written for one point, with 100 points as the lanes of each number."""
    X, y = demo_data()
    weights = [Value(w) for w in demo_weights()]
    score = forward(weights, [Tensor(X[:, 0]), Tensor(X[:, 1])], ag.relu)
    program = ag.compile(ag.relu(1 - y * score).mean() + ALPHA * sum(w * w for w in weights))

    def run(steps: int) -> None:
        for _ in range(steps):
            program()

    return Work(run, lambda: [program(), [v.grad for v in weights]])


def demo_matrices() -> Work:
    """Ours: the same step on matrices, compiled."""
    X, y = demo_data()
    weights = [Tensor(w) for w in _matrices()]
    h = Tensor(X)
    for i in range(0, 6, 2):
        h = h @ weights[i] + weights[i + 1]
        h = ag.relu(h) if i < 4 else h
    loss = ag.relu(1 - y * h[:, 0]).mean() + ALPHA * sum((w * w).sum() for w in weights)
    program = ag.compile(loss)

    def run(steps: int) -> None:
        for _ in range(steps):
            program()

    return Work(run, lambda: [program(), _flat([w.grad for w in weights])])


def micrograd_step() -> Work:
    """micrograd: the graph is built and walked anew each time, for there is no replay."""
    from micrograd.engine import Value as Theirs

    return _walked(Theirs)


def slotted_step() -> Work:
    """An engine of slots in plain Python: the same."""
    return _walked(slotted.Value)


def _walked(make: Any) -> Work:
    found: list[Any] = []

    def run(steps: int) -> None:
        for _ in range(steps):
            root, leaves = demo_graph(make, lambda v: v.relu())
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(20_000)  # micrograd's walk recurses
            root.backward()
            sys.setrecursionlimit(limit)
            found[:] = [root.data, [v.grad for v in leaves[:337]]]

    def check() -> Any:
        run(1)
        return found

    return Work(run, check)


def casadi_replay() -> Work:
    """CasADi: loss and gradient as one SX function, on buffers of its own."""
    import casadi

    root, leaves = demo_graph(lambda _: casadi.SX.sym("v"), lambda v: casadi.fmax(v, 0))
    point = casadi.vertcat(*leaves)
    function = casadi.Function("demo", [point], [root, casadi.densify(casadi.gradient(root, point))])
    at = np.array([*demo_weights(), *demo_data()[0].ravel()])
    loss, grad = np.zeros(1), np.zeros(len(leaves))
    buffer, evaluate = function.buffer()
    held = function, buffer, at  # `evaluate` keeps none of them alive
    buffer.set_arg(0, memoryview(at))
    buffer.set_res(0, memoryview(loss))
    buffer.set_res(1, memoryview(grad))

    def run(steps: int) -> None:
        assert held
        for _ in range(steps):
            evaluate()

    def check() -> Any:
        run(1)
        return [loss[0], grad[:337]]

    return Work(run, check)


def _matrices() -> list[np.ndarray]:
    """Give the weights as matrices."""
    out, at, w = [], 0, np.array(demo_weights())
    for left, right in pairwise(WIDTHS):
        block = w[at : at + (left + 1) * right].reshape(right, left + 1)
        out += [block[:, :-1].T.copy(), block[:, -1].copy()]
        at += block.size
    return out


def _flat(matrices: list[Any]) -> np.ndarray:
    """Undo `_matrices`."""
    pairs = zip(matrices[::2], matrices[1::2], strict=True)
    return np.concatenate([np.column_stack([W.T, b]).ravel() for W, b in pairs])


def pytorch_matrices() -> Work:
    """PyTorch: loss and gradient of the net as matrices, eager."""
    import torch

    torch.set_num_threads(1)
    X, y = map(torch.tensor, demo_data())
    weights = [torch.tensor(w, requires_grad=True) for w in _matrices()]
    found: list[Any] = []

    def run(steps: int) -> None:
        for _ in range(steps):
            h = torch.relu(X @ weights[0] + weights[1])
            h = torch.relu(h @ weights[2] + weights[3])
            s = (h @ weights[4] + weights[5])[:, 0]
            loss = torch.relu(1 - y * s).mean() + ALPHA * sum((w * w).sum() for w in weights)
            for w in weights:
                w.grad = None
            loss.backward()
            found[:] = [loss]

    def check() -> Any:
        run(1)
        return [found[0].item(), _flat([w.grad.numpy() for w in weights])]

    return Work(run, check)
