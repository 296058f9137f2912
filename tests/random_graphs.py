"""Random graphs over the whole table, as data: grown from a source of choices, built on any engine, printed.

`grown` draws a `Recipe` from a `random.Random`; under hypothesis from one that shrinks. It reads the table: a new row
of numbers joins by itself, as does one whose settings are `axis` and `keepdims`; for other settings say in
`graph_settings.py` how to draw them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
from graph_settings import SETTINGS
from recipes import Place, Recipe, Step

from autograd import TABLE

Shape = tuple[int, ...]
REALS = (-math.inf, math.inf)
LARGEST = {"tame": 1e3, "wild": math.inf}
"""How large a number of a graph may be; in a wild one also infinite, and NaN."""


def grown(
    choose: random.Random, kind: str = "", precision: str = "", size: int = 0, manner: str = "", leaves: Any = None
) -> Recipe:
    """Grow a graph of a random kind and size; what is named is not drawn.

    Args:
        choose: the source of all choices.
        kind: "values", "tensors" or "mixed".
        precision: "float64", "float32" or "both".
        size: the number of steps, about; more than 100 make a deep chain with few leaves.
        manner: "tame", all numbers finite and in their domains, or "wild".
        leaves: the numbers and arrays to start from.
    """
    kind = kind or choose.choice(["values", "tensors", "tensors", "mixed"])
    precision = precision or (
        "float64" if kind == "values" else choose.choice(["float64", "float64", "float32", "both"])
    )
    manner = manner or ("wild" if choose.random() < 0.05 else "tame")
    if not size:
        deep = choose.random() < 0.005
        size = round(math.exp(choose.uniform(math.log(24), math.log(3_300)) if deep else choose.uniform(0.0, 3.0)))
    grower = _Grower(choose, kind, precision, manner, leaves)
    (grower.deepen if size > 100 else grower.widen)(size)
    return grower.finished()


class _Grower:
    def __init__(self, choose: random.Random, kind: str, precision: str, manner: str, leaves: Any = None) -> None:
        self.choose, self.kind, self.precision, self.largest = choose, kind, precision, LARGEST[manner]
        self.wild = manner == "wild"
        self.data = list(self.leaves() if leaves is None else leaves)
        self.recipe = Recipe(list(self.data), is_wild=self.wild)
        self.uses = [0] * len(self.data)
        self.optional = kind != "values" or choose.random() < 0.3  # programs of numbers have no rows with settings

    def leaves(self) -> list[Any]:
        choose = self.choose
        shape = tuple(choose.choice([1, 2, 3, 4]) for _ in range(choose.choice([1, 1, 2, 2, 3])))
        shapes = [shape, shape[-1:], (*shape[:-1], 1), shape, ()]
        leaves: list[Any] = []
        for i in range(choose.randint(1, 4)):
            single = self.kind == "values" or (self.kind == "mixed" and choose.random() < 0.5)
            leaves.append(self.number() if single else self.array(shapes[i] if i < 2 else choose.choice(shapes)))
        return leaves

    # Numbers ---------------------------------------------------------------------------------------------

    def number(self) -> float:
        if self.wild and self.choose.random() < 0.2:
            return self.choose.choice([0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 1e-300, 1e200, -800.0, 40.0])
        return self.choose.uniform(-2.0, 2.0)

    def dtype(self) -> str:
        return self.choose.choice(["float32", "float64"]) if self.precision == "both" else self.precision

    def array(self, shape: Shape) -> np.ndarray:
        numbers = [self.number() for _ in range(math.prod(shape))]
        with np.errstate(over="ignore"):
            return np.array(numbers, np.float64).reshape(shape).astype(self.dtype())

    # Operands --------------------------------------------------------------------------------------------

    def shape(self, x: Any) -> Shape:
        return np.shape(self.data[x] if x.__class__ is Place else x)

    def place(self, want: Callable[[Any], bool] = lambda data: True, tries: int = 6) -> Place | None:
        """Take an operand there is, most often a late one, so that graphs get deep."""
        n = len(self.data)
        for _ in range(tries):
            late = self.choose.random() < 0.6
            i = n - 1 - int(min(self.choose.expovariate(0.4), n - 1)) if late else self.choose.randrange(n)
            if want(self.data[i]):
                return Place(i)
        return None

    def array_place(self) -> Place | None:
        return self.place(lambda x: x.__class__ is np.ndarray)

    def beside(self, shape: Shape) -> Any:
        """Take an operand that broadcasts with `shape`: a node, or a constant."""

        def fits(data: Any) -> bool:
            try:
                return math.prod(np.broadcast_shapes(shape, np.shape(data))) <= 64
            except ValueError:
                return False

        if self.choose.random() < 0.8 and (found := self.place(fits)) is not None:
            return found
        if self.kind == "values" or self.choose.random() < 0.5:
            return self.number()
        return self.array(self.choose.choice([shape, shape[-1:]]))

    def into(self, x: Any, interval: tuple[float, float]) -> Any:
        """Bring an operand into the domain of a row, by further steps."""
        low, high = interval
        if (low, high) == REALS or (self.wild and self.choose.random() < 0.7):
            return x
        data = self.data[x] if isinstance(x, Place) else x
        if np.all((data > low + 0.01) & (data < high - 0.01)) and self.choose.random() < 0.7:
            return x
        if math.isinf(high):
            return self.add("add", (self.add("square", (x,)), low + self.choose.choice([0.1, 0.5, 1.0])))
        return self.add("add", (self.add("mul", (self.add("sin", (x,)), 0.45 * (high - low))), 0.5 * (low + high)))

    # Steps -----------------------------------------------------------------------------------------------

    def add(self, row: str, operands: tuple[Any, ...], settings: dict[str, Any] | None = None) -> Place:
        """Add a step; LookupError if its numbers are too large, or its result is."""
        settings = settings or {}
        out = TABLE[row].evaluate([self.data[x] if x.__class__ is Place else x for x in operands], settings)
        if np.size(out) > 64 or np.size(out) == 0:
            raise LookupError("the result is too large, or empty")
        if not self.wild and not np.all(np.abs(out) <= self.largest):
            raise LookupError("a number is too large")
        self.recipe.steps.append(Step(row, operands, settings))
        for x in operands:
            if x.__class__ is Place:
                self.uses[x] += 1
        self.data.append(out)
        self.uses.append(0)
        return Place(len(self.data) - 1)

    def draw(self) -> Place | None:
        """Add a step of any row, with what it needs before it; None if that came to nothing."""
        name = self.choose.choice(ROWS)
        row = TABLE[name]
        if (self.kind == "values" and not (row.elementwise or name == "where")) or (row.options and not self.optional):
            return None
        before = len(self.data)
        try:
            if row.elementwise:
                return self.elementwise(name)
            if name in SETTINGS:
                drawn = SETTINGS[name](self)
                return None if drawn is None else self.add(name, *drawn)
            return self.reduction(name)
        except LookupError:
            self.forget(before)
            return None

    def forget(self, n: int) -> None:
        """Take back what came after the first `n` nodes."""
        first = n - len(self.recipe.leaves)
        for step in self.recipe.steps[first:]:
            for x in step.operands:
                if x.__class__ is Place:
                    self.uses[x] -= 1
        del self.data[n:], self.uses[n:], self.recipe.steps[first:]

    def elementwise(self, name: str) -> Place:
        row = TABLE[name]
        first = self.place()
        assert first is not None
        operands, shape = [self.into(first, row.domain[0])], self.shape(first)
        for interval in row.domain[1:]:
            x = self.beside(shape)
            shape = np.broadcast_shapes(shape, self.shape(x))
            operands.append(self.into(x, interval) if isinstance(x, Place) else _inside(x, interval, self.wild))
        if len(operands) > 1 and isinstance(operands[1], Place) and self.choose.random() < 0.3:
            operands[0] = _inside(self.number(), row.domain[0], self.wild)  # a constant on the left
        settings = {"order": self.choose.choice([0, 1, 2])} if "order" in row.options else {}
        return self.add(name, tuple(operands), settings)

    def axis(self, ndim: int, several: bool = True) -> Any:
        choices: list[Any] = [None, *range(ndim), *range(-ndim, 0)] if several else [*range(-ndim, ndim)]
        if several and ndim > 1:
            choices += [(0, -1), (-1,), tuple(range(ndim))]
        return self.choose.choice(choices)

    def reduction(self, name: str) -> Place | None:
        unknown = set(TABLE[name].options) - {"axis", "keepdims"}
        if unknown or TABLE[name].arity != 1:
            raise TypeError(
                f"say in SETTINGS how to draw the settings of the row `{name}`: {unknown or 'its operands'}"
            )
        x = self.array_place()
        if x is None:
            return None
        settings: dict[str, Any] = {"axis": self.axis(len(self.shape(x)))}
        if "keepdims" in TABLE[name].options:
            settings["keepdims"] = self.choose.random() < 0.3
        return self.add(name, (x,), settings)

    # Whole graphs ----------------------------------------------------------------------------------------

    def widen(self, size: int) -> None:
        tries = 0
        while len(self.recipe.steps) < size and tries < 20 * size:
            self.draw()
            tries += 1

    def deepen(self, size: int) -> None:
        """Grow a chain: each step moves the last number by a little, so that a gradient comes through alive."""
        self.optional = self.kind != "values"
        last, start = self.place(), len(self.recipe.steps)
        while len(self.recipe.steps) - start < 3 * size:
            new = self.draw()
            if new is None:
                continue
            try:
                kept = self.add("mul", (last, 0.995))
                moved = self.add("add", (kept, self.add("mul", (new, self.choose.uniform(-0.02, 0.02)))))
                if self.shape(moved) == self.shape(last):
                    last = moved
            except (LookupError, ValueError):  # too large; shapes that do not fit
                continue

    def finished(self) -> Recipe:
        """Sum what is left over, with weights, to one number; what a step has used, counts through that step."""
        left = [Place(i) for i in range(len(self.data)) if not self.uses[i]]
        total = None
        self.largest = math.inf
        for x in left:
            data = self.data[x]
            if data.__class__ is np.ndarray:
                x = self.add("sum", (self.add("mul", (x, _weights(data))),))
            elif len(left) > 1:
                x = self.add("mul", (x, 0.75))
            total = x if total is None else self.add("add", (total, x))
        return self.recipe


def _weights(data: np.ndarray) -> np.ndarray:
    return (0.5 + 0.25 * np.cos(np.arange(data.size))).reshape(data.shape).astype(data.dtype)


def _inside(x: Any, interval: tuple[float, float], wild: bool) -> Any:
    """Bring a constant into a domain."""
    low, high = interval
    if interval == REALS or wild:
        return x
    y = low + 0.1 + np.abs(x) if math.isinf(high) else low + (high - low) * (0.5 + 0.45 * np.tanh(x))
    return float(y) if isinstance(x, float) else y.astype(x.dtype)


ROWS = sorted(TABLE)
