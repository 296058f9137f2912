"""Places where a setting can live, for `random_programs`."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import operator
import random
import types
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd import Tensor, Value

Place = tuple[Callable[[], Any], Callable[[Any], None]]  # how a program reads a setting, and how the world changes it


@dataclasses.dataclass
class Record:
    rate: Any


@dataclasses.dataclass(frozen=True)
class Frozen:
    rate: Any


class Point(NamedTuple):
    rates: list[Any]
    other: float


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
        name = f"GLOBAL_{len(globals())}"
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

    def of_structured_array(v: Any) -> Place:
        array = np.array([(v, 1)], dtype=[("rate", float), ("count", int)])
        return lambda: float(array["rate"][0]), lambda new: array["rate"].__setitem__(0, new)

    def of_strided_array(v: Any) -> Place:
        array = np.full((3, 3), v)
        column = array[::2, 1]
        return lambda: float(column.mean()), lambda new: array.__setitem__((slice(None), 1), new)

    def of_dtype(v: Any) -> Place:
        row = [np.array([v], np.float64)]
        return lambda: float(row[0][0]) * row[0].itemsize, lambda new: row.__setitem__(0, np.array([new], np.float32))

    def of_shape(v: Any) -> Place:
        array = np.full((2, 3), v)
        return lambda: array[0, 0] * array.shape[0], lambda new: setattr(array, "shape", array.shape[::-1])

    def of_tensor(v: Any) -> Place:
        tensor = Tensor(np.array([v, 1.0]), requires_grad=False)
        return lambda: tensor[0], lambda new: tensor.data.__setitem__(0, new)

    def of_parameter(v: Any) -> Place:
        tensor = Tensor(np.array([v, 1.0]))
        return lambda: tensor.sum(), lambda new: setattr(tensor, "data", np.array([new, 2.0]))

    def of_label(v: Any) -> Place:
        node = Value(1.0, label=str(v))
        return lambda: float(node.label), lambda new: setattr(node, "label", str(new))

    def of_default_table(v: Any) -> Place:
        table: Any = collections.defaultdict(list, rate=[v])
        return lambda: table["rate"][-1], lambda new: table["rate"].append(new)

    def of_ordered_table(v: Any) -> Place:
        table = collections.OrderedDict(one=v, other=1.5)
        return lambda: next(iter(table.values())), lambda new: (table.update(one=new), table.move_to_end("one"))

    def of_counter(v: Any) -> Place:
        counter = collections.Counter({v: 3, 7.0: 1})
        return lambda: counter.most_common(1)[0][0], lambda new: counter.update({new: 5})

    def of_user_table(v: Any) -> Place:
        table = collections.UserDict(rate=v)
        return lambda: table["rate"], lambda new: table.update(rate=new)

    def of_missing(v: Any) -> Place:
        class Table(dict):  # type: ignore[type-arg]
            def __missing__(self, key: str) -> Any:
                return self.rate  # type: ignore[attr-defined]

        table: Any = Table()
        table.rate = v
        return lambda: table["any"], lambda new: setattr(table, "rate", new)

    def of_view_of_table(v: Any) -> Place:
        table = {"rate": v}
        view = types.MappingProxyType(table)
        return lambda: view["rate"], lambda new: table.update(rate=new)

    def of_tuple(v: Any) -> Place:
        point = Point([v], 1.0)
        return lambda: point.rates[-1], lambda new: point.rates.append(new)

    def of_frozen_record(v: Any) -> Place:
        record = Frozen(v)
        return lambda: record.rate, lambda new: object.__setattr__(record, "rate", new)

    def of_fields(v: Any) -> Place:
        record = Record(v)
        return lambda: sum(dataclasses.asdict(record).values()), lambda new: setattr(record, "rate", new)

    def of_member(v: Any) -> Place:
        Kind = enum.Enum("Kind", {"ONE": v, "OTHER": 4.0})
        row = [Kind.ONE]
        return lambda: row[0].value, lambda new: row.__setitem__(0, Kind.OTHER)

    def of_descriptor(v: Any) -> Place:
        class Number:
            def __set_name__(self, owner: type, name: str) -> None:
                self.name = "_" + name

            def __get__(self, holder: Any, owner: Any = None) -> Any:
                return vars(holder)[self.name]

            def __set__(self, holder: Any, new: Any) -> None:
                vars(holder)[self.name] = new

        class Settings:
            rate = Number()

        holder = Settings()
        holder.rate = v  # type: ignore[assignment]
        return lambda: holder.rate, lambda new: setattr(holder, "rate", new)

    def of_getattribute(v: Any) -> Place:
        class Settings:
            rate = v

            def __getattribute__(self, name: str) -> Any:
                return object.__getattribute__(self, name)

        holder = Settings()
        return lambda: holder.rate, lambda new: setattr(random.choice((Settings, holder)), "rate", new)

    def of_class_method(v: Any) -> Place:
        class Settings:
            rate = v

            @classmethod
            def read(cls) -> Any:
                return cls.rate

        return Settings.read, lambda new: setattr(Settings, "rate", new)

    def of_static_method(v: Any) -> Place:
        class Settings:
            read = staticmethod(lambda: v)

        return lambda: Settings.read(), lambda new: setattr(Settings, "read", staticmethod(lambda: new))

    def of_super(v: Any) -> Place:
        class Base:
            def read(self) -> Any:
                return v

        class Settings(Base):
            def read(self) -> Any:
                return super().read()

        holder = Settings()
        return holder.read, lambda new: setattr(Base, "read", lambda self: new)

    def of_operators(v: Any) -> Place:
        class Settings:
            rate = v
            __len__ = lambda self: 3
            __getitem__ = lambda self, key: self.rate
            __contains__ = lambda self, key: key < self.rate
            __iter__ = lambda self: iter((self.rate,))
            __float__ = lambda self: float(self.rate)
            __eq__ = lambda self, other: self.rate == other
            __hash__ = None  # type: ignore[assignment]
            __enter__ = lambda self: self.rate
            __exit__ = lambda self, *_: False
            __neg__ = lambda self: -self.rate
            __bool__ = lambda self: self.rate > 0

        holder: Any = Settings()

        def entered() -> Any:
            with holder as rate:
                return rate

        ways: list[Callable[[], Any]] = [
            lambda: holder["any"], lambda: 2.0 if 1.0 in holder else 3.0, lambda: sum(holder), lambda: float(holder),
            lambda: 2.0 if holder == 1.5 else 3.0, entered, lambda: -holder, lambda: 2.0 if holder else 3.0,
        ]  # fmt: skip
        return random.choice(ways), lambda new: setattr(random.choice((holder, Settings)), "rate", new)

    def of_code(v: Any) -> Place:
        def read() -> Any:
            return 1.5

        def other() -> Any:
            return -0.5

        return read, lambda new: setattr(read, "__code__", other.__code__)

    def of_memo(v: Any) -> Place:
        class Settings:
            rate = v

            @functools.cached_property
            def double(self) -> Any:
                return 2.0 * self.rate

        holder = Settings()
        return lambda: holder.double, lambda new: vars(holder).update(double=new)

    def of_exception(v: Any) -> Place:
        error = ValueError(v)

        def read() -> Any:
            try:
                raise error
            except ValueError as caught:
                return caught.args[0]

        return read, lambda new: setattr(error, "args", (new,))

    def of_absent(v: Any) -> Place:
        holder = types.SimpleNamespace()
        return lambda: getattr(holder, "rate", v), lambda new: setattr(holder, "rate", new)

    def of_dir(v: Any) -> Place:
        holder = types.SimpleNamespace(rate=v)
        return lambda: float(len(vars(holder))), lambda new: setattr(holder, f"rate{new}".replace("-", "_"), new)

    def of_getter(v: Any) -> Place:
        holder = types.SimpleNamespace(inner=Record(v))
        get = operator.attrgetter("inner.rate")
        return lambda: get(holder), lambda new: setattr(holder, "inner", Record(new))

    def of_method_of_partial(v: Any) -> Place:
        class Settings:
            rate = v

            def scaled(self, by: float) -> Any:
                return self.rate * by

            read = functools.partialmethod(scaled, 0.5)

        holder = Settings()
        return holder.read, lambda new: setattr(holder, "rate", new)

    def of_names(v: Any) -> Place:
        def read() -> Any:
            return v

        return lambda: float(len(read.__name__)), lambda new: setattr(read, "__name__", "read" * random.randint(1, 3))

    return {f.__name__: f for f in list(locals().values()) if isinstance(f, types.FunctionType)}



PLACES = places()
