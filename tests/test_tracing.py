"""What watches a trace: cases that mutants of `autograd/compiler/tracing/` have asked for, and random trainings."""

from __future__ import annotations

import collections
import enum
import random
import sys
import threading
import types
import typing
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from random_trainings import Training, flat

from autograd import compile, fresh


def test_an_error_of_ones_own_is_not_hidden_by_a_generator_beside_it() -> None:
    holder = types.SimpleNamespace(rng=np.random.default_rng(0))

    def f(x: Any) -> Any:
        assert holder.rng is not None
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        compile(f)(1.0)


def test_an_error_over_a_drawn_number_names_the_generator() -> None:
    holder, table = types.SimpleNamespace(rng=np.random.default_rng(0)), {0.6369616873214543: 2.0}
    assert np.random.default_rng(0).random() in table
    with pytest.raises(RuntimeError, match=r"random numbers from `holder\.rng`|fails"):
        compile(lambda x: x * table[holder.rng.random()])(1.0)


@pytest.mark.parametrize(("f", "words"), [
    (lambda x: x * len([*map(getattr(type, "__subclasses__"), [BaseException])]), "__subclasses__"),  # noqa: B009
    (lambda x: x * random.Random().random(), "random"), (lambda x: x * random.SystemRandom().random(), "random"),
    (lambda x: x * np.random.default_rng().random(), "random"),
    (lambda x: x * float(SAME(2.0)), "nothing that it names leads to"),
    (lambda x: x * HALF.gauss(0.0, 1.0), "nothing that it names leads to|draws random numbers"),
    (lambda x: (x, x * (2.0 if isinstance(x, float) else 3.0)), "plain numbers"),
    (lambda x: (x * (2.0 if isinstance(x, float) else 3.0), x), "plain numbers"),
    (lambda x: x * (1.0 if isinstance(x, float) else 1.0 + 1e-6), "plain numbers"),
])  # fmt: skip
def test_it_is_refused(f: Any, words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        compile(f)(1.5)


class Half(random.Random):
    def random(self) -> float:
        return 0.5 * super().random()


HALF, SAME = Half(3), np.frompyfunc(lambda y: y, 1, 1)


def test_numbers_of_single_precision_are_compared_as_such() -> None:
    x = np.linspace(0.1, 1.0, 7, dtype=np.float32)
    f = compile(lambda x: (x * x).sum() / 3.0)
    assert f(x) == pytest.approx(float((x * x).sum()) / 3.0, rel=1e-5)
    with pytest.raises(RuntimeError, match="plain numbers"):
        compile(lambda x: x * (np.float32(2.0) if isinstance(x, np.ndarray) else np.float32(2.1)))(x)


def test_what_code_names_that_does_not_run_is_no_obstacle() -> None:
    lock = threading.Lock()

    def helper() -> bool:
        return lock.locked()

    assert compile(lambda x, careful=False: x * helper() if careful else 2.0 * x)(3.0) == 6.0


def test_a_refusal_names_the_list_that_has_changed_among_others() -> None:
    one, other, last = [1.0], [2.0], [3.0]

    def f(x: Any) -> Any:
        other.append(one[0])
        return x * last[0]

    with pytest.raises(RuntimeError, match=r"`other` changed"):
        compile(f)(1.0)
    assert (one, other, last) == ([1.0], [2.0], [3.0])


def test_a_refusal_takes_away_an_attribute_that_was_not_there() -> None:
    class Slots:
        __slots__ = ("rate", "seen")

    slots = Slots()
    slots.rate = 2.0

    def f(x: Any) -> Any:
        slots.seen = True
        return x * slots.rate

    with pytest.raises(RuntimeError, match=r"`slots\.seen` changed"):
        compile(f)(1.0)
    assert not hasattr(slots, "seen")


def test_a_module_that_a_function_imports_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    def module(name: str, rate: float) -> Any:
        made: Any = types.ModuleType(name)
        made.rate = rate
        monkeypatch.setitem(sys.modules, name, made)
        return made

    package = module("a_package_of_the_test", 0.0)
    package.__path__ = []
    module("a_package_of_the_test.settings", 2.0)
    space = {"__name__": "a_package_of_the_test.code", "__package__": "a_package_of_the_test"}
    exec(
        "def whole(x):\n import a_package_of_the_test.settings as s\n return x * s.rate\n"
        "def relative(x):\n from .settings import rate\n return x * rate\n",
        space,
    )
    for name in ("whole", "relative"):
        package.settings = module("a_package_of_the_test.settings", 2.0)
        f: Any = compile(space[name])  # type: ignore[call-overload]
        assert f(1.0) == 2.0
        package.settings = module("a_package_of_the_test.settings", 5.0)
        assert f(1.0) == 5.0


def test_draws_of_an_attribute_beside_those_of_fresh() -> None:
    def make() -> Callable[[Any], Any]:
        holder, rng = types.SimpleNamespace(rng=np.random.default_rng(3)), np.random.default_rng(4)
        return lambda x: x + 10.0 * holder.rng.normal() + fresh(rng.normal)

    f, g = compile(make()), make()
    assert [f(1.0) for _ in range(6)] == pytest.approx([getattr(y := g(1.0), "data", y) for _ in range(6)])


def test_defaults_of_a_named_tuple_are_watched() -> None:
    row = [2.0]
    Point = collections.namedtuple("Point", "a b", defaults=[row])
    f = compile(lambda x: x * Point(1.0).b[0])
    assert f(1.0) == 2.0
    row[0] = 5.0
    assert f(1.0) == 5.0


@pytest.mark.parametrize("block", range(3))
def test_random_trainings_do_the_same_compiled(block: int) -> None:
    native = 0
    for seed in range(10 * block, 10 * block + 10):
        found = []
        for compiled in (False, None):
            try:
                found.append(Training(seed).run(compiled))
            except FloatingPointError as error:
                found.append(([], str(error), False))
        (want, rest, _), (numbers, others, is_native) = found
        np.testing.assert_allclose(flat(numbers), flat(want), rtol=1e-8, atol=1e-10, err_msg=f"training {seed}")
        assert others == rest, f"training {seed}"
        native += is_native
    assert native > 4


class Pair:
    def __init__(self, one: Any) -> None:
        self.one = one


class Mode(enum.Enum):
    FAST = 1


@pytest.mark.parametrize("make", [
    Pair, lambda x: {2.0 * x}, lambda x: lambda: 2.0 * x, lambda x: (v for v in [x]), lambda x: [x, (Pair(x),)],
    lambda x: types.SimpleNamespace(a=x), lambda x: np.array([x, None], dtype=object), lambda x: (x, PAIR),
])  # fmt: skip
def test_a_result_that_is_an_object_is_refused(make: Any) -> None:
    with pytest.raises(RuntimeError, match="would return this one for ever"):
        compile(make)(1.0)


PAIR, ROW = Pair(1.0), np.zeros(2)


def test_an_array_that_a_function_makes_is_made_anew() -> None:
    f = compile(lambda x: (2.0 * x, np.arange(3), "text", None, Mode.FAST, np.dtype(float), ROW, Pair))
    first = f(1.0)
    first[1][0] = 9
    again = f(3.0)
    assert again[0] == 6.0 and again[1].tolist() == [0, 1, 2]
    assert again[2:6] == ("text", None, Mode.FAST, np.dtype(float)) and again[6] is ROW and again[7] is Pair


class Row(list):  # type: ignore[type-arg]
    rate = 2.0

    def scaled(self, x: Any) -> Any:
        return x * self.rate


class Table(dict):  # type: ignore[type-arg]
    rate = 2.0

    def scaled(self, x: Any) -> Any:
        return x * self.rate


class Ends(typing.NamedTuple):
    low: float

    def scaled(self, x: Any) -> Any:
        return x * RATES["rate"]


RATES = {"rate": 2.0}


@pytest.mark.parametrize("given", [Row([1.0]), Table(a=1.0), Ends(1.0)])
def test_what_a_container_of_a_class_of_yours_holds_besides_is_watched(given: Any, monkeypatch: Any) -> None:
    f = compile(lambda x, row: (row.scaled(x), row))
    number, row = f(1.0, given)
    assert number == 2.0 and row == given and type(row) is type(given)
    if isinstance(given, Ends):
        monkeypatch.setitem(RATES, "rate", 5.0)
    else:
        monkeypatch.setattr(type(given), "rate", 5.0)
    assert f(1.0, given)[0] == 5.0
    if not isinstance(given, Ends):
        given.rate = 7.0
        assert f(1.0, given)[0] == 7.0


@pytest.mark.parametrize("given", [
    collections.Counter("aab"), collections.OrderedDict(a=2.0, b=1.0), collections.defaultdict(list, a=2.0),
])  # fmt: skip
def test_tables_of_other_kinds_keep_their_kind(given: Any) -> None:
    found, want = compile(lambda x, t: (x * t["a"], t))(1.5, given), (1.5 * given["a"], given)
    assert found == want and type(found[1]) is type(given)
    if isinstance(given, collections.Counter):
        assert compile(lambda x, t: x * t.most_common(1)[0][1])(1.5, given) == 3.0


def test_a_compiled_method_knows_its_object() -> None:
    class Scaled:
        def __init__(self, rate: float) -> None:
            self.rate = rate

        @compile
        def apply(self, x: Any) -> Any:
            return x * self.rate

    one, other = Scaled(2.0), Scaled(3.0)
    assert (one.apply(1.0), other.apply(1.0)) == (2.0, 3.0)
    one.rate = 5.0
    assert (one.apply(1.0), other.apply(1.0), Scaled.apply(one, 2.0)) == (5.0, 3.0, 10.0)
