"""What a function reads besides its arguments, and what it changes: all that its code can reach.

A walk before the trace follows names, closures, defaults, attributes and containers. After the trace the same things
must be as before; what differs is put back, and the function is refused. The walk after the trace is limited to the
code that has run: what it has found is compared before each run of the program. That costs some nanoseconds for each
thing, and for each captured array a comparison of its bytes; a read-only array that owns its data is not compared.
"""

from __future__ import annotations

import abc
import builtins
import collections
import functools
import importlib.util
import operator
import random
import re
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...graph import Node, fixed
from ...primitive import Primitive
from .codes import FIRM, HEAP, HOLDERS, MEMO, is_known, is_users, may_run, named
from .purity import DENIED, OURS, REMEDY, Observer, standing
from .sources import GENERATORS, set_state, stand_in, state_of
from .ties import ABSENT, Ties, as_class, is_plain, text

_WIDE = frozenset({"getattr", "hasattr", "vars", "__dict__", "dir", "__getattribute__", "AttributeError", "except"})
_CALLED = ("forward", "prepare", "base")  # names that the library asks for
_ASIDE = frozenset({"grad", "label", "__name__", "__qualname__", "__doc__", "__annotations__"})  # where a code names it
_READ_BY = {"get_type_hints": ("__annotations__",), "fields": ("__dataclass_fields__",)}
_METHODS = frozenset({"__subclasses__", "tofile"})  # of C, of which no profile sees a call by C
_GETTERS = (operator.attrgetter, operator.methodcaller)


class Captured:
    """A record of what functions and objects read, to be compared with what they would read now.

    Args:
        roots: them, by the names that messages have for them.
        ran: the code that has run; None to follow all.
        carried: leaves that a program has in its state: others may stand in for them.

    Attributes:
        refused: what cannot be watched.
        history: results of operations, whose operations a program would run again.
    """

    def __init__(
        self, roots: dict[str, Any], ran: set[types.CodeType] | None = None, carried: Sequence[Any] = ()
    ) -> None:
        self._roots, self._ran, self._carried = roots, ran, {id(x): (i, x) for i, x in enumerate(carried)}
        self._walk()
        self._origin = self._ties, self._states
        self._drawn = self._states  # after the trace

    # The walk ----------------------------------------------------------------------------------------------

    def _walk(self) -> None:
        self._ties = Ties()
        self.refused: list[str] = []
        self._iterators: list[str] = []
        self._states: list[tuple[Any, Any, Any]] = []  # of generators of random numbers
        self._attributes_that_draw: list[tuple[dict[str, Any], str, Any, Any]] = []  # and what stands in for them
        self.codes: set[types.CodeType] = set()
        self.history: set[int] = set()
        self._facts: list[Any] = []
        self._named_by_id: list[Any] = []  # whose ids are among the facts
        self._names: set[str] = set(_CALLED)
        self._seen: dict[int, tuple[int, Any]] = {}
        self._spaces: list[tuple[Any, Any, set[str]]] = []  # things of which only what is named is read
        self._stack: list[tuple[Any, Any]] = [((None, "", name), x) for name, x in reversed(self._roots.items())]
        while self._stack:
            while self._stack:
                self._look(*self._stack.pop())
            for x, place, done in self._spaces:
                self._look_by_name(x, place, done)
        self.glance = self._ties.glance()

    def _push(self, place: Any, how: str, name: Any, part: Any) -> None:
        if part is ABSENT:
            self._facts.append(ABSENT)
        else:
            self._stack.append(((place, how, name), part))

    def _identify(self, x: Any) -> None:
        self._facts.append(id(x))
        self._named_by_id.append(x)

    def _look(self, place: Any, x: Any) -> None:
        if is_plain(x):
            self._facts.append((type(x), repr(x)))
            return
        if id(x) in self._seen:
            self._facts.append(self._seen[id(x)][0])
            return
        self._seen[id(x)] = len(self._seen), x
        if isinstance(x, types.FunctionType):
            self._function(place, x)
        elif isinstance(x, types.ModuleType):
            self._identify(x)
            self._spaces.append((x, place, set()))
            if type(x) is not types.ModuleType:
                self._push(place, ".", "__class__", type(x))
        elif isinstance(x, type):
            self._class(place, x)
        elif isinstance(x, Node):
            self._node(place, x)
        elif isinstance(x, GENERATORS) and not isinstance(x, random.SystemRandom):
            self._identify(x)
            self._states.append((x, place, state_of(x)))
        elif isinstance(x, types.MethodType):
            self._facts.append("method")
            self._push(place, "", "", x.__func__)
            self._push(place, "", "", x.__self__)
        elif isinstance(x, types.BuiltinFunctionType):
            self._facts.append(x.__qualname__)
            owner = x.__self__
            if owner is builtins and x.__name__ in DENIED["builtins"]:  # handed on, as in `map(print, x)`: unseen
                self.refused.append(f"`{text(place)}` is `{x.__name__}`")
            elif isinstance(owner, types.ModuleType) and standing(x.__module__ or "builtins") == "other":
                self.refused.append(f"`{text(place)}` is a function of `{x.__module__}`")
            elif not isinstance(owner, (type, types.ModuleType)):
                self._push(place, "", "", owner)
        elif isinstance(x, (property, staticmethod, classmethod, functools.cached_property)):
            self._facts.append(type(x))
            for name in ("fget", "fset", "__func__", "func"):
                self._push(place, "", "", getattr(x, name, None))
        elif isinstance(x, Primitive):
            self._identify(x)
            if standing(x.forward.__module__) == "user":
                for part in (x.forward, x.scalar, x.partials, x.vjps):
                    self._push(place, "", "", part)
        elif isinstance(x, _GETTERS):
            self._facts.append(repr(x))
            self._names.update(re.findall(r"\w+", repr(x)))
        elif isinstance(x, FIRM) or type(x).__name__ == "cython_function_or_method":
            self._identify(x)
        else:
            self._object(place, x)

    def _function(self, place: Any, x: types.FunctionType) -> None:
        self._identify(x.__code__)
        if not is_users(x):  # of a library only what the user gave to it
            self._push(place, "", "", x.__defaults__)
            for name, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
                self._push(None, "", name, self._ties.cell(cell, (None, "", name)))
            return
        reads, handed, names, modules, codes = named(x.__code__)
        self.codes |= codes
        self._spaces.append((x, place, set()))
        if self._ran is not None and x.__code__ not in self._ran:
            return
        for attribute in ("__code__", "__defaults__", "__kwdefaults__"):
            now = self._ties.attribute(x, attribute, (place, ".", attribute))
            if attribute != "__code__":
                self._push(place, ".", attribute, now)
        for name, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
            self._push(None, "", name, self._ties.cell(cell, (None, "", name)))
        self._names |= names
        self._names.update(*(_READ_BY[name] for name in names & _READ_BY.keys()))
        for name in sorted(names & _METHODS):
            self.refused.append(f"`{text(place)}` names `{name}`")
        for name in sorted(reads):
            now = self._ties.entry(x.__globals__, name, (None, "", name))
            if now is ABSENT:
                now = self._ties.entry(vars(builtins), name, (None, "", name))
                if name in DENIED["builtins"] and name not in handed:  # the profile sees whether it is called
                    continue
            self._push(None, "", name, now)
        for name, level in sorted(modules):
            package = x.__globals__.get("__package__") or ""
            full = importlib.util.resolve_name("." * level + name, package) if level else name
            for one in {full, full if level else full.partition(".")[0]}:
                self._push(None, "", one, self._ties.entry(sys.modules, one, (None, "", one)))
        self._table(place, vars(x))

    def _table(self, place: Any, own: dict[str, Any], skipped: Any = None) -> None:
        """Look at the attributes of an object."""
        if skipped:
            own = {name: self._ties.entry(own, name, (place, ".", name)) for name in own.keys() - skipped}
        else:
            self._ties.table(own, place, ".")
        self._facts.append(sorted(own))
        for name in sorted(own):
            self._push(place, ".", name, own[name])

    def _class(self, place: Any, x: type) -> None:
        self._identify(x)
        ours = x.__module__.partition(".")[0] in OURS
        if isinstance(x, abc.ABCMeta) and not ours:  # `register` leaves no trace in the class
            self._facts.append(self._ties.call(abc.get_cache_token, (place, ".", "register")))
        if not ours and standing(x.__module__) != "user":
            if x.__module__ == "decimal":  # its operators read a context, and no profile sees that
                self.refused.append(f"`{text(place)}` is a class of `decimal`")
            return
        self._ties.table(vars(x), place, ".", functools.partial(as_class, x), keys=not ours)
        self._ties.attribute(x, "__bases__", (place, ".", "__bases__"))
        for base in x.__mro__[1:]:
            self._push(None, "", base.__name__, base)
            if base is not object and standing(base.__module__) != "user":
                self._names |= vars(base).keys() - _ASIDE  # methods that the library calls
        if ours:
            for name, part in vars(x).items():
                if is_users(part) if isinstance(part, types.FunctionType) else name[:2] != "__" and is_plain(part):
                    self._push(place, ".", name, part)
        else:
            if getattr(x, "_is_protocol", False):  # `isinstance` asks for them
                self._names |= vars(x).keys() - _ASIDE
            self._spaces.append((x, place, set()))
            self._push(place, ".", "__class__", type(x))

    def _look_by_name(self, x: Any, place: Any, done: set[str]) -> None:
        if not isinstance(x, types.ModuleType):
            for name in sorted((_ASIDE & self._names) - done - ({"grad"} if id(x) in self._carried else set())):
                done.add(name)
                self._push(place, ".", name, self._ties.attribute(x, name, (place, ".", name)))
        if isinstance(x, (Node, types.FunctionType)):
            return
        names = vars(x)
        is_class = isinstance(x, type)
        named = self._names & names.keys()
        of_user = is_class or standing(x.__name__) == "user"
        if of_user:  # what Python calls by itself
            named |= {n for n, part in names.items() if n[:2] == "__" and may_run(part)}
        if of_user and self._names & _WIDE:
            named |= {n for n in names if n[:2] != "__"}
        if not is_class and ("__getattr__" in named or self._names & _WIDE):
            named |= self._names  # one that is absent may be set later
        for name in sorted(named - done):
            done.add(name)
            part = names[name] if is_class else self._ties.entry(names, name, (place, ".", name))
            self._push(place, ".", name, part)

    def _node(self, place: Any, x: Node) -> None:
        if id(x) in self._carried:
            self._facts.append(self._carried[id(x)][0])
        else:
            self._identify(None if x.op is fixed else x)
        self._facts.append(x.op is fixed)
        if x._first is not None:
            self.history.add(id(x))
        self._ties.attribute(x, "op", (place, ".", "requires_grad"))
        data = self._ties.attribute(x, "_data", (place, ".", "data"), for_now=x.op is not fixed)
        self._spaces.append((x, place, set()))
        if x.op is fixed:
            self._push(place, ".", "data", data)
        elif isinstance(data, np.ndarray):
            self._ties.numbers(data, (place, ".", "data"), for_now=True)

    def _object(self, place: Any, x: Any) -> None:
        kind = type(x)
        if isinstance(x, np.ndarray):
            self._facts.append(self._ties.numbers(x, place))
            if x.dtype == object:
                for i, part in enumerate(x.flat):
                    self._push(place, "[]", i, part)
        elif type(x) is bytearray:
            self._facts.append(self._ties.numbers(x, place))
            return
        elif any(not is_known(base) for base in kind.__mro__):
            where = self._iterators if hasattr(kind, "__next__") else self.refused
            where.append(f"`{text(place)}` is {_article(kind)}")
            self._push(place, "", "", getattr(x, "__wrapped__", ABSENT) if kind is MEMO else ABSENT)
            return
        else:
            self._facts.append(kind)
        if isinstance(x, (dict, types.MappingProxyType)):
            self._ties.table(x, place, "[]", None if isinstance(x, dict) else _nothing)
            for key, part in x.items():
                self._look((place, "[]", "key"), key)
                self._push(place, "[]", key, part)
            self._push(place, ".", "default_factory", getattr(x, "default_factory", None))
        elif isinstance(x, (list, tuple, set, frozenset, collections.deque)):
            if not isinstance(x, (tuple, frozenset)):
                self._ties.row(x, place)
            self._facts.append(len(x))
            for i, part in enumerate(x):
                self._push(place, "[]", i, part)
        elif isinstance(x, functools.partial):
            for part in (x.func, x.args, x.keywords):
                self._push(place, "", "", part)
        elif isinstance(x, (int, float, complex, str, bytes)):
            self._facts.append(repr(x))
        else:
            self._identify(None if kind.__dictoffset__ or isinstance(x, np.ndarray) else x)
        if kind.__flags__ & HEAP or kind.__dictoffset__:
            self._attributes(place, x, kind)

    def _attributes(self, place: Any, x: Any, kind: type) -> None:
        self._push(place, ".", "__class__", self._ties.attribute(x, "__class__", (place, ".", "__class__")))
        if kind.__dictoffset__:
            own = object.__getattribute__(x, "__dict__")
            for name, part in own.items() if kind.__module__.partition(".")[0] not in OURS else ():
                if isinstance(part, GENERATORS) and (other := stand_in(part)) is not None:
                    self._attributes_that_draw.append((own, name, part, other))
            self._table(place, own, getattr(kind, "_unwatched", None))
        for base in kind.__mro__:
            for name, part in vars(base).items() if base not in HOLDERS and is_known(base) else ():
                if isinstance(part, types.MemberDescriptorType):
                    self._push(place, ".", name, self._ties.attribute(x, name, (place, ".", name)))

    # What has changed --------------------------------------------------------------------------------------

    def changed(self, roots: dict[str, Any] | None = None) -> str:
        """Return the place of something that is not as it was, or "". Other objects may stand in for equal ones."""
        place = self._ties.changed()
        if place is None and roots is None:
            return ""
        was = dict(vars(self))
        self._roots = roots or self._roots
        self._walk()
        if self._facts == was["_facts"]:
            self._states = was["_states"]
            return ""
        self.__dict__.update(was)
        return text(place) or "an argument"

    def holds(self, roots: dict[str, Any]) -> bool:
        """Return whether nothing has changed, and the roots are these, or equal ones."""
        same = len(roots) == 1 or all(map(operator.is_, roots.values(), self._roots.values()))
        return (same and self.glance()) or not self.changed(None if same else roots)

    def reads_as(self, other: Captured) -> bool:
        """Return whether both have read equal things, all of which can be watched."""
        return self._facts == other._facts and not self.refused and not self._iterators

    def again(self, roots: dict[str, Any], carried: Sequence[Any]) -> Captured:
        """Record what the code that has run here reads from other roots."""
        return Captured(roots, self._ran, carried)

    def parked(self) -> Captured:
        """Return what `again` and `reads_as` need, without the objects that were read."""
        made = Captured({}, self._ran)
        made._facts, made._named_by_id = self._facts, self._named_by_id
        return made

    def put_back(self) -> None:
        """Set everything as it was at first."""
        ties, states = self._origin
        ties.put_back()
        for g, _, was in states:
            set_state(g, was)

    def undraw(self) -> None:
        """Set generators of random numbers as they were before the trace, where nobody has used them since."""
        for (g, _, was), (_, _, now) in zip(self._origin[1], self._drawn, strict=True):
            if state_of(g) == now:
                set_state(g, was)

    # The trace ---------------------------------------------------------------------------------------------

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Put everything back where what happens inside fails."""
        try:
            yield
        except BaseException:
            self.put_back()
            raise

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Observe a trace, and refuse it where a program could not repeat it.

        Raises:
            RuntimeError: it draws random numbers, changes something, or reads what cannot be watched.
        """
        if self._iterators:
            raise RuntimeError(_opaque(self._iterators[0]))
        if self._states and "spawn" in self._names:
            raise RuntimeError(_opaque("the function may call `spawn` of a generator of random numbers"))
        observer = Observer(self.codes)
        try:
            with self.with_stand_ins(), observer.watching():
                yield
        except Exception as error:
            if place := self.drawing_attribute(used=True):
                raise RuntimeError(refusal_of_draws(place)) from error
            raise
        self._refuse_changes()
        after = Captured(self._roots, observer.ran, [x for _, x in self._carried.values()])
        if after.refused:
            raise RuntimeError(_opaque(after.refused[0]))
        kept = self._origin, self._states, self._attributes_that_draw
        self.__dict__.update(vars(after))
        self._origin, self._drawn, self._attributes_that_draw = kept

    @contextmanager
    def with_stand_ins(self, on: bool = True) -> Iterator[None]:
        """Let stand-ins take the place of generators, or the generators take it again."""
        for table, name, g, other in self._attributes_that_draw:
            table[name] = other if on else g
        try:
            yield
        finally:
            for table, name, g, other in self._attributes_that_draw:
                table[name] = g if on else other

    @contextmanager
    def as_before_draws(self) -> Iterator[None]:
        """Let generators be as they were before the trace, and refuse that they end in another state than in it."""
        for g, _, was in self._origin[1]:
            set_state(g, was)
        yield
        for g, place, now in self._drawn:
            if state_of(g) != now:
                raise RuntimeError(refusal_of_draws(text(place)))

    def drawing_attribute(self, used: bool = False) -> str:
        """Return the place of a generator that a stand-in has replaced, and that was `used` in the trace; or ""."""
        found = [g for *_, g, other in self._attributes_that_draw if other.is_used or not used]
        return next((text(place) for g, place, _ in self._states if any(g is x for x in found)), "")

    def _refuse_changes(self) -> None:
        for g, place, was in self._states:
            if state_of(g) != was:
                raise RuntimeError(refusal_of_draws(text(place)))
        if place := self.changed() or text(self._ties.changed(for_now=True)):
            raise RuntimeError(
                f"`{place}` changed while the function was traced, and a program would not change it: return it as a "
                "result, or run uncompiled"
            )

    def drawing(self, make: Callable[[], Any]) -> Any:
        """Draw for `fresh`: what `make` does is done again at each run, so it may do anything."""
        profile = sys.getprofile()
        sys.setprofile(None)
        with self.with_stand_ins(False):
            try:
                self._refuse_changes()
                return make()
            finally:
                stand_ins = self._attributes_that_draw
                if self.changed():
                    self._walk()
                self._attributes_that_draw = stand_ins
                self._states = [(g, place, state_of(g)) for g, place, _ in self._states]
                sys.setprofile(profile)


def _nothing(was: Any) -> None:
    """Leave a view of a dict that cannot be written through."""


def _article(kind: type) -> str:
    return f"{'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} `{kind.__name__}`"


def refusal_of_draws(place: str) -> str:
    """Say that a function draws from a generator as no program can."""
    return (
        f"the function draws random numbers from `{place}`, which a program would repeat for ever: "
        "draw them inside `chalkgrad.fresh`, as in `fresh(lambda: rng.normal(size=3))`"
    )


def _opaque(what: str) -> str:
    return f"{what}, whose state cannot be watched: {REMEDY}"
