"""How time and memory grow with the number of nodes, and what a graph costs before it runs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

import autograd as ag
from autograd import Value

from .scalars import demo_graph

__all__ = ["growth", "memory_of_programs", "tracing"]


def random_graph(nodes: int) -> Any:
    """A graph of so many sums, products and tanhs in layers of 100, in which no structure can be found.

    Each lane adds a leaf, multiplies with a lane that has just been through tanh, and goes through tanh, so that no
    number grows, dies out, or hangs on the last digit of another.
    """
    source = random.Random(1)
    leaves = [Value(source.choice((-1, 1)) * source.uniform(1.5, 2.5)) for _ in range(min(100, nodes // 3))]
    width, layer, depth, total = len(leaves), leaves, 0, leaves[0]
    while (depth + 2) * width < nodes:
        mild = [i for i in range(width) if (i + depth) % 3 == 0]
        made = []
        for i, a in enumerate(layer):
            if (i + depth) % 3 == 0:
                made.append(a + leaves[source.randrange(width)])
            elif (i + depth) % 3 == 1:
                made.append(a * layer[source.choice(mild)])
            else:
                made.append(a.tanh())
        layer, depth = made, depth + 1
    for x in layer:
        total = total + x
    return total


def demo_of(nodes: int) -> Any:
    """micrograd's demo with so many points that it has about as many nodes; 337 parameters are shared by all."""
    return demo_graph(Value, lambda v: v.relu(), max(1, nodes // 653))[0]


def growth(largest: int) -> Iterator[dict[str, Any]]:
    """Build, compile and replay graphs of 100 nodes and more, up to `largest`."""
    kinds: list[tuple[str, Callable[[int], Any], int]] = [
        ("random graph", random_graph, 100),
        ("micrograd's demo, more points", demo_of, 10_000),
    ]
    for kind, make, smallest in kinds:
        n = smallest
        ag.compile(make(10_000))()  # kernels are loaded
        rows: dict[str, list[float]] = {
            "nodes": [], "build": [], "trace and lay out": [], "replay": [], "bytes a node": [],
        }  # fmt: skip
        while n <= largest:
            with ag.without_collector():
                built, root = _timed(partial(make, n))
            nodes = n if kind == "random graph" else sum(map(len, ag.topological(root)))
            laid, program = _timed(partial(ag.compile, root))
            program()
            times = [_timed(program)[0] for _ in range(20 if n < 10**6 else 5)]
            if not np.isclose(program(), root.data, rtol=1e-9):
                raise AssertionError(f"{kind} of {n} nodes: the program gives another value")
            found = (nodes, built, laid, float(np.median(times)), program.stats.bytes / nodes)
            for name, x in zip(rows, found, strict=True):
                rows[name].append(x)
            print(f"  {kind}: {nodes} nodes, laid out in {laid:.3g} s, replay {found[3]:.3g} s", flush=True)
            n *= 10
            del root, program
        yield {"work": f"growth: {kind}", "series": rows}


def tracing() -> dict[str, Any]:
    """Trace and lay out micrograd's demo, forward and backward."""
    root, _ = demo_graph(Value, lambda v: v.relu())
    program = ag.compile(root)
    times = [_timed(lambda: ag.compile(root))[0] for _ in range(9)]
    nodes = sum(map(len, ag.topological(root)))
    return {
        "work": f"trace and lay out micrograd's demo, {nodes} nodes, forward and backward",
        "value": float(np.median(times)), "low": min(times), "high": max(times), "unit": "s", "at most": 0.15,
        "note": f"{program.stats.bytes / nodes:.1f} bytes a node",
    }  # fmt: skip


def memory_of_programs() -> dict[str, Any]:
    """Weigh a compiled graph in which no structure can be found."""
    program = ag.compile(random_graph(100_000))
    return {
        "work": "memory of a node, compiled, forward and backward, random graph",
        "value": program.stats.bytes / 100_000, "unit": "bytes", "at most": 40.0,
    }  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made
