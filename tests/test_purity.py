"""What Python does around a traced graph is followed or refused: `random_programs`, and single cases."""

from __future__ import annotations

import collections
import copy
import copyreg
import cProfile
import functools
import gc
import importlib
import logging
import numbers
import os
import pickle
import random
import signal
import sys
import threading
import time
import types
import typing
import warnings
import weakref
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from random_programs import Program

import nn
from autograd import Loop, Tensor, Value, compile, fresh, sin, tanh
from autograd import sum as total
from autograd.containers import flatten, rebuild
from autograd.graph import Node


def streams() -> tuple[float, float]:
    """Draw from the generators that everyone shares."""
    return random.random(), float(np.random.rand())  # noqa: NPY002


def eager(f: Callable[[Any], Any]) -> Callable[[float], Any]:
    return lambda x: f(Value(x))


def eager_loop(f: Callable[[Any], Any]) -> Callable[[float], float]:
    state = [0.0]

    def run(x: float) -> float:
        (y,) = numbers_of(f(Value(x + 0.1 * state[0])))
        state[0] = 0.5 * state[0] + y
        return y

    return run


def native_loop(f: Callable[[Any], Any]) -> Callable[[float], float]:
    def step(state: Any, inputs: Any, batch: Any) -> Any:
        y = f(inputs[0] + 0.1 * state)
        return 0.5 * state + y, [y]

    loop = Loop(step, 0.0, [1.0])
    return lambda x: float(loop.run(1, [np.array([x])])[1][0][0])


REFUSALS = ("uncompiled", "fresh", "inside a function that is being compiled", "a loop cannot follow")


def numbers_of(results: Any) -> list[float]:
    return [float(y.data if isinstance(y, Node) else y) for y in flatten(results)]


def agree(seed: int, one: Any, other: Any, free: bool) -> bool:
    """Run a program in two ways; say whether the second refused. What loses a gradient is given plain numbers."""
    with np.errstate(all="ignore"):
        program = Program(seed, free)
        want = program.run(one if program.spelling is None else lambda f: f)
        rest = streams()
        program = Program(seed, free)
        try:
            found = program.run(other)
        except (RuntimeError, ValueError) as error:
            if any(words in str(error) for words in REFUSALS):
                return True
            raise
    numbers, wanted = numbers_of(found), numbers_of(want)
    np.testing.assert_allclose(numbers, wanted, rtol=1e-9, atol=1e-12, err_msg=f"program {seed}")
    assert rebuild(found, numbers) == rebuild(want, numbers), f"program {seed}: the results have other forms"
    assert rest == streams(), f"program {seed}: the streams of random numbers differ"
    return False


@pytest.mark.parametrize("block", range(4))
def test_random_programs_do_the_same_compiled(block: int) -> None:
    assert sum(agree(seed, eager, compile, True) for seed in range(50 * block, 50 * block + 50)) < 25


@pytest.mark.parametrize("block", range(2))
def test_random_programs_do_the_same_in_a_loop(block: int) -> None:
    assert sum(agree(seed, eager_loop, native_loop, False) for seed in range(50 * block, 50 * block + 50)) < 25


class Wrapped(nn.Module):
    """A model whose outputs go through a random program while it is trained."""

    def __init__(self, f: Callable[[Any], Any]) -> None:
        self.f, self.weight = f, Tensor(np.array([[0.3], [-0.2]]))

    def forward(self, x: Any) -> Any:
        return self.f(x @ self.weight) if self.training else x @ self.weight


def trained(seed: int, compiled: bool | None) -> Any:
    program = Program(seed, free=False)
    X = np.random.default_rng(0).normal(size=(6, 2))
    with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        history = nn.fit(
            Wrapped(program.f), X, X[:, :1], optimizer=nn.SGD(lr=1e-3), epochs=4, batch_size=4, rng=0,
            callbacks=[program.change], compiled=compiled,
        )  # fmt: skip
    if compiled is None:
        assert history.compiled != any(w.category is nn.EagerFallback for w in told), "it says what it did"
    return history["loss"], streams(), history.compiled


@pytest.mark.parametrize("block", range(3))
def test_random_programs_train_the_same(block: int) -> None:
    native = 0
    for seed in range(20 * block, 20 * block + 20):
        want, found = trained(seed, False), trained(seed, None)
        np.testing.assert_allclose(found[0], want[0], rtol=1e-9, err_msg=f"program {seed}")
        assert found[1] == want[1], f"program {seed}: the streams of random numbers differ"
        native += found[2]
    assert native > 8


# Single cases ------------------------------------------------------------------------------------------------


def test_a_deep_net_trains_and_prints() -> None:
    model = nn.Sequential(nn.Linear(2, 1, rng=0))
    for _ in range(400):
        model = nn.Sequential(model)
    losses = [nn.fit(model, np.ones((4, 2)), np.ones(4), epochs=2, rng=0, compiled=c)["loss"] for c in (True, False)]
    assert model(np.ones((4, 2))).shape == (4, 1)
    assert losses[0][1] > losses[1][1] and repr(model).count("Sequential") == 401 and "Linear(2, 1)" in repr(model)


class Halve:
    """A step that can be pickled."""

    def __call__(self, state: Any, inputs: Any, batch: Any) -> Any:
        return state * 0.5, [state]


def square(x: Any) -> Any:
    return x * x


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_programs_can_be_copied_and_sent(again: Any) -> None:
    assert again(compile(square))(3.0) == 9.0
    assert again(compile(Value(2.0) * Value(3.0)))() == 6.0
    loop = Loop(Halve(), 8.0)
    loop.run(1)
    other = again(loop)
    assert other.run(2)[1][0].tolist() == [4.0, 2.0] and (loop.state, other.state) == (4.0, 1.0)


def test_threads_share_one_trace() -> None:
    f, together, errors = compile(lambda x: x * 2.0), threading.Barrier(24), []

    def work() -> None:
        together.wait()
        try:
            assert f(3.0) == 6.0
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(next(iter(f._traces.values()))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_child_forked_beside_a_thread_does_not_hang() -> None:
    go, f = [True], compile(square)
    f(2.0)

    def work() -> None:
        while go:
            sum((Value(1.0) for _ in range(300)), Value(0.0)).backward()
            f(3.0)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(5):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python warns of forks beside threads
                child = os.fork()
            if child == 0:
                signal.alarm(20)
                x = Value(2.0)
                square(x).backward()
                os._exit(0 if (x.grad, f(4.0)) == (4.0, 16.0) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        go.clear()
        thread.join()


def test_a_refusal_puts_back_what_it_has_changed() -> None:
    table, row, array, rng = {"a": 1.0}, [1.0], np.zeros(2), np.random.default_rng(0)

    def f(x: Any) -> Any:
        table["b"] = 2.0
        row.append(2.0)
        array[0] = 7.0
        return x * rng.normal()

    before = rng.bit_generator.state
    with pytest.raises(RuntimeError, match=r"draws random numbers from `rng`.*fresh"):
        compile(f)(1.0)
    assert (table, row, array.tolist(), rng.bit_generator.state) == ({"a": 1.0}, [1.0], [0.0, 0.0], before)


def doubled_in_place(e: Any) -> Any:
    other = e
    other *= 2.0
    return e


@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
@pytest.mark.parametrize(("use", "followed"), [
    (lambda rng, x: x + rng.normal(size=3), True),
    (lambda rng, x: x * rng.uniform(), True),
    (lambda rng, x: x * (rng.uniform(size=3) > 0.3).astype(float), True),
    (lambda rng, x: x if rng.uniform() > 0.5 else 2.0 * x * rng.normal(size=3), True),
    (lambda rng, x: x * (rng.uniform() if type(rng) in (np.random.Generator, np.random.RandomState) else 2.0), False),
    (lambda rng, x: (type(rng) in (np.random.Generator, np.random.RandomState) and rng.uniform(), 2.0 * x)[1], False),
    (lambda rng, x: x if rng.uniform() > 0.5 else 2.0 * x, True),
    (lambda rng, x: x + doubled_in_place(rng.normal(size=3)), False),
    (lambda rng, x: x * (2.0 if isinstance(rng.normal(size=3), np.ndarray) else 3.0), False),
    (lambda rng, x: x * rng.choice([1.0, 2.0]), True),
    (lambda rng, x: x + rng.permutation(3), False),
])  # fmt: skip
def test_a_generator_that_is_an_attribute_draws_the_stream_of_eager_code(make: Any, use: Any, followed: bool) -> None:
    class Noisy:
        def __init__(self) -> None:
            self.rng = make(5)

        def f(self, x: Any) -> Any:
            return use(self.rng, x)

    eagerly, noisy = Noisy(), Noisy()
    f, rng = compile(noisy.f), noisy.rng
    runs = 12 if followed else 1
    want = [np.asarray(eagerly.f(np.full(3, i + 1.0))) for i in range(runs)]
    if followed:
        np.testing.assert_allclose([f(np.full(3, i + 1.0)) for i in range(runs)], want, rtol=1e-12)
        assert noisy.rng is rng and rng.random() == eagerly.rng.random()
    else:
        with pytest.raises(RuntimeError, match=r"fresh|uncompiled"):
            [f(np.full(3, i + 1.0)) for i in range(12)]
        assert noisy.rng is rng


def test_pythons_generator_as_an_attribute_draws_the_stream_of_eager_code() -> None:
    model = types.SimpleNamespace(rng=random.Random(5))
    f, other = compile(lambda x: x * model.rng.gauss(0.0, 1.0) + model.rng.uniform(1.0, 2.0)), random.Random(5)
    assert [f(2.0) for _ in range(5)] == pytest.approx([2 * other.gauss(0, 1) + other.uniform(1, 2) for _ in range(5)])
    with pytest.raises(RuntimeError, match=r"draws random numbers from `model\.rng`"):
        compile(lambda x: x * model.rng.choice([1.0, 2.0]))(1.0)
    assert model.rng.random() == other.random()


def test_draws_that_differ_from_way_to_way_are_those_of_eager_code() -> None:
    def make() -> Any:
        rng = np.random.default_rng(5)

        def f(x: Any) -> Any:
            p = fresh(rng.random)
            return x * p if p > 0.5 else x * p + fresh(rng.normal)

        return f

    compiled, eagerly = compile(make()), make()
    assert [compiled(1.0) for _ in range(40)] == pytest.approx([float(eagerly(1.0)) for _ in range(40)])


def test_draws_that_cannot_be_undone_are_refused_beside_a_branch() -> None:
    drawn: list[float] = []

    def count() -> float:
        drawn.append(1.0)
        return float(len(drawn))

    f, g = compile(lambda x: x * fresh(count)), compile(lambda x: x * fresh(count) if x > 0 else x)
    assert [f(1.0) for _ in range(3)] == [1.0, 2.0, 3.0]
    with pytest.raises(RuntimeError, match="draws some in a way that cannot be undone"):
        g(1.0)


def test_a_loop_that_is_made_has_drawn_nothing() -> None:
    rng, other = np.random.default_rng(5), np.random.default_rng(5)
    loop = Loop(lambda s, x, batch: (s + fresh(rng.normal), []), 0.0)
    assert rng.random() == other.random()
    loop.run(2)
    assert loop.state == pytest.approx(other.normal() + other.normal()) and rng.random() == other.random()


def test_draws_keep_their_shape() -> None:
    rng = np.random.default_rng(5)

    def ones() -> Any:
        return np.ones(rng.integers(2, 4))

    f = compile(lambda x: x * fresh(ones).sum())
    loop = Loop(lambda s, x, batch: (s + fresh(ones).sum(), []), 0.0)
    for run in (lambda: [f(1.0) for _ in range(20)], lambda: loop.run(20)):
        with pytest.raises(ValueError, match=r"drew shape \(\d,\) after \(\d,\)"):
            run()


def test_a_loop_draws_with_the_settings_of_its_first_run() -> None:
    settings, rng, other = types.SimpleNamespace(scale=1.0), np.random.default_rng(5), np.random.default_rng(5)
    loop = Loop(lambda s, x, batch: (s + fresh(lambda: rng.normal(scale=settings.scale)), []), 0.0)
    settings.scale = 100.0
    loop.run(2)
    assert loop.state == pytest.approx(other.normal(scale=100.0) + other.normal(scale=100.0))


def test_numbers_of_a_leaf_that_a_trace_changes_are_put_back() -> None:
    leaf = Tensor(np.ones(2))

    def f(x: Any) -> Any:
        leaf.data[0] = 7.0
        return x * 2.0

    with pytest.raises(RuntimeError, match=r"`leaf\.data` changed"):
        compile(f)(1.0)
    assert leaf.data.tolist() == [1.0, 1.0]


def test_a_lock_that_a_refused_trace_has_taken_is_free_again() -> None:
    lock = threading.Lock()

    def f(x: Any) -> Any:
        with lock:
            return x * 2.0

    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"`_thread\.lock\.__exit__`"):
            compile(f)(3.0)
        assert not lock.locked()


def test_a_refused_call_has_not_happened(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: Any) -> Any:
        print("here")
        return x

    with pytest.raises(RuntimeError, match="calls `print`"):
        compile(f)(1.0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("f", "name"), [
    (lambda x: x * len([*map(id, [1])]), "id"),
    (lambda x: x * len(sorted([1, 2], key=id)), "id"),
    (lambda x: x * len(BaseException.__subclasses__()), "__subclasses__"),
    (lambda x: x * len([*map(type.__subclasses__, [BaseException])]), "__subclasses__"),
])  # fmt: skip
def test_what_c_code_calls_is_refused(f: Any, name: str) -> None:
    with pytest.raises(RuntimeError, match=name):
        compile(f)(1.0)


def test_what_a_module_has_been_given_late_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(x: Any) -> Any:
        try:
            return x * np.my_rate  # type: ignore[attr-defined]
        except AttributeError:
            return x

    def bare(x: Any) -> Any:
        try:
            return x * np.my_rate  # type: ignore[attr-defined]
        except:  # noqa: E722
            return x

    ways = [tried, bare, lambda x: x * getattr(np, "my_rate", 1.0), lambda x: x * 7.0 if hasattr(np, "my_rate") else x]
    compiled = [compile(f) for f in ways]
    assert [f(2.0) for f in compiled] == [2.0] * 4
    monkeypatch.setattr(np, "my_rate", 7.0, raising=False)
    assert [f(2.0) for f in compiled] == [14.0] * 4


def test_annotations_and_strides_are_seen() -> None:
    def h(x: Any) -> Any:
        return x

    h.__annotations__ = {"x": float, "return": float}
    holder, array = [np.ones((2, 3))], np.ones(3)
    ways = [
        lambda x: x * len(h.__annotations__), lambda x: x * len(typing.get_type_hints(h)),
        lambda x: x * holder[0].strides[0], lambda x: x * (2.0 if array.flags.writeable else 5.0),
    ]  # fmt: skip
    compiled = [compile(f) for f in ways]
    assert [f(1.0) for f in compiled] == [2.0, 2.0, 24.0, 2.0]
    del h.__annotations__["return"]
    holder[0] = np.asfortranarray(np.ones((2, 3)))
    array.flags.writeable = False
    assert [f(1.0) for f in compiled] == [1.0, 1.0, 8.0, 5.0]


def test_what_is_refused_is_known_by_its_library() -> None:
    names: Any = collections.namedtuple("names", ["load", "dump"])  # of the standing of `collections`

    class Table(dict):  # type: ignore[type-arg]
        def load(self, name: str) -> Any:
            return self[name]

    table = Table(rate=3.0)
    assert compile(lambda x: x * table.load("rate") + names(2.0, 1.0).load)(1.0) == 5.0
    with pytest.raises(RuntimeError, match=r"calls `numpy.*load`"):
        compile(lambda x: x * np.load("no.npy"))(1.0)


def test_a_class_whose_operators_read_a_context_is_refused() -> None:
    with pytest.raises(RuntimeError, match="is a class of `decimal`"):
        compile(lambda x: x * float(Decimal(1) / 3))(1.0)


def test_a_refusal_puts_back_attributes_cells_and_bytes() -> None:
    class Slotted:
        __slots__ = ("rate",)

    class Plain:
        rate = 1.0

    slotted, plain, late, raw, count = Slotted(), Plain(), Plain(), bytearray(2), 1
    objects = np.array([1.0, "a"], object)
    slotted.rate = 1.0

    def f(x: Any) -> Any:
        nonlocal count
        count, slotted.rate, late.rate, Plain.rate, objects[1], raw[0] = 2, 2.0, 3.0, 2.0, "b", 7
        return x * plain.rate

    with pytest.raises(RuntimeError, match="changed while the function was traced"):
        compile(f)(1.0)
    assert (count, slotted.rate, Plain.rate, vars(late)) == (1, 1.0, 1.0, {})
    assert (objects.tolist(), raw) == ([1.0, "a"], b"\0\0")


def test_what_is_registered_with_a_class_is_seen() -> None:
    @typing.runtime_checkable
    class Named(typing.Protocol):
        def name(self) -> str: ...

    class Thing:
        pass

    thing, other = Thing(), type("Other", (), {})()
    f = compile(lambda x: x * (5.0 if isinstance(thing, Named) else 2.0))
    g = compile(lambda x: x * (5.0 if isinstance(other, numbers.Number) else 2.0))
    assert (f(1.0), g(1.0)) == (2.0, 2.0)
    Thing.name = lambda self: "a"  # type: ignore[attr-defined]
    numbers.Number.register(type(other))
    assert (f(1.0), g(1.0)) == (5.0, 5.0)


@pytest.mark.parametrize("change", range(6))
def test_what_hangs_on_functions_exceptions_and_tables_is_seen(change: int) -> None:
    def helper(rate: float = 2.0) -> float:  # only what hangs on it is read
        return inner

    def change_cell() -> None:
        nonlocal inner
        inner = 3.0

    inner = 2.0
    helper.rate = 2.0  # type: ignore[attr-defined]
    table, error = collections.defaultdict(lambda: 2.0), ValueError(2.0)
    part = functools.partial(lambda x, rate: x * rate, rate=2.0)
    functions: list[Any] = [
        lambda x: x * helper.rate, lambda x: x * helper.__defaults__[0], lambda x: x * table.default_factory(),
        lambda x: x * error.args[0], part, lambda x: x * helper.__closure__[0].cell_contents,
    ]  # fmt: skip
    changes: list[Any] = [
        lambda: setattr(helper, "rate", 3.0), lambda: setattr(helper, "__defaults__", (3.0,)),
        lambda: setattr(table, "default_factory", lambda: 3.0), lambda: setattr(error, "args", (3.0,)),
        lambda: part.__setstate__((part.func, (), {"rate": 3.0}, {})), change_cell,
    ]  # fmt: skip
    f = functions[change]
    g = compile(f)
    if change == 5:
        with pytest.raises(RuntimeError, match="is a `cell`"):
            g(1.0)
        return
    assert g(1.0) == f(1.0) == 2.0
    changes[change]()
    assert g(1.0) == f(1.0) == 3.0


def test_a_leaf_that_is_set_for_a_while_is_refused() -> None:
    leaf, array = Value(1.0), Tensor([1.0, 2.0])

    def f(x: Any) -> Any:
        leaf.data = 5.0
        out = x * leaf
        leaf.data = 1.0
        return out

    def g(x: Any) -> Any:
        array.data += 5.0
        out = x * array.sum()
        array.data -= 5.0
        return out

    for one in (f, g):
        with pytest.raises(RuntimeError, match="`data` cannot change inside"):
            compile(one)(1.0)
    assert leaf.data == 1.0 and array.data.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("f", [
    lambda x: x * (2.0 if isinstance(x, float) else 3.0), lambda x: x * (2.0 if type(x) is float else 3.0),
    lambda x: x * (2.0 if x in {2.0} else 3.0), lambda x: x * {2.0: 5.0}.get(x, 1.0),
    lambda x: x * (2.0 if ~(x > 1.0) else 3.0),  # `~True` is -2, which is true
])  # fmt: skip
def test_what_asks_for_the_type_or_hash_of_a_number_is_refused(f: Any) -> None:
    with pytest.raises(RuntimeError, match="other numbers for plain numbers"):
        compile(f)(2.0)


def test_a_metaclass_that_answers_for_any_name_is_followed() -> None:
    class Kind(type):
        rates: typing.ClassVar = {"rate": 2.0}

        def __getattr__(cls, name: str) -> Any:
            return Kind.rates[name]

    class Thing(metaclass=Kind):
        pass

    f = compile(lambda x: x * Thing.rate)
    assert f(1.0) == 2.0
    Kind.rates["rate"] = 3.0
    assert f(1.0) == 3.0


@pytest.mark.parametrize("change", range(6))
def test_a_change_of_one_thing_is_seen(change: int) -> None:
    class Kind(type):
        rate = 2.0

    class Base:
        rate = 2.0

    class Thing(Base, metaclass=Kind):
        pass

    numbers, leaf, objects = np.ones(3), Value(1.0, label="ab"), np.array([1.0, [2.0]], object)
    view = numbers[:2]
    view.flags.writeable = False

    def f(x: Any) -> Any:
        return x * Thing().rate * view.sum() * len(leaf.label) * objects[1][0] * type(Thing).rate

    def label() -> None:
        leaf.label = "abc"

    ways = [
        lambda: numbers.fill(5.0), label, lambda: objects[1].__setitem__(0, 7.0),
        lambda: setattr(Kind, "rate", 3.0), lambda: setattr(Base, "rate", 3.0),
        lambda: objects.__setitem__(1, [9.0]),
    ]  # fmt: skip
    g = compile(f)
    assert g(1.0) == f(1.0) == 32.0
    ways[change]()
    assert g(1.0) == f(1.0) != 32.0


def test_attributes_that_python_itself_asks_for_are_watched() -> None:
    table, row = {1.0: 1}, [2.0]

    class Thing:
        __match_args__ = ("a",)
        __contains__ = table.__contains__
        __call__ = functools.partial(lambda own, i: own[i], row)
        a, b = 2.0, 5.0

    thing: Any = Thing()

    def matched(x: Any) -> Any:
        match thing:
            case Thing(k):
                return x * k

    compiled = [compile(f) for f in (matched, lambda x: x * (5.0 if 2.0 in thing else 2.0), lambda x: x * thing(0))]
    assert [f(1.0) for f in compiled] == [2.0] * 3
    Thing.__match_args__, table[2.0], row[0] = ("b",), 1, 5.0
    assert [f(1.0) for f in compiled] == [5.0] * 3


@pytest.mark.parametrize("handed", [False, True])
def test_a_method_of_yours_may_have_the_name_of_one_that_is_refused(handed: bool) -> None:
    class Table:
        rate = 2.0

        def tofile(self, x: float) -> float:
            return self.rate * x

    table = Table()
    f = compile((lambda x: x * sum(map(table.tofile, [1.0]))) if handed else (lambda x: x * table.tofile(1.0)))
    assert f(1.0) == 2.0
    table.rate = 5.0
    assert f(1.0) == 5.0


@pytest.mark.parametrize(("f", "reason"), [
    (lambda x: x * logging.getLogger().level, "calls `logging.getLogger`"),
    (lambda x: importlib.import_module("a_module_of_the_user").scale(x), "calls `importlib.import_module`"),
    (lambda x: x * memo(1), "`memo` is a `_lru_cache_wrapper`"),
])  # fmt: skip
def test_what_cannot_be_followed_is_named(f: Any, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("a_module_of_the_user")
    exec("def scale(x): return 2.0 * x", vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(RuntimeError, match=reason):
        compile(f)(1.0)


@functools.lru_cache
def memo(x: float) -> float:
    return x + len(sys.argv)


def test_a_print_that_is_not_reached_is_no_obstacle() -> None:
    def f(x: Any, verbose: bool = False) -> Any:
        if verbose:
            print(x)
            print(*[x])
        return x * x

    assert compile(f)(3.0) == 9.0


def test_objects_are_arguments_and_are_watched() -> None:
    class Settings:
        rate = 2.0

    f, settings = compile(lambda x, s: x * s.rate), Settings()
    assert f(3.0, settings) == 6.0
    settings.rate = 5.0
    assert f(3.0, settings) == 15.0 and f(3.0, Settings()) == 6.0
    for rate in range(40):  # none of them is needed again
        settings.rate = float(rate)
        assert f(3.0, settings) == 3.0 * rate
    assert len(next(iter(f._traces.values()))) <= 16


def test_a_warning_names_the_reason_once_and_compiled_raises() -> None:
    class Norm(nn.Module):
        def __init__(self) -> None:
            self.line, self.mean = nn.Linear(1, 1, rng=1), np.zeros(1)

        def forward(self, x: Any) -> Any:
            if self.training:
                self.mean = 0.9 * self.mean + 0.1
            return self.line(x - self.mean)

    X, model = np.full((8, 1), 5.0), Norm()
    with pytest.warns(nn.EagerFallback, match=r"`model\.mean` changed") as told:
        history = nn.fit(model, X, X, epochs=3, batch_size=4)
    assert len(told) == 1 and not history.compiled and model.mean[0] == pytest.approx(1 - 0.9**6)
    with pytest.raises(RuntimeError, match=r"`model\.mean` changed"):
        nn.fit(model, X, X, compiled=True)
    assert model.mean[0] == pytest.approx(1 - 0.9**6)


def test_a_profiler_may_run_beside_a_trace() -> None:
    profile = cProfile.Profile()
    assert profile.runcall(compile(square), 3.0) == 9.0
    with pytest.raises(RuntimeError, match="perf_counter"):
        profile.runcall(compile(lambda x: x * time.perf_counter()), 3.0)


def test_a_leaf_that_is_frozen_and_a_class_of_the_library_that_is_changed_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaf, line = Value(1.0), nn.Linear(1, 1, rng=0)
    f = compile(lambda x: x * (2.0 if leaf.requires_grad else 3.0))
    g = compile(lambda x: x * (2.0 if line.batched else 3.0))
    assert (f(1.0), g(1.0)) == (2.0, 2.0)
    leaf.requires_grad = False
    monkeypatch.setattr(nn.Linear, "batched", False)
    assert (f(1.0), g(1.0)) == (3.0, 3.0)


# Programs that one training takes over from another ------------------------------------------------------------


class Scaled(nn.Module):
    """A model that reads settings of several kinds."""

    rate = 1.0

    def __init__(self, scale: float = 1.0, hidden: int = 3) -> None:
        self.first, self.second = nn.Linear(2, hidden, rng=0), nn.Linear(hidden, 1, rng=1)
        self.scale, self.table = scale, {"shift": 0.0}

    def forward(self, x: Any) -> Any:
        return self.second(SQUASH(self.first(x)) * self.scale * self.rate) + self.table["shift"]


SQUASH: Any = tanh
XS = np.random.default_rng(0).normal(size=(10, 2))


def traces_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the steps that are traced from now on."""
    counted: list[int] = []
    trace = Loop._trace
    monkeypatch.setattr(Loop, "_trace", lambda self: counted.append(1) or trace(self))
    return counted


def test_a_program_of_a_shape_seen_before_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(model: Any, **settings: Any) -> list[float]:
        given = {"optimizer": nn.Adam(lr=0.01), "batch_size": 4, "epochs": 2, "rng": 0} | settings
        return nn.fit(model, XS, XS[:, :1], **given)["loss"]

    counted = traces_of(monkeypatch)
    train(Scaled(7.0))
    train(Scaled(7.0))  # the first may have imported something, as kernels
    counted.clear()
    assert train(Scaled(7.0)) == train(Scaled(7.0)) and not counted
    unlike: list[tuple[Any, dict[str, Any]]] = [
        (Scaled(8.0), {}), (Scaled(7.0, hidden=4), {}), (Scaled(7.0), {"batch_size": 5}),
        (Scaled(7.0), {"optimizer": nn.SGD(lr=0.1)}), (Scaled(7.0), {"optimizer": nn.Adam(betas=(0.5, 0.999))}),
        (Scaled(7.0), {"loss": lambda out, y: ((out - y) ** 4).mean()}), (Scaled(7.0), {"penalty": nn.L2(0.1)}),
        (Scaled(7.0), {"sample_weight": np.linspace(0, 1, 10)}),
    ]  # fmt: skip
    for model, settings in unlike:
        counted.clear()
        eagerly = copy.deepcopy(model), {k: copy.deepcopy(v) for k, v in settings.items()}
        found = train(model, **settings)
        assert counted, settings
        np.testing.assert_allclose(found, train(eagerly[0], compiled=False, **eagerly[1]), rtol=1e-9)


@pytest.mark.parametrize("change", range(8))
def test_what_changes_between_two_trainings_is_seen(change: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, float] = {"power": 2.0}

    def loss(out: Any, y: Any) -> Any:
        return (out - y).abs().mean() ** settings["power"]

    def train(compiled: bool | None) -> list[float]:
        model, penalty = Scaled(), nn.L2(0.1)
        if change == 6:
            model.first.weight.requires_grad = False
        if change == 7:
            penalty.alpha = 0.2
        model.table["shift"] = shift
        return nn.fit(model, XS, XS[:, :1], loss, penalty=penalty, epochs=2, rng=0, compiled=compiled)["loss"]

    shift = 0.0
    was, change = change, -1
    before = train(None)
    change = was
    ways: list[Callable[[], Any]] = [
        lambda: monkeypatch.setattr(Scaled, "rate", 2.0), lambda: monkeypatch.setitem(globals(), "SQUASH", sin),
        lambda: settings.update(power=3.0), lambda: None,
        lambda: monkeypatch.setattr(nn.Linear, "forward", lambda self, x: 2.0 * (x @ self.weight)),
        lambda: monkeypatch.setattr(Tensor, "__pow__", lambda self, p: 3.0 * self * self), lambda: None, lambda: None,
    ]  # fmt: skip
    ways[change]()
    shift = 0.5 if change == 3 else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = train(None)
        np.testing.assert_allclose(found, train(False), rtol=1e-9)
    assert change == 6 or found != before


def test_a_program_that_waits_keeps_no_model_alive() -> None:
    model = Scaled(3.0)
    nn.fit(model, XS, XS[:, :1], epochs=1, rng=0)
    gone = weakref.ref(model), weakref.ref(model.first.weight.data)
    del model
    gc.collect()
    assert gone[0]() is None and gone[1]() is None


def test_threads_that_train_equal_models_have_programs_of_their_own() -> None:
    def train() -> None:
        losses.append(nn.fit(Scaled(5.0), XS, XS[:, :1], epochs=200, batch_size=4, rng=0)["loss"])

    losses: list[Any] = []
    train()
    threads = [threading.Thread(target=train) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(losses) == 5 and all(found == losses[0] for found in losses)


def test_gradients_can_be_read_while_a_program_trains() -> None:
    model, errors, go = Scaled(2.0), [], [True]
    nn.fit(model, XS, XS[:, :1], epochs=1, rng=0)

    def read() -> None:
        while go:
            try:
                assert model.first.weight.grad is not None
            except Exception as error:
                errors.append(error)
                return

    thread = threading.Thread(target=read)
    thread.start()
    nn.fit(model, XS, XS[:, :1], steps=20_000, batch_size=None, rng=0)
    go.clear()
    thread.join()
    assert not errors


# -- what code could ask of a node that stands in for an array --


def of_target(ask: Callable[[Any], float]) -> Callable[[Any, Any], Any]:
    return lambda out, target: square(out - target).mean() * ask(target)


def weighted(target: Any) -> float:
    match target:
        case np.ndarray():
            return 3.0
        case _:
            return 1.0


def fitted(loss: Any, compiled: bool | None, model: Any = None, **settings: Any) -> tuple[list[float], bool]:
    X = np.linspace(-1.0, 1.0, 24).reshape(8, 3)
    model = nn.TensorMLP(3, [2, 1], "tanh", rng=1) if model is None else model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.EagerFallback)
        history = nn.fit(model, X, X[:, :1], loss, epochs=2, rng=1, compiled=compiled, **settings)
    return history["loss"], history.compiled


@pytest.mark.parametrize(("ask", "followed"), [
    (lambda t: 2.0 if isinstance(t, np.ndarray) else 1.0, False),
    (lambda t: 2.0 if hasattr(t, "requires_grad") else 1.0, False),
    (lambda t: len(type(t).__name__), False),
    (lambda t: 1e-12 * (2.0 if t.__hash__ is None else 1.0), False),  # a loss may be small
    (weighted, False),
    (len, True), (lambda t: t.dtype.itemsize, True), (lambda t: t.mean(), True),
])  # fmt: skip
def test_a_loss_that_asks_what_its_target_is_trains_the_same(ask: Any, followed: bool) -> None:
    want, found = fitted(of_target(ask), False), fitted(of_target(ask), None)
    np.testing.assert_allclose(found[0], want[0], rtol=1e-9)
    assert found[1] == followed
    if not followed:
        with pytest.raises(RuntimeError, match="other numbers for plain numbers and arrays"):
            fitted(of_target(ask), True)


@pytest.mark.parametrize("ask", [
    lambda p: p.requires_grad, lambda p: p.op is None, lambda p: p.is_leaf, lambda p: isinstance(p, Tensor),
])  # fmt: skip
@pytest.mark.parametrize("make", [nn.MLP, nn.TensorMLP])
def test_a_penalty_that_asks_what_a_parameter_is_trains_the_same(ask: Any, make: Any) -> None:
    def penalty(model: Any) -> Any:
        return 0.1 * sum((2.0 if ask(p) else 1.0) * total(p * p) for p in model.parameters())

    def made() -> Any:
        model = make(3, [2, 1], "tanh", rng=1)
        for p in model.layers[0].parameters():
            p.requires_grad = False
        return model

    want, found = (fitted("mse", compiled, made(), penalty=penalty) for compiled in (False, None))
    np.testing.assert_allclose(found[0], want[0], rtol=1e-9)


@pytest.mark.parametrize("read", [
    lambda x: {2.0: 5.0}.get(x, 1.0), lambda x: {True: 5.0}.get(x > 1.0, 1.0), lambda x: 2.0 if "-" in str(x) else 3.0,
    lambda x: 2.0 if (x > 1.0) is True else 3.0, lambda x: [3.0, 5.0][int(x > 1.0)], lambda x: len({x, 2.0}),
    lambda x: {True: 2.0, False: 5.0}[x > 1.0], lambda x: [2.0, 3.0].count(x), lambda x: len(x),
])  # fmt: skip
def test_a_traced_number_that_is_looked_up_is_followed_or_refused(read: Any) -> None:
    f = compile(lambda x: x * read(x))
    for x in (3.0, 2.0, -1.0):  # the first one may be as its node is
        try:
            found = f(x)
        except (RuntimeError, TypeError) as error:
            assert "uncompiled" in str(error) or "len()" in str(error)  # noqa: PT017
        else:
            assert found == x * read(x)


def test_what_an_argument_is_belongs_to_its_trace() -> None:
    f = compile(lambda x: x * (2.0 if x.requires_grad else 1.0) * (3.0 if x.label == "a" else 1.0))
    assert [float(f(x).data) for x in (Value(2.0), Value(2.0, label="a"))] == [4.0, 12.0]
    known = Value(2.0, requires_grad=False)
    with pytest.raises(RuntimeError, match="other numbers"):
        f(known)
    with pytest.raises(RuntimeError, match="other numbers"):
        compile(lambda x: x * (2.0 if x is known else 1.0))(known)


def test_an_array_that_is_written_and_put_back_is_refused() -> None:
    weights = Tensor([1.0, 2.0], requires_grad=False)

    def f(x: Any) -> Any:
        weights.data[0] = 5.0
        y = (x * weights).sum()
        weights.data[0] = 1.0
        return y

    assert float(f(2.0).data) == 14.0
    with pytest.raises(RuntimeError, match="written into"):
        compile(f)(2.0)
    with pytest.raises(RuntimeError, match="written into"):
        Loop(lambda s, x, batch: (s, [f(x[0])]), 0.0, [1.0])


def test_what_fresh_does_happens_once_a_call() -> None:
    rng, calls = np.random.default_rng(1), list[float]()

    def make() -> float:
        calls.append(rng.normal())
        return calls[-1]

    f, twin = compile(lambda x: x * fresh(make)), np.random.default_rng(1)
    assert [f(1.0) for _ in range(3)] == [twin.normal() for _ in range(3)] == calls


@pytest.mark.parametrize("change", range(6))
def test_tables_codes_and_registries_are_watched(change: int) -> None:
    module = types.ModuleType("settings_of_mine")
    module.a = 2.0  # type: ignore[attr-defined]
    thing, other = Halve(), Halve()
    thing.rate = 2.0  # type: ignore[attr-defined]

    def one() -> float:
        return 2.0

    f, alter = [
        (lambda x: x * len(vars(module)), lambda: setattr(module, "b", 5.0)),
        (lambda x: x * len(dir(module)), lambda: setattr(module, "c", 5.0)),
        (lambda x: x * thing.rate, lambda: setattr(thing, "__dict__", {"rate": 5.0})),  # type: ignore[attr-defined]
        (lambda x: x * one.__code__.co_consts[1], lambda: setattr(one, "__code__", (lambda: 3.0).__code__)),
        (lambda x: x * copy.copy(thing).rate,  # type: ignore[attr-defined]
         lambda: copyreg.pickle(Halve, lambda h: (types.SimpleNamespace, (), {"rate": 7.0}))),
        (lambda x: x * (hash(box[0]) % 1000003), lambda: box.__setitem__(0, other)),
    ][change]  # fmt: skip
    box = [thing]
    compiled = compile(f)
    try:
        assert compiled(1.0) == f(1.0)
        alter()
        assert compiled(1.0) == f(1.0)
    finally:
        copyreg.dispatch_table.pop(Halve, None)
