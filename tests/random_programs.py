"""Random small Python programs with state: settings in random places, changed between calls, draws and side effects.

A program is made twice from the same seed, and runs eagerly and compiled. Each call must give the same, or a refusal.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import random
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Value, exp, fresh, tanh

Place = tuple[Callable[[], Any], Callable[[Any], None]]  # how a program reads a setting, and how the world changes it


@dataclasses.dataclass
class Record:
    rate: Any


class Slots:
    __slots__ = ("rate",)


def places() -> dict[str, Callable[[Any], Place]]:
    """Return makers of places where a setting can live, given its first value."""

    def of_list(v: Any) -> Place:
        row = [v, 0.0]
        return lambda: row[0], lambda new: row.__setitem__(0, new)

    def of_dict(v: Any) -> Place:
        table = {"rate": v}
        return lambda: table["rate"], lambda new: table.update(rate=new)

    def of_nested(v: Any) -> Place:
        table: Any = {"deep": [(1, {"rate": v})]}
        return lambda: table["deep"][0][1]["rate"], lambda new: table["deep"][0][1].update(rate=new)

    def of_record(v: Any) -> Place:
        record = Record(v)
        return lambda: record.rate, lambda new: setattr(record, "rate", new)

    def of_slots(v: Any) -> Place:
        holder = Slots()
        holder.rate = v
        return lambda: holder.rate, lambda new: setattr(holder, "rate", new)

    def of_class(v: Any) -> Place:
        class Settings:
            rate = v

        return lambda: Settings.rate, lambda new: setattr(Settings, "rate", new)

    def of_base(v: Any) -> Place:
        class Base:
            rate = v

        class Settings(Base):
            pass

        holder = Settings()
        return lambda: holder.rate, lambda new: setattr(random.choice((Base, Settings)), "rate", new)

    def of_property(v: Any) -> Place:
        class Settings:
            hidden = v

            @property
            def rate(self) -> Any:
                return self.hidden

        holder = Settings()
        return lambda: holder.rate, lambda new: setattr(holder, "hidden", new)

    def of_getattr(v: Any) -> Place:
        class Settings:
            def __init__(self) -> None:
                self.__dict__["table"] = {"rate": v}

            def __getattr__(self, name: str) -> Any:
                return self.__dict__["table"][name]

        holder: Any = Settings()
        return lambda: holder.rate, lambda new: holder.table.update(rate=new)

    def of_metaclass(v: Any) -> Place:
        box = [v]

        class Meta(type):
            @property
            def rate(cls) -> Any:
                return box[0]

        class Settings(metaclass=Meta):
            pass

        return lambda: Settings.rate, lambda new: box.__setitem__(0, new)

    def of_global(v: Any) -> Place:
        name = f"GLOBAL_{next(_names)}"
        globals()[name] = v
        space: dict[str, Any] = {}
        exec(f"def read():\n    return sum({name} for _ in range(1))", globals(), space)
        return space["read"], lambda new: globals().__setitem__(name, new)

    def of_module(v: Any) -> Place:
        module: Any = types.ModuleType("settings")
        module.rate = v
        return lambda: module.rate, lambda new: setattr(module, "rate", new)

    def of_named_attribute(v: Any) -> Place:
        holder, name = types.SimpleNamespace(rate=v), "ra" + str.lower("TE")
        return lambda: getattr(holder, name), lambda new: setattr(holder, "rate", new)

    def of_default(v: Any) -> Place:
        def read(row: Any = [v]) -> Any:  # noqa: B006
            return row[0]

        return read, lambda new: setattr(read, "__defaults__", ([new],))

    def of_keyword_default(v: Any) -> Place:
        def read(*, rate: Any = v) -> Any:
            return rate

        return read, lambda new: setattr(read, "__kwdefaults__", {"rate": new})

    def of_cell(v: Any) -> Place:
        rate = v

        def change(new: Any) -> None:
            nonlocal rate
            rate = new

        return lambda: (lambda: rate)(), change

    def of_attribute_of_function(v: Any) -> Place:
        def read() -> Any:
            return vars(read)["rate"]

        read.rate = v  # type: ignore[attr-defined]
        return read, lambda new: setattr(read, "rate", new)

    def of_partial(v: Any) -> Place:
        row = [v]
        return functools.partial(lambda row: row[0], row), lambda new: row.__setitem__(0, new)

    def of_method(v: Any) -> Place:
        record = Record(v)
        bound = types.MethodType(lambda self: self.rate, record)
        return bound, lambda new: setattr(record, "rate", new)

    def of_callable(v: Any) -> Place:
        class Reader:
            def __init__(self) -> None:
                self.rate = v

            def __call__(self) -> Any:
                return self.rate

        reader = Reader()
        return reader, lambda new: setattr(reader, "rate", new)

    def of_patched_function(v: Any) -> Place:
        space = types.SimpleNamespace(read=lambda: v)
        return lambda: space.read(), lambda new: setattr(space, "read", lambda: new)

    def of_patched_method(v: Any) -> Place:
        class Reader:
            def read(self) -> Any:
                return v

        reader = Reader()
        return lambda: reader.read(), lambda new: setattr(Reader, "read", lambda self: new)

    def of_other_class(v: Any) -> Place:
        def kind(rate: Any) -> type:
            return type("Kind", (), {"rate": rate})

        holder = kind(v)()
        return lambda: holder.rate, lambda new: setattr(holder, "__class__", kind(new))

    def of_set(v: Any) -> Place:
        numbers = {v}

        def change(new: Any) -> None:
            numbers.clear()
            numbers.add(new)

        return lambda: max(numbers), change

    def of_deque(v: Any) -> Place:
        row = collections.deque([v])
        return lambda: row[-1], lambda new: row.append(new)

    def of_chain(v: Any) -> Place:
        base = {"rate": v}
        chain = collections.ChainMap({}, base)
        return lambda: chain["rate"], lambda new: base.update(rate=new)

    def of_array(v: Any) -> Place:
        array = np.array([0.0, v])
        view = array[1:]
        return lambda: float(view[0]), lambda new: array.__setitem__(1, new)

    def of_scalar_array(v: Any) -> Place:
        array = np.array(v)
        return lambda: float(array), lambda new: array.__setitem__((), new)

    def of_object_array(v: Any) -> Place:
        array = np.array([[v], None], dtype=object)
        return lambda: array[0][0], lambda new: array[0].__setitem__(0, new)

    def of_node(v: Any) -> Place:
        node = Value(v, requires_grad=False)
        return lambda: node, lambda new: setattr(node, "data", new)

    def of_leaf(v: Any) -> Place:
        node = Value(v)
        return lambda: node, lambda new: setattr(node, "data", new)

    def of_text(v: Any) -> Place:
        table = {"rate": str(v)}
        return lambda: float(table["rate"]), lambda new: table.update(rate=str(new))

    def of_bytes(v: Any) -> Place:
        row = bytearray(repr(v).encode())

        def change(new: Any) -> None:
            row[:] = repr(new).encode()

        return lambda: float(row.decode()), change

    def of_sign_of_zero(v: Any) -> Place:
        row = [0.0]
        return lambda: float(np.copysign(1.0, row[0])), lambda new: row.__setitem__(0, -row[0])

    return {f.__name__: f for f in list(locals().values()) if isinstance(f, types.FunctionType)}


_names = itertools.count()
PLACES = places()


def hazards(rng: random.Random) -> dict[str, Callable[[], Any]]:
    """Return what a program cannot repeat, or must repeat in the stream of eager code: each gives a number."""
    own, numpys, row, numbers = random.Random(3), np.random.default_rng(3), [0.0], iter(range(1000))
    array, table, holder, box = np.zeros(1), {}, types.SimpleNamespace(count=0, rng=numpys), {"n": 0}

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

    return {
        "fresh": lambda: fresh(lambda: float(numpys.normal())), "own": own.random,
        "attribute": lambda: holder.rng.normal(), "numpys": lambda: numpys.random(),
        "global": lambda: random.random(), "numpy": lambda: float(np.random.rand()),  # noqa: NPY002
        "next": lambda: float(next(numbers)),
        "clock": lambda: time.perf_counter() * 0.0 + 1.0, "add": add, "write": write, "key": key, "count": count,
        "first": first, "seeded": lambda: float(np.random.default_rng(4).random()),
    }  # fmt: skip


class Program:
    """A function of one number, made of a seed, and the changes that the world makes between its calls."""

    def __init__(self, seed: int, branches: bool = True) -> None:
        rng = self.rng = random.Random(seed)
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        chosen = [PLACES[rng.choice(sorted(PLACES))](rng.choice((0.5, 1.5, -2.0))) for _ in range(rng.randint(1, 4))]
        dangers = hazards(rng)
        self.reads = [read for read, _ in chosen] + [dangers[rng.choice(sorted(dangers))]] * (rng.random() < 0.3)
        self.changes = [change for _, change in chosen]
        joins = [rng.choice(("times", "plus", "tanh", "power", "branch")[: 4 + branches]) for _ in self.reads]
        steps = list(zip(joins, self.reads, strict=True))

        def f(x: Any) -> Any:
            for join, read in steps:
                number = read()
                if join == "times":
                    x = x * number
                elif join == "plus":
                    x = x + number
                elif join == "tanh":
                    x = tanh(x * number)
                elif join == "branch":
                    x = x * 2.0 if x > number else x + number
                else:
                    x = exp(-x * x) * number
            return x

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
