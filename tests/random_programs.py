"""Random small Python programs with state: settings in random places, changed between calls, draws and side effects.

A program is made twice from the same seed, and runs eagerly and compiled. Each call must give the same, or a refusal.
"""

# ruff: noqa: C417, NPY002, RUF015, UP032 (people write these, too)
from __future__ import annotations

import collections
import contextlib
import functools
import io
import itertools
import json
import logging
import math
import operator
import os
import random
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from random_places import PLACES

from autograd import Tensor, Value, exp, fresh, no_grad, tanh, where

Read = Callable[[], Any]


class Reader:
    def __init__(self, read: Read) -> None:
        self.read = read

    def __call__(self) -> Any:
        return self.read()

    @property
    def number(self) -> Any:
        return self.read()


def ways(read: Read) -> list[Read]:
    """Return functions that all give what `read` gives, called in another way."""
    reader, table, row = Reader(read), {"read": read}, [read]

    def default(f: Read = read) -> Any:
        return f()

    def finally_() -> Any:
        try:
            return read()
        finally:
            len(row)

    def recursive(n: int = 3) -> Any:
        return recursive(n - 1) if n else read()

    def caught() -> Any:
        try:
            raise KeyError
        except KeyError:
            return read()

    @contextlib.contextmanager
    def manager() -> Iterator[Any]:
        yield read()

    def managed() -> Any:
        with manager() as number:
            return number

    @functools.wraps(read)
    def wrapped() -> Any:
        return read()

    def yielded() -> Any:
        def numbers() -> Iterator[Any]:
            yield from (f() for f in row)

        return next(numbers())

    return [
        read, default, finally_, recursive, caught, managed, wrapped, yielded, reader, lambda: reader.number,
        lambda: [read() for _ in range(1)][0], lambda: sum(map(lambda f: f(), row)), lambda: table["read"](),
        lambda: {k: f() for k, f in table.items()}["read"], lambda: getattr(reader, "re" + "ad")(),
        functools.partial(lambda f: f(), read), functools.partial(operator.methodcaller("read"), reader),
        lambda: functools.reduce(lambda _, f: f(), row, None), lambda: max([f() for f in row]),
        lambda: sorted([(0, read)], key=lambda pair: pair[0])[0][1](), lambda: [*itertools.starmap(read, [()])][0],
    ]  # fmt: skip


def hazards(rng: random.Random) -> dict[str, Read]:
    """Return what a program cannot repeat, or must repeat in the stream of eager code: each gives a number."""
    own, numpys, row, numbers = random.Random(3), np.random.default_rng(3), [0.0], iter(range(1000))
    old, bits, draw = np.random.RandomState(3), np.random.PCG64(3), np.random.default_rng(3).normal
    array, table, box, queue = np.zeros(3), {}, {"n": 0}, collections.deque([1.0, 2.0], maxlen=50)
    holder: Any = types.SimpleNamespace(count=0, rng=numpys, old=old, own=own)
    counter, seen, leaf, text, lines = collections.Counter(), {0}, Value(1.0), io.StringIO(), ["1.0"] * 50
    spaces, total = iter(np.random.SeedSequence(3).spawn(50)), 0.0

    class Settings:
        count = 0

        @functools.cached_property
        def memo(self) -> float:
            return 2.0

    class Half(random.Random):
        def random(self) -> float:
            return 0.5 * super().random()

    @functools.lru_cache
    def cached(n: int) -> float:
        return row[0] + n

    def steps() -> Iterator[float]:
        yield from itertools.count(1.0)

    settings, half, stream = Settings(), Half(3), steps()

    def add() -> float:
        row.append(1.0)
        return float(len(row))

    def write() -> float:
        array[0] += 1.0
        return float(array[0])

    def key() -> float:
        table[len(table)] = 1
        return float(len(table))

    def count() -> float:
        holder.count += 1
        return float(holder.count)

    def first() -> float:
        box["n"] += 1
        return 1.0 / box["n"]

    def of_class() -> float:
        Settings.count += 1
        return float(Settings.count)

    def of_outer() -> float:
        nonlocal total
        total += 0.5
        return total

    def of_function() -> float:
        of_function.count = getattr(of_function, "count", 0.0) + 1.0  # type: ignore[attr-defined]
        return of_function.count  # type: ignore[attr-defined]

    def of_set() -> float:
        seen.add(len(seen))
        return float(len(seen))

    def of_queue() -> float:
        queue.rotate(1)
        return queue[0]

    def of_leaf() -> float:
        leaf.data = leaf.data + 1.0
        return leaf.data

    def of_label() -> float:
        leaf.label += "a"
        return float(len(leaf.label))

    def of_default(seen: list[float] = []) -> float:  # noqa: B006
        seen.append(1.0)
        return float(len(seen))

    def of_counter() -> float:
        counter.update("ab")
        return float(counter["a"])

    def swap() -> float:
        array[1], array[2] = array[2] + 1.0, array[1]
        return float(array[1])

    def sort() -> float:
        row.insert(0, -row[0] - 1.0)
        row.sort()
        return row[0]

    def into() -> float:
        numpys.random(out=array)
        return float(array[0])

    def shuffle() -> float:
        np.random.shuffle(array)
        return float(array[0])

    def told() -> float:
        text.write("1")
        return float(len(text.getvalue()))

    def logged() -> float:
        logging.getLogger("a_logger_of_a_test").debug("here")
        return 1.0

    def system() -> float:
        os.environ["A_NUMBER_OF_A_TEST"] = str(float(os.environ.get("A_NUMBER_OF_A_TEST", "0")) + 0.0)
        return float(os.environ["A_NUMBER_OF_A_TEST"])

    def reseeded() -> float:
        numpys.bit_generator.state = np.random.default_rng(5).bit_generator.state
        return float(numpys.random())

    return {
        "fresh": lambda: fresh(lambda: float(numpys.normal())), "own": own.random,
        "gauss": lambda: own.gauss(0.0, 1.0), "attribute": lambda: holder.rng.normal(),
        "old attribute": lambda: holder.old.uniform(1.0, 2.0), "own attribute": lambda: holder.own.uniform(1.0, 2.0),
        "choice": lambda: holder.rng.choice([1.0, 2.0]), "integer": lambda: float(holder.rng.integers(1, 9)),
        "chance": lambda: 2.0 if holder.rng.random() < 0.5 else 3.0,
        "of a row": lambda: holder.rng.normal(size=3).sum(), "bound": lambda: draw(),
        "bits": lambda: bits.random_raw() % 9, "numpys": lambda: numpys.random(), "global": lambda: random.random(),
        "gauss of all": lambda: random.gauss(0, 1), "choice of all": lambda: random.choice([1.0, 2.0, 3.0]),
        "numpy": lambda: float(np.random.rand()), "normal": lambda: float(np.random.normal(size=2)[0]),
        "shuffle": shuffle, "into": into, "permutation": lambda: float(np.random.permutation(5)[0]),
        "class": half.random, "spawned": lambda: float(np.random.default_rng(next(spaces)).random()),
        "sample": lambda: float(own.sample(lines, 1)[0]), "next": lambda: float(next(numbers)),
        "yielded": lambda: next(stream), "popped": lambda: float(lines.pop()),
        "clock": lambda: time.perf_counter() * 0.0 + 1.0, "add": add, "write": write, "key": key, "count": count,
        "first": first, "of class": of_class, "of outer": of_outer, "of function": of_function, "of set": of_set,
        "of queue": of_queue, "of leaf": of_leaf, "of label": of_label, "of default": of_default, "swap": swap,
        "of counter": of_counter, "sort": sort, "told": told, "logged": logged, "system": system,
        "reseeded": reseeded, "memo": lambda: settings.memo, "cached": lambda: cached(1),
        "seeded": lambda: float(np.random.default_rng(4).random()),
    }  # fmt: skip


def spelled() -> list[Callable[[Any], Any]]:
    """Return what turns the argument into plain numbers, or asks for its type: each gives a number."""

    def within(x: Any) -> float:
        with no_grad():
            return float(x)

    def compared(x: Any) -> float:
        match x:
            case float():
                return 1.0
            case _ if x > 1.0:
                return 2.0
        return 3.0

    return [
        float, lambda x: float(f"{float(x):.3f}"), lambda x: int(10.0 * float(x)), lambda x: complex(x).real, within,
        lambda x: round(float(x), 1), lambda x: math.sin(x), lambda x: math.floor(x), lambda x: math.fsum([x, 1.0]),
        lambda x: float(f"{x:.3f}"), lambda x: float("{:.3f}".format(x)), lambda x: float(format(x, ".2f")),
        lambda x: len(f"{x:.1f}"), lambda x: float(np.asarray(x)), lambda x: float(np.float64(x)),
        lambda x: float(np.array([x])[0]), compared, lambda x: 2.0 if x > 1.0 else 3.0,
        lambda x: 2.0 if x == 0.3 else 3.0, lambda x: 2.0 if x != 0.3 else 3.0,
        lambda x: 2.0 if x in (0.3, 5.0) else 3.0, lambda x: max([x, 1.0]), lambda x: sorted([x, 0.0])[0],
        lambda x: [0.3, 1.0].count(x), lambda x: {0.3: 2.0}.get(float(x), 1.0), lambda x: 2.0 if x else 3.0,
        lambda x: sum(1.0 for t in (-1.0, 0.0, 1.0) if t < x), lambda x: int(x > 0) + 1.0,
        lambda x: 2.0 if not x > 0 else 3.0, lambda x: 2.0 if isinstance(x, (Value, Tensor)) else 5.0,
        lambda x: 2.0 if isinstance(x, float) else 3.0, lambda x: 2.0 if type(x) is float else 3.0,
        lambda x: 2.0 if hasattr(x, "data") else 3.0, lambda x: np.searchsorted([0.0, 1.0], float(x)) + 1.0,
        lambda x: json.loads(json.dumps(float(x))), lambda x: 2.0 if math.isclose(x, 0.3) else 3.0,
        lambda x: float(np.sign(float(x))), lambda x: 2.0 if x.__gt__(0) else 3.0,
        lambda x: min(x, 0.5, key=lambda y: abs(float(y))), lambda x: bool(x) + 1.0, lambda x: where(x > 0, 2.0, 3.0),
        lambda x: float(str(float(x))), lambda x: 1.0 + ("3" in f"{float(x):.1f}"),
        lambda x: 2.0 if 0.0 < x < 1.0 else 3.0,
    ]  # fmt: skip


def joined(x: Any, join: str, number: Any) -> Any:
    """Return what a step makes of the argument and a setting."""
    plain = isinstance(number, (int, float))
    if join == "plus":
        return x + number
    if join == "tanh":
        return tanh(x * number)
    if join == "power":
        return exp(-x * x) * number
    if join == "branch":
        return x * 2.0 if x > number else x + number
    if join == "in place":
        x *= number
        return x
    if join == "repeat" and plain:
        for i in range(min(int(abs(number)), 3)):
            x = x * 0.5 + i
        return x
    if join == "text" and plain:
        return x * float(f"{number:.2f}")
    if join == "raise" and plain:
        try:
            return x * [2.0, 3.0][0 if number < 0.0 else 5]
        except IndexError as error:
            return x + len(error.args)
    if join == "table" and plain:
        return x * {True: 2.0, False: -1.5}[number > 1.0]
    if join == "while" and plain:
        while (number := number - 1.0) > 0.0:
            x = x + 0.25
        return x
    if join == "where":
        return where(x > 0.0, x * number, x)
    return x * number


JOINS = ("times", "plus", "tanh", "power", "in place", "repeat", "text", "raise", "table", "while", "where", "branch")
FORMS: list[Callable[[Any], Any]] = [
    lambda x: (x, 2.0 * x), lambda x: {"one": x, "other": [x * x]}, lambda x: [x, x], lambda x: (x, 1.5),
    lambda x: (x, [x + 1.0, (x,)]),
]  # fmt: skip


class Program:
    """A function of one number, made of a seed, and the changes that the world makes between its calls.

    Args:
        seed: all that is random depends on it.
        free: whether it may branch on its argument, turn it into a plain number, and return several numbers.
    """

    def __init__(self, seed: int, free: bool = True) -> None:
        rng = self.rng = random.Random(seed)
        random.seed(seed)
        np.random.seed(seed)
        chosen = [PLACES[rng.choice(sorted(PLACES))](rng.choice((0.5, 1.5, -2.0))) for _ in range(rng.randint(1, 4))]
        dangers = hazards(rng)
        self.hazard = rng.choice(sorted(dangers)) if rng.random() < 0.3 else ""
        reads = [read for read, _ in chosen] + [dangers[name] for name in (self.hazard,) if name]
        self.reads = [rng.choice(ways(read)) for read in reads]
        self.changes = [change for _, change in chosen]
        steps = [(rng.choice(JOINS if free else JOINS[:-1]), read) for read in self.reads]
        self.spelling = rng.choice(spelled()) if free and rng.random() < 0.2 else None
        form = rng.choice(FORMS) if free and rng.random() < 0.2 else None
        spelling = self.spelling

        def f(x: Any) -> Any:
            if spelling is not None:
                x = x * spelling(x)
            for join, read in steps:
                x = joined(x, join, read())
            return x if form is None else form(x)

        self.f = f

    def run(self, wrap: Callable[[Any], Any], calls: int = 6) -> list[Any]:
        """Call the function, and change something between the calls; stop at a refusal."""
        f, out = wrap(self.f), []
        for _ in range(calls):
            out.append(f(self.rng.choice((0.3, -1.2, 2.0))))
            self.change()
        return out

    def change(self, *_: Any) -> None:
        """Change a setting, or not."""
        if self.rng.random() < 0.6:
            self.rng.choice(self.changes)(self.rng.choice((0.5, 1.5, -2.0, 3.0)))
