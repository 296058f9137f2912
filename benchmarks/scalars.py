"""Graphs of single numbers: micrograd's demo, replayed; and the same formulas on many lanes."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import autograd as ag
import nn
from autograd import Tensor, Value

from .harness import Work

__all__ = ["casadi_replay", "demo_graph", "demo_lanes", "demo_replay", "micrograd_step", "pytorch_matrices"]

WIDTHS = (2, 16, 16, 1)
ALPHA = 1e-4


def demo_data() -> tuple[np.ndarray, np.ndarray]:
    """Give the data of micrograd's demo."""
    X, y = nn.datasets.moons(100, noise=0.1, rng=1)
    return X, 2.0 * y - 1.0


def demo_weights() -> list[float]:
    """Give the 337 parameters, neuron by neuron, in micrograd's order."""
    rng = np.random.default_rng(2)
    return rng.uniform(-1, 1, 337).tolist()


def forward(weights: list[Any], x: list[Any], relu: Callable[[Any], Any]) -> Any:
    """The net of micrograd's demo, term by term."""
    supply = iter(weights)
    for left, right in zip(WIDTHS, WIDTHS[1:], strict=False):
        out = []
        for _ in range(right):
            own = [next(supply) for _ in range(left)]
            total = next(supply)
            for w, xi in zip(own, x, strict=True):
                total = total + w * xi
            out.append(relu(total) if right != 1 else total)
        x = out
    return x[0]


def demo_graph(make: Callable[[float], Any], relu: Callable[[Any], Any]) -> tuple[Any, list[Any]]:
    """Give the loss of the demo, 66,000 nodes, and its leaves: the weights, and the inputs as in micrograd's demo."""
    X, y = demo_data()
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

    found: list[Any] = []

    def run(steps: int) -> None:
        for _ in range(steps):
            root, leaves = demo_graph(Theirs, lambda v: v.relu())
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(20_000)  # its walk recurses
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

    root, leaves = demo_graph(lambda _, i=iter(range(10_000)): casadi.SX.sym(f"v{next(i)}"), lambda v: casadi.fmax(v, 0))
    point = casadi.vertcat(*leaves)
    function = casadi.Function("demo", [point], [root, casadi.gradient(root, point)])
    at = np.array([*demo_weights(), *demo_data()[0].ravel()])
    loss, grad = np.zeros(1), np.zeros(len(leaves))
    buffer, evaluate = function.buffer()
    buffer.set_arg(0, memoryview(at))
    buffer.set_res(0, memoryview(loss))
    buffer.set_res(1, memoryview(grad))

    def run(steps: int) -> None:
        for _ in range(steps):
            evaluate()

    def check() -> Any:
        run(1)
        return [loss[0], grad[:337]]

    return Work(run, check)


def _matrices() -> list[np.ndarray]:
    """Give the weights as matrices."""
    out, at, w = [], 0, np.array(demo_weights())
    for left, right in zip(WIDTHS, WIDTHS[1:], strict=False):
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


# A thousand nets -----------------------------------------------------------------------------------------------

NETS, STEPS = 1000, 1000


def xor() -> tuple[np.ndarray, np.ndarray]:
    X, y = nn.datasets.xor()
    return np.asarray(X, float), np.ravel(y).astype(float)


def many_weights(nets: int) -> np.ndarray:
    """Give the 13 parameters of each net 2-3-1: shape `(13, nets)`."""
    return np.random.default_rng(3).normal(size=(13, nets))


def many_loop() -> Work:
    """Ours: the formulas of one net of single numbers, given arrays with a lane for each net, in a `Loop`."""
    X, y = xor()

    def step(w: list[Any], _: Any, __: Any) -> Any:
        loss = 0.0
        for (x1, x2), target in zip(X.tolist(), y.tolist(), strict=True):
            hidden = [ag.tanh(w[3 * i] * x1 + w[3 * i + 1] * x2 + w[3 * i + 2]) for i in range(3)]
            score = w[9] * hidden[0] + w[10] * hidden[1] + w[11] * hidden[2] + w[12]
            loss = loss + ag.square(score - target)
        loss = loss * 0.25
        grads = ag.gradients(ag.sum(loss), w)
        return [a - 0.1 * g for a, g in zip(w, grads, strict=True)], [loss]

    loop = ag.Loop(step, list(many_weights(NETS)))

    def start() -> None:
        loop.state = list(many_weights(NETS))

    def check() -> Any:
        start()
        _, (losses,) = loop.run(50)
        return [losses[-1, :20]]

    return Work(loop.run, check, start, STEPS)


def many_jax() -> Work:
    """JAX: one net, vmap over the nets, lax.scan over the steps."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y = map(jnp.asarray, xor())

    def objective(p: Any) -> Any:
        W1, b1, w2, b2 = p
        return ((jnp.tanh(X @ W1 + b1) @ w2 + b2 - y) ** 2).mean()

    def step(p: Any, _: Any) -> Any:
        loss, grads = jax.value_and_grad(objective)(p)
        return jax.tree.map(lambda a, g: a - 0.1 * g, p, grads), loss

    def train(p: Any, steps: int) -> Any:
        return jax.lax.scan(step, p, length=steps)

    many = jax.jit(lambda p, steps: jax.vmap(partial(train, steps=steps))(p), static_argnames="steps")
    w = many_weights(NETS)
    first = w[:9].reshape(3, 3, NETS)  # unit, (x1, x2, bias), net
    start = jax.tree.map(
        jnp.asarray, (first[:, :2].transpose(2, 1, 0), first[:, 2].T, w[9:12].T, w[12])
    )  # (net, 2, 3), (net, 3), (net, 3), (net,)

    def run(steps: int) -> Any:
        return jax.block_until_ready(many(start, steps=steps))

    return Work(run, lambda: [run(50)[1][:20, -1]], steps=STEPS)


def many_pytorch() -> Work:
    """PyTorch: one net after the other in a Python loop; 20 nets and 50 steps are run, and the rest extrapolated."""
    import torch

    torch.set_num_threads(1)
    X, y = map(torch.tensor, xor())
    w = many_weights(NETS)

    def train(net: int, steps: int) -> float:
        first = w[:9, net].reshape(3, 3)
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
        with torch.no_grad():
            for p, own in zip(model.parameters(), (first[:, :2], first[:, 2], w[9:12, net], w[12, net]), strict=True):
                p.copy_(torch.tensor(own).reshape(p.shape))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(X)[:, 0], y)
            loss.backward()
            optimizer.step()
        return loss.item()

    def run(steps: int) -> None:
        """A step of all nets takes as long as `NETS` steps of one."""
        train(0, steps * NETS)

    return Work(run, lambda: [[train(net, 50) for net in range(20)]], steps=1)


# One engine against another in pure Python ---------------------------------------------------------------------


def random_graph(nodes: int, make: Callable[[float], Any] = Value) -> Any:
    """A graph of sums, products and tanh over 100 leaves, layer upon layer; deep and wide grow together."""
    source = random.Random(1)
    leaves = [make(source.uniform(-1, 1)) for _ in range(100)]
    layer, count = leaves, 0
    while count < nodes - 100:
        new = []
        for i in range(100):
            a, b = layer[i], layer[(7 * i + 3) % 100]
            new.append((a + b) if i % 3 == 0 else (a * b) if i % 3 == 1 else (a.tanh()))
        layer, count = new, count + 100
    total = layer[0]
    for x in layer[1:]:
        total = total + x
    return total
