"""Do all ways to a derivative agree on a graph? Differences are held to what rounding can do on that graph.

How far two correct computations may lie apart depends on the graph: after `exp(40 * sin(x))`, further than after
`x + 1`. So it is measured. The graph, together with its backward graph, is computed again with every leaf, constant and
intermediate result moved by up to `ULPS` units in the last place; how far the outputs move, in the largest of some such
runs, is the tolerance. Whole numbers stay, and equal numbers move alike, so that ties, zeros and conditions are kept.
Only where that is too strict may equal numbers move apart, and zeros change their sign; this is counted as loosened.
An output that moves by more than `USELESS` of its size says nothing and is counted as ill-conditioned.
"""

from __future__ import annotations

import collections
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from peers import NoCounterpart
from recipes import Recipe

import autograd as ag
from autograd import TABLE
from autograd.compiler.scalars.body import GraphOfScalars
from autograd.forward import pushforward
from autograd.graph import Node, new_variable, topological
from autograd.modes import quiet

ULPS = 64
USELESS = 1e-2
TINY = {8: 1e-290, 4: 1e-30}  # below, numbers have fewer digits

EXACT = {name for name, row in TABLE.items() if row.__module__.endswith(("layout", "selection"))}
EXACT |= {"abs", "ceil", "floor", "identity", "max", "min", "neg", "relu", "round", "_trunc"}
EXACT -= {"astype"}
"""Rows that move and choose numbers, and round none (a sum in these has its terms moved)."""

HELD = {"anchor"}
"""Rows whose derivative is 0 by purpose, though their value changes."""

FROM_ONE = {"_sech2", "sigmoid"}
"""Rows whose small results other engines compute as 1 minus a number near 1, and so only to a unit of 1."""

STEPS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)

Numbers = list[Any]


class Difference(AssertionError):
    """Two ways to one derivative do not agree."""


@dataclass
class Tally:
    """What was compared, and how it came out."""

    graphs: int = 0
    nodes: int = 0
    largest: int = 0
    rows: collections.Counter[str] = field(default_factory=collections.Counter)
    compared: collections.Counter[str] = field(default_factory=collections.Counter)
    ill_conditioned: collections.Counter[str] = field(default_factory=collections.Counter)
    loosened: collections.Counter[str] = field(default_factory=collections.Counter)
    skipped: collections.Counter[str] = field(default_factory=collections.Counter)

    def saw(self, recipe: Recipe) -> None:
        self.graphs += 1
        self.nodes += len(recipe.steps)
        self.largest = max(self.largest, len(recipe.steps))
        self.rows.update(step.row for step in recipe.steps)

    def useful(self) -> float:
        """Give the share of the numbers whose conditioning lets the comparison say something."""
        return self.compared.total() / (self.compared.total() + self.ill_conditioned.total())

    def __str__(self) -> str:
        lines = [f"{self.graphs:,} random graphs of {self.nodes:,} nodes, the largest of {self.largest:,}"]
        for what, n in self.compared.items():
            also = [
                f"{counts[what]:,} {said}"
                for counts, said in (
                    (self.loosened, "agree only where equal numbers may move apart"),
                    (self.ill_conditioned, "ill-conditioned"),
                    (self.skipped, "not compared"),
                )
                if counts[what]
            ]
            lines.append(f"  {what}: {n:,} numbers agree" + (f" ({', '.join(also)})" if also else ""))
        return "\n".join(lines)


# How far rounding may go ------------------------------------------------------------------------------------


def moved(x: Any, by: float, salt: float, rng: np.random.Generator | None) -> Any:
    """Move a number by up to `by` units in the last place: equal ones alike, unless an `rng` draws for each."""
    if x.__class__ is float:
        if x == 0.0:
            return x if rng is None else float(rng.choice([0.0, -0.0]))
        if not math.isfinite(x) or (rng is None and x == round(x)):
            return x
        share = math.modf(abs(math.frexp(x)[0]) * salt)[0] if rng is None else rng.random()
        return x * (1.0 + by * 2.0**-52 * (2.0 * share - 1.0))
    if x.dtype.kind != "f":
        return x
    share = np.modf(np.abs(np.frexp(x)[0]).astype(np.float64) * salt)[0] if rng is None else rng.random(x.shape)
    out = x * (1.0 + by * float(np.finfo(x.dtype).eps) * (2.0 * share - 1.0))
    if rng is not None:
        out = np.where(x == 0, rng.choice([0.0, -0.0], x.shape), out)
    stays = ~np.isfinite(x) if rng is not None else ~np.isfinite(x) | (x == np.round(x))
    return np.asarray(np.where(stays, x, out)).astype(x.dtype)


class Replay:
    """A graph that can be computed again with other numbers in its leaves, and with numbers moved on the way."""

    def __init__(self, outputs: Sequence[Node]) -> None:
        order, self.leaves = topological(*outputs)
        self.order = order[::-1]
        self.outputs = outputs

    def __call__(
        self, given: dict[Node, Any] | None = None, by: float = 0.0, salt: float = 0.0, rng: Any = None,
        from_one: float = 0.0,
    ) -> Numbers:  # fmt: skip
        given = given or {}
        data: dict[Node, Any] = {}
        for leaf in self.leaves:
            x = given.get(leaf, leaf._data)
            data[leaf] = moved(x, by, salt, rng) if by else x
        for node in self.order:
            op: Any = node.op
            out = op.evaluate([data[x] for x in node.inputs], node.params)
            if from_one and op.name in FROM_ONE:
                out = out + from_one * _eps(out) * np.sin(1e4 * np.arange(1, np.size(out) + 1)).reshape(np.shape(out))
            data[node] = moved(out, by, salt, rng) if by and op.name not in EXACT else out
        return [data[x] for x in self.outputs]


def spread(replay: Replay, runs: int = 2, seed: int | None = None, from_one: float = 0.0) -> Numbers:
    """Say how far each output moves when all numbers do; with a `seed`, equal numbers too apart from one another;
    with `from_one`, small results of some rows by so many units of 1."""
    rng = None if seed is None else np.random.default_rng(seed)
    base = [x._data for x in replay.outputs]
    largest = [np.zeros(np.shape(x)) for x in base]
    with quiet(), np.errstate(all="ignore"):
        for k in range(runs):
            for i, (there, here) in enumerate(
                zip(replay(None, ULPS, 1e4 + 777.77 * k, rng, from_one), base, strict=True)
            ):
                largest[i] = np.maximum(largest[i], _distance(there, here))
    return [
        far + ULPS * _eps(x) * np.abs(np.where(np.isfinite(x), x, 0.0)) + TINY[_width(x)]
        for far, x in zip(largest, base, strict=True)
    ]


def _distance(a: Any, b: Any) -> Any:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        return np.where(same, 0.0, np.where(np.isfinite(a) & np.isfinite(b), np.abs(a - b), np.inf))


def _width(x: Any) -> int:
    return 4 if getattr(x, "dtype", None) == np.float32 else 8


def _eps(x: Any) -> float:
    return 2.0**-23 if _width(x) == 4 else 2.0**-52


# The ways -----------------------------------------------------------------------------------------------------


class Case:
    """One graph, its eager value and gradient, and how far each may be off."""

    def __init__(self, recipe: Recipe, tally: Tally) -> None:
        self.recipe, self.tally = recipe, tally
        tally.saw(recipe)
        self.leaves = recipe.nodes()
        self.root = recipe.build(self.leaves)
        self.root.backward()
        self.value = self.root._data
        self.grads = [np.zeros(x.shape) if x.grad is None else x.grad for x in self.leaves]
        self.slopes = ag.gradients(self.root, self.leaves)
        self.replay = Replay([self.root, *self.slopes])
        self.tolerance = spread(self.replay)
        self.precise = all(_width(node._data) == 8 for node in (*self.replay.order, *self.replay.leaves))

    def compare(self, way: str, have: Numbers, want: Numbers, tolerance: Numbers, loose: Callable[[], Numbers]) -> None:
        """Hold numbers to others; where they differ by more, to what independent rounding can do."""
        for i, (a, b, allowed) in enumerate(zip(have, want, tolerance, strict=True)):
            if np.shape(a) != np.shape(b):
                raise Difference(f"{way}: output {i} has shape {np.shape(a)} and not {np.shape(b)}\n{self.recipe}")
            size = np.max(np.abs(b), where=np.isfinite(b), initial=0.0)
            useless = ~(allowed <= USELESS * size + 1e3 * TINY[_width(b)])
            off = (_distance(a, b) > allowed) & ~useless
            if np.any(off):
                allowed = loose()[i]
                off &= _distance(a, b) > allowed
                if np.any(off):
                    raise Difference(
                        f"{way}: output {i} is {a!r} and not {b!r}, off by {_distance(a, b)!r} "
                        f"where {allowed!r} is allowed\n{self.recipe}"
                    )
                self.tally.loosened[way] += 1
            self.tally.compared[way] += int(np.sum(~useless))
            self.tally.ill_conditioned[way] += int(np.sum(useless))

    def _loose(self) -> Numbers:
        return [np.maximum(a, b) for a, b in zip(spread(self.replay, 30, seed=1), spread(self.replay, 30), strict=True)]

    def agrees(self, way: str, have: Numbers) -> None:
        """Hold a value and gradients to the eager ones."""
        self.compare(way, have, [self.value, *self.grads], self.tolerance, self._loose)

    def backward_graph(self) -> None:
        self.agrees("backward graph", [self.root._data, *(g._data for g in self.slopes)])

    def compiled(self) -> None:
        program = ag.compile(self.root)
        way = "compiled numbers" if isinstance(program._body, GraphOfScalars) else "compiled arrays"
        for _ in range(2):  # the second time over what the first has left in memory
            value = program()
            own = {id(leaf) for leaf in program.leaves}
            found = [x.grad if id(x) in own else g for x, g in zip(self.leaves, self.grads, strict=True)]
            self.agrees(way, [value, *found])

    def forward(self, choose: random.Random) -> None:
        """Forward mode, along one direction, against the gradient times that direction."""
        direction = [_direction(x._data, choose) for x in self.leaves]
        found = pushforward([self.root], dict(zip(self.leaves, direction, strict=True)), graph=False)
        want, allowed = self.along(direction)

        def loose() -> Numbers:
            given = {x: new_variable(v) for x, v in zip(self.leaves, direction, strict=True)}
            replay = Replay([pushforward([self.root], given, graph=True)[self.root]])
            exact = sum(np.sum(np.abs(v) * far) for v, far in zip(direction, self._loose()[1:], strict=True))
            return [exact + spread(replay, 30)[0] + spread(replay, 30, seed=1)[0]]

        have = np.asarray(found.get(self.root, 0.0)).astype(want.dtype)
        if not self.precise and np.isinf(have).any():  # a tangent on the way was too large for float32
            self.tally.skipped["forward mode"] += 1
            return
        self.compare("forward mode", [have], [want], [allowed], loose)

    def along(self, direction: Numbers) -> tuple[Any, Any]:
        """Give the gradient times a direction, and how far that may be off."""
        terms = list(zip(direction, self.grads, self.tolerance[1:], strict=True))
        with np.errstate(all="ignore"):
            want = sum(np.sum(np.multiply(v, g, dtype=np.float64)) for v, g, _ in terms)
            return np.float64(want), sum(np.sum(np.abs(v) * far) for v, _, far in terms)

    def differences(self, choose: random.Random) -> None:
        """Hold the gradient along a direction to central differences of the values, at points further and further."""
        known = self.precise and not self.recipe.is_wild  # far out, and next to kinks, no step is short enough
        if not known or any(step.row in HELD for step in self.recipe.steps):
            self.tally.skipped["differences"] += 1
            return
        direction = [_direction(x._data, choose) for x in self.leaves]
        replay = Replay([self.root])

        def at(t: float) -> float:
            return float(replay({x: x._data + t * v for x, v in zip(self.leaves, direction, strict=True)})[0])

        with quiet(), np.errstate(all="ignore"):
            slopes = [(8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h) for h in STEPS]
        doubt, k = min(
            ((abs(b - a), i) for i, (a, b) in enumerate(pairwise(slopes))), key=lambda x: (math.isnan(x[0]), x)
        )
        want, allowed = self.along(direction)
        terms = sum(np.sum(np.abs(v * g)) for v, g in zip(direction, self.grads, strict=True))
        allowed += 100 * doubt + 1e-7 * terms + 2.0**-48 * np.abs(self.value) / STEPS[k + 1]
        self.compare("differences", [np.float64(slopes[k + 1])], [want], [allowed], lambda: [allowed])

    def peer(self, engine: Any) -> None:
        """Hold value and gradient to those of another engine, where it has all rows of the graph."""
        if not self.precise:
            self.tally.skipped[engine.name] += 1
            return
        try:
            have = engine.value_and_grads(self.recipe)
        except NoCounterpart:
            self.tally.skipped[engine.name] += 1
            return
        # conventions of theirs are rows of test_conventions.py
        if any(np.any(np.isnan(x)) for x in have) or any(map(_is_at_a_bound, self.replay.order)):
            self.tally.skipped[engine.name] += 1
            return
        allowed = [np.maximum(a, b) for a, b in zip(self.tolerance, spread(self.replay, from_one=4.0), strict=True)]
        self.compare(engine.name, have, [self.value, *self.grads], allowed, self._loose)


def _is_at_a_bound(node: Node) -> bool:
    if node.op is not ag.clip:
        return False
    x, *bounds = (operand._data for operand in node.inputs)
    return any(np.any(np.equal(x, bound)) for bound in bounds)


def _direction(data: Any, choose: random.Random) -> Any:
    if data.__class__ is float:
        return choose.uniform(-1.0, 1.0)
    return np.array([choose.uniform(-1.0, 1.0) for _ in range(data.size)]).reshape(data.shape).astype(data.dtype)


def check(
    recipe: Recipe, tally: Tally, choose: random.Random, peers: Sequence[Any] = (), differences: bool = True
) -> None:
    """Hold all ways to a derivative to the eager one, on one graph."""
    case = Case(recipe, tally)
    case.backward_graph()
    case.compiled()
    if all(np.all(np.isfinite(x)) for x in (case.value, *case.grads)):
        case.forward(choose)
        if differences:
            case.differences(choose)
        for engine in peers:
            case.peer(engine)
    else:
        tally.skipped["forward mode"] += 1
