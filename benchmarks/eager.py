"""Eager speed, against micrograd on graphs of single numbers and against PyTorch on arrays.

Each pair does the same work on the same numbers, in turns in one process, and the results are compared before
the times count. A time is the median of many repeats; what is reported is the ratio.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import autograd as ag
import nn
from autograd import Tensor, Value

Work = Callable[[], float]


@contextmanager
def collector(on: bool) -> Iterator[None]:
    """Switch the cycle collector on or off."""
    was_on = gc.isenabled()
    gc.collect()
    (gc.enable if on else gc.disable)()
    try:
        yield
    finally:
        (gc.enable if was_on else gc.disable)()


def compare(
    name: str, ours: Work, theirs: Work, repeats: int, tolerance: float = 1e-9, tidy: bool = True
) -> None:
    """Time two ways to do the same, in turns, and print the ratio of their medians.

    `tidy` collects garbage before each, for a peer that leaves some; it also empties the caches, so a peer that leaves
    none is timed without.
    """
    a, b = ours(), theirs()
    if not abs(a - b) <= tolerance * max(1.0, abs(b)):
        raise AssertionError(f"{name}: ours gave {a!r}, theirs {b!r}; a ratio of times would mean nothing")
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for work, taken in zip((ours, theirs), times, strict=True):
            if tidy:
                gc.collect()  # so that neither pays for what the other left behind
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    mine, other = map(statistics.median, times)
    print(f"{name:62s} {mine * 1e3:9.3f} ms  {other * 1e3:9.3f} ms  {other / mine:6.2f} x", flush=True)


def moons() -> tuple[np.ndarray, np.ndarray]:
    """The data of micrograd's demo."""
    X, y = nn.datasets.moons(100, noise=0.1, rng=1)
    return X, 2.0 * y - 1.0


def scalar_step(value: Any, model: Any, collect: bool) -> Work:
    """One step of micrograd's demo: forward, backward, update; 66,000 nodes."""
    X, y = moons()
    rows, labels = X.tolist(), y.tolist()
    start = [p.data for p in model.parameters()]

    def work() -> float:
        parameters = model.parameters()
        for p, w in zip(parameters, start, strict=True):
            p.data = w
        inputs = [list(map(value, row)) for row in rows]
        scores = [model(x) for x in inputs]
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
            gc.collect()  # with the collector off, this is how micrograd's memory comes back
        return float(result)

    return work


def chain(value: Any) -> Work:
    """A chain of 1,000 operations, forward and backward."""

    def work() -> float:
        x = value(0.5)
        y = x
        for _ in range(250):
            y = ((y * 0.9 + x) * 0.5).relu()
        y.backward()
        return float(y.data + x.grad)

    return work


def against_micrograd(repeats: int) -> None:
    """Compare Values with micrograd's."""
    from micrograd import engine
    from micrograd import nn as theirs

    def peer() -> Any:
        random.seed(1)
        return theirs.MLP(2, [16, 16, 1])

    def ours_in_their_net() -> Any:
        original, theirs.Value = theirs.Value, Value
        try:
            return peer()
        finally:
            theirs.Value = original

    def ours() -> Any:
        model, source = nn.MLP(2, [16, 16, 1], rng=1), peer()
        for p, q in zip(model.parameters(), source.parameters(), strict=True):
            p.data = q.data
        return model

    for on in (True, False):
        state = "on" if on else "off"
        for who, model in (("nn.MLP", ours()), ("micrograd's MLP with our Value", ours_in_their_net())):
            with collector(on):
                compare(
                    f"demo step, {who}, collector {state}",
                    scalar_step(Value, model, collect=False),
                    scalar_step(engine.Value, peer(), collect=not on),
                    repeats,
                )
    with collector(False):
        compare(
            "demo step, nn.MLP, collector off, micrograd keeps its memory",
            scalar_step(Value, ours(), collect=False),
            scalar_step(engine.Value, peer(), collect=False),
            max(repeats // 4, 3),
        )
    gc.collect()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)  # micrograd's walk recurses
    try:
        for on in (True, False):
            with collector(on):
                compare(
                    f"chain of 1,000 operations, collector {'on' if on else 'off'}",
                    chain(Value), chain(engine.Value), repeats * 10,
                )  # fmt: skip
    finally:
        sys.setrecursionlimit(limit)


def against_pytorch(repeats: int) -> None:
    """Compare a Tensor step (forward, backward, update) with PyTorch's on one thread."""
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    weights = [0.5 * rng.normal(size=s) for s in ((2, 16), (16,), (16, 16), (16,), (16, 1), (1,))]
    for dtype, tolerance in (("float64", 1e-9), ("float32", 1e-4)):
        X, y = (part.astype(dtype) for part in moons())
        ours = [Tensor(w, dtype=dtype) for w in weights]

        def step(X: Any = X, y: Any = y, ours: Any = ours) -> float:
            for p, w in zip(ours, weights, strict=True):
                p.data = w
            h = ag.relu(X @ ours[0] + ours[1])
            h = ag.relu(h @ ours[2] + ours[3])
            s = (h @ ours[4] + ours[5])[:, 0]
            loss = ag.relu(1 - y * s).mean() + 1e-4 * sum((p * p).sum() for p in ours)
            for p in ours:
                p.grad = None
            loss.backward()
            for p in ours:
                p.data -= 0.1 * p.grad
            return loss.item() + float(ours[0].data[0, 0])

        tX, ty = torch.tensor(X), torch.tensor(y)
        theirs = [torch.tensor(w.astype(dtype), requires_grad=True) for w in weights]
        originals = [torch.tensor(w.astype(dtype)) for w in weights]
        optimizer = torch.optim.SGD(theirs, lr=0.1)

        def peer(tX: Any = tX, ty: Any = ty, theirs: Any = theirs, optimizer: Any = optimizer,
                 originals: Any = originals) -> float:  # fmt: skip
            with torch.no_grad():
                for p, w in zip(theirs, originals, strict=True):
                    p.copy_(w)
            h = torch.relu(tX @ theirs[0] + theirs[1])
            h = torch.relu(h @ theirs[2] + theirs[3])
            s = (h @ theirs[4] + theirs[5])[:, 0]
            loss = torch.relu(1 - ty * s).mean() + 1e-4 * sum((p * p).sum() for p in theirs)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss.item() + theirs[0][0, 0].item()

        name = f"step of 2-16-16-1 on 100 points, {dtype}, PyTorch eager"
        compare(name, step, peer, repeats * 40, tolerance, tidy=False)


def main(quick: bool) -> None:
    """Run every comparison whose peer is installed."""
    print(f"{'work':62s} {'ours':>12s}  {'theirs':>12s}   ratio")
    for name, group in (("micrograd", against_micrograd), ("torch", against_pytorch)):
        try:
            group(5 if quick else 25)
        except ImportError as error:
            print(f"{name} is not installed ({error}): left out")
