"""The eager engine: contenders against micrograd on graphs of single numbers and against PyTorch on arrays."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import autograd as ag
import nn
from autograd import Tensor, Value

from . import slotted
from .foreign import hips
from .harness import Work
from .scalars import demo_data

__all__ = ["array_step", "deep_recursion", "hips_step", "pytorch_step", "scalar_step"]


def _repeated(work: Callable[[], float]) -> Work:
    def run(steps: int) -> None:
        for _ in range(steps):
            work()

    return Work(run, lambda: [work()])


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Let micrograd's walk recurse."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def scalar_step(model: str, collect: bool = False) -> Work:
    """One step of micrograd's demo: forward, backward, update; 66,000 nodes.

    Args:
        model: "nn.MLP", or the Value that micrograd's MLP is given: "ours", "slots" or "micrograd".
        collect: collect garbage at the end of a step; how micrograd's memory comes back with the collector off.
    """
    from micrograd import engine
    from micrograd import nn as theirs

    value: Any = {"micrograd": engine.Value, "slots": slotted.Value}.get(model, Value)
    original, theirs.Value = theirs.Value, value
    try:
        random.seed(1)
        net: Any = theirs.MLP(2, [16, 16, 1])
    finally:
        theirs.Value = original
    start = [p.data for p in net.parameters()]
    if model == "nn.MLP":
        net = nn.MLP(2, [16, 16, 1], rng=1)
    X, y = demo_data()
    rows, labels = X.tolist(), y.tolist()

    def work() -> float:
        parameters = net.parameters()
        for p, w in zip(parameters, start, strict=True):
            p.data = w
        inputs = [list(map(value, row)) for row in rows]
        scores = [net(x) for x in inputs]
        scores = [s[0] if isinstance(s, list) else s for s in scores]
        hinge = sum((1 + -yi * si).relu() for yi, si in zip(labels, scores, strict=True)) * (1.0 / len(rows))
        total = hinge + 1e-4 * sum(p * p for p in parameters)
        for p in parameters:
            p.grad = 0
        total.backward()
        for p in parameters:
            p.data -= 0.9 * p.grad
        result = total.data + parameters[0].data
        del inputs, scores, hinge, total
        if collect:
            gc.collect()
        return float(result)

    return _repeated(work)


def _weights(dtype: str) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [(0.5 * rng.normal(size=s)).astype(dtype) for s in ((2, 16), (16,), (16, 16), (16,), (16, 1), (1,))]


def array_step(dtype: str) -> Work:
    """Ours: a step of 2-16-16-1 on 100 points as arrays, node by node."""
    weights, (X, y) = _weights(dtype), (part.astype(dtype) for part in demo_data())
    leaves = [Tensor(w) for w in weights]

    def work() -> float:
        for p, w in zip(leaves, weights, strict=True):
            p.data = w
        h = ag.relu(X @ leaves[0] + leaves[1])
        h = ag.relu(h @ leaves[2] + leaves[3])
        s = (h @ leaves[4] + leaves[5])[:, 0]
        loss = ag.relu(1 - y * s).mean() + 1e-4 * sum((p * p).sum() for p in leaves)
        for p in leaves:
            p.grad = None
        loss.backward()
        for p in leaves:
            p.data -= 0.1 * p.grad
        return loss.item() + float(leaves[0].data[0, 0])

    return _repeated(work)


def pytorch_step(dtype: str) -> Work:
    """PyTorch: the same."""
    import torch

    torch.set_num_threads(1)
    X, y = (torch.tensor(part.astype(dtype)) for part in demo_data())
    originals = [torch.tensor(w) for w in _weights(dtype)]
    leaves = [w.clone().requires_grad_() for w in originals]
    optimizer = torch.optim.SGD(leaves, lr=0.1)

    def work() -> float:
        with torch.no_grad():
            for p, w in zip(leaves, originals, strict=True):
                p.copy_(w)
        h = torch.relu(X @ leaves[0] + leaves[1])
        h = torch.relu(h @ leaves[2] + leaves[3])
        s = (h @ leaves[4] + leaves[5])[:, 0]
        loss = torch.relu(1 - y * s).mean() + 1e-4 * sum((p * p).sum() for p in leaves)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item() + leaves[0][0, 0].item()

    return _repeated(work)


def hips_step(dtype: str) -> Work:
    """HIPS autograd: the same."""
    X, y = (part.astype(dtype) for part in demo_data())
    return hips("arrays", X=X, y=y, weights=_weights(dtype))
