"""Traversal of all objects that functions read through names, closures, defaults, attributes and containers."""

from __future__ import annotations

import abc
import builtins
import collections
import copyreg
import functools
import importlib.util
import operator
import random
import re
import sys
import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...graph import Node, constant
from ...primitive import Primitive
from .codes import FIRM, HEAP, HOLDERS, MEMO, is_implied, is_known, is_users, named
from .purity import DENIED, OURS, denied, standing
from .sources import GENERATORS, stand_in, state_of
from .ties import ABSENT, Place, Ties, content, is_plain, text

_WIDE = frozenset({"getattr", "hasattr", "vars", "__dict__", "dir", "__getattribute__", "AttributeError", "except"})
_BY_IDENTITY = frozenset({"hash", "repr"})  # tell equal objects from one another
_COPIES = frozenset({"copy", "deepcopy"})  # ask how others copy
_TABLES = frozenset({"vars", "dir", "__dict__"})
_CALLED = ("forward", "prepare", "base")  # names that the library asks for
_ASIDE = frozenset({
    "grad", "label", "__name__", "__qualname__", "__doc__", "__annotations__", "__defaults__", "__kwdefaults__",
    "__closure__", "__code__",
})  # where a code names it
_READ_BY = {"get_type_hints": ("__annotations__",), "fields": ("__dataclass_fields__",)}
_METHODS = frozenset({"__subclasses__", "tofile", "dump"})  # of C, of which no profile sees a call by C
_GETTERS = (operator.attrgetter, operator.methodcaller)
_PARTS: dict[Any, tuple[str, ...]] = {
    types.MethodType: ("__func__", "__self__"), property: ("fget", "fset"), staticmethod: ("__func__",),
    classmethod: ("__func__",), functools.cached_property: ("func",),
}  # fmt: skip


class Traversal:
    """What was found, tied to its places.

    Args:
        roots: functions and objects, by the names that messages have for them.
        ran: the code that has run; None to follow all.
        carried: leaves that a program has in its state: others may stand in for them.

    Attributes:
        ties: all that matters from run to run; `leaves`: the numbers of leaves, which a program reads anew.
        facts: what was found, by value: traversals of equal facts have found equal things.
        by_id: what the facts know by its `id`.
        refused: what cannot be watched; `iterators`: what must not be there even if it is not used.
        generators: of random numbers, each with its place and state.
        stand_ins: what takes the place of generators that are attributes: a table, a name, the generator, it, a place.
        codes: of the user, where all that they name is known.
        names: what they name.
        history: results of operations, whose operations a program would run again.
        seen: all that was found by its `id`, each with its number.
    """

    def __init__(self, roots: dict[str, Any], ran: set[types.CodeType] | None, carried: Sequence[Any]) -> None:
        self._ran, self._carried = ran, {id(x): (i, x) for i, x in enumerate(carried)}
        self.ties, self.leaves = Ties(), Ties()
        self.facts: list[Any] = []
        self.by_id: list[Any] = []
        self.refused: list[str] = []
        self.iterators: list[str] = []
        self.generators: list[tuple[Any, Place, Any]] = []
        self.stand_ins: list[tuple[dict[str, Any], str, Any, Any, Place]] = []
        self.codes: set[types.CodeType] = set()
        self.names: set[str] = set(_CALLED)
        self.history: set[int] = set()
        self.seen: dict[int, tuple[int, Any]] = {}
        self._spaces: list[tuple[Any, Place, set[str]]] = []  # things of which only what is named is read
        self._handed: list[tuple[Place, str]] = []  # methods that C may call
        self._stack: list[tuple[Place, Any]] = [((None, "", name), x) for name, x in reversed(roots.items())]
        while self._stack:
            while self._stack:
                self._look(*self._stack.pop())
            for space in self._spaces:
                self._look_by_name(*space)
            if self.names & _COPIES and id(copyreg.dispatch_table) not in self.seen:
                self._push((None, "", "copyreg.dispatch_table"), copyreg.dispatch_table)
        own = {name for x, *_ in self._spaces if isinstance(x, (type, types.ModuleType)) for name in vars(x)}
        self.refused += [f"`{text(place)}` names `{name}`" for place, name in self._handed if name not in own]
        if self.names & _BY_IDENTITY:
            self.facts.append([*self.seen])
            self.by_id += [x for _, x in self.seen.values()]
        self.glance = self.ties.glance()

    def _push(self, place: Place, part: Any) -> None:
        if part is ABSENT:
            self.facts.append(ABSENT)
        else:
            self._stack.append((place, part))

    def _push_attribute(self, x: Any, name: str, place: Place) -> None:
        at = (place, ".", name)
        self._push(at, self.ties.attribute(x, name, at))

    def _push_entry(self, table: dict[str, Any], name: str, place: Place = None) -> None:
        at = (place, "." if place else "", name)
        self._push(at, self.ties.entry(table, name, at))

    def _identify(self, x: Any) -> None:
        self.facts.append(id(x))
        self.by_id.append(x)

    def _look(self, place: Place, x: Any) -> None:
        if is_plain(x):
            self.facts.append((type(x), repr(x)))
            return
        if id(x) in self.seen:
            self.facts.append(self.seen[id(x)][0])
            return
        self.seen[id(x)] = len(self.seen), x
        if isinstance(x, types.FunctionType):
            self._function(place, x)
        elif isinstance(x, types.ModuleType):
            self._identify(x)
            self._spaces.append((x, place, set()))
            self._push((place, ".", "__class__"), type(x))
        elif isinstance(x, type):
            self._class(place, x)
        elif isinstance(x, Node):
            self._node(place, x)
        elif isinstance(x, GENERATORS) and not isinstance(x, random.SystemRandom):
            self._identify(x)
            self.generators.append((x, place, state_of(x)))
        elif isinstance(x, types.BuiltinFunctionType):
            self.facts.append(x.__qualname__)
            if name := denied(x):  # handed on, as in `map(print, x)`, it is called unseen
                self.refused.append(f"`{text(place)}` is `{name}`")
            elif not isinstance(x.__self__, (type, types.ModuleType)):
                self._push((place, "", ""), x.__self__)
        elif isinstance(x, Primitive):
            self._identify(x)
            if standing(x.forward.__module__) == "user":
                for part in (x.forward, x.scalar, x.partials, x.vjps):
                    self._push((place, "", ""), part)
        elif isinstance(x, _GETTERS):
            self.facts.append(repr(x))
            self.names.update(re.findall(r"\w+", repr(x)))
        elif isinstance(x, FIRM) or type(x).__name__ == "cython_function_or_method":
            self._identify(x)
        elif isinstance(x, tuple(_PARTS)):
            self.facts.append(type(x))
            for name in next(names for kind, names in _PARTS.items() if isinstance(x, kind)):
                self._push((place, "", ""), getattr(x, name))
        else:
            self._object(place, x)

    # Functions, classes, and what only names lead to ---------------------------------------------------------

    def _function(self, place: Place, x: types.FunctionType) -> None:
        self._identify(x.__code__)
        if not is_users(x):  # only what the user gave to it
            self._push((place, ".", "__defaults__"), x.__defaults__)
            self._cells(x)
            return
        reads, names, values, modules, codes = named(x.__code__)
        self.codes |= codes
        self._spaces.append((x, place, set()))
        self._table(place, vars(x))
        if self._ran is not None and x.__code__ not in self._ran:
            return
        self.ties.attribute(x, "__code__", (place, ".", "__code__"))
        self._push_attribute(x, "__kwdefaults__", place)
        self._push_attribute(x, "__defaults__", place)
        self._cells(x)
        self.names |= names
        self.names.update(*(_READ_BY[name] for name in names & _READ_BY.keys()))
        self._handed += [(place, name) for name in sorted(values & _METHODS)]
        for name in sorted(reads):
            now = self.ties.entry(x.__globals__, name, (None, "", name))
            if now is ABSENT:
                now = self.ties.entry(vars(builtins), name, (None, "", name))
                if name in DENIED["builtins"] and name not in values:  # the profile sees whether it is called
                    continue
            self._push((None, "", name), now)
        for name, level in sorted(modules):
            package = x.__globals__.get("__package__") or ""
            full = importlib.util.resolve_name("." * level + name, package) if level else name
            for one in {full, full if level else full.partition(".")[0]}:
                self._push_entry(sys.modules, one)

    def _cells(self, x: types.FunctionType) -> None:
        for name, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
            self._push((None, "", name), self.ties.tie(content, cell, "cell_contents", (None, "", name)))

    def _table(self, place: Place, own: dict[str, Any], skipped: Any = frozenset()) -> None:
        """Look at the attributes of an object."""
        names = sorted(own.keys() - skipped)
        self.facts.append(names)
        self.ties.table(own, own, place, ".", parts=not skipped)
        for name in names:
            if skipped:
                self._push_entry(own, name, place)
            else:
                self._push((place, ".", name), own[name])

    def _class(self, place: Place, x: type) -> None:
        self._identify(x)
        ours, of_user = x.__module__.partition(".")[0] in OURS, standing(x.__module__) == "user"
        if isinstance(x, abc.ABCMeta) and not ours:  # `register` leaves no trace in the class
            token = abc.get_cache_token()
            self.facts.append(token)
            known = lambda *_: token if abc.get_cache_token() == token else ABSENT
            self.ties.tie(known, {}, "", (place, ".", "register"))  # it cannot be put back
        if x.__module__ == "decimal":  # its operators read a context, and no profile sees that
            self.refused.append(f"`{text(place)}` is a class of `decimal`")
        if not ours and not of_user:
            return
        self.ties.table(vars(x), x, place, ".", keys=not ours)
        self.ties.attribute(x, "__bases__", (place, ".", "__bases__"))
        for base in x.__mro__[1:]:
            self._push((None, "", base.__name__), base)
            if base is not object and standing(base.__module__) != "user":
                self.names |= vars(base).keys() - _ASIDE  # methods that the library calls
        if ours:
            self.facts.append([*map(id, vars(x).values())])
            for name, part in vars(x).items():
                if isinstance(part, types.FunctionType) and is_users(part):
                    self._push((place, ".", name), part)
            return
        if vars(x).get("_is_protocol"):  # `isinstance` asks for them
            self.names |= vars(x).keys() - _ASIDE
        self._spaces.append((x, place, set()))
        self._push((place, ".", "__class__"), type(x))

    def _look_by_name(self, x: Any, place: Place, done: set[str]) -> None:
        if not isinstance(x, types.ModuleType):
            for name in sorted((_ASIDE & self.names) - done - ({"grad"} if id(x) in self._carried else set())):
                done.add(name)
                self._push_attribute(x, name, place)
        if isinstance(x, (Node, types.FunctionType)):
            return
        own = vars(x)
        is_class = isinstance(x, type)
        if not is_class and not done and self.names & _TABLES and standing(x.__name__) == "user":
            self._table(place, own)
        found = self.names & own.keys()
        is_wide = bool(self.names & _WIDE)
        if is_class or standing(x.__name__) == "user":  # also what Python calls by itself
            found |= {n for n, part in own.items() if is_implied(n, part) or (is_wide and n[:2] != "__")}
        if not is_class and ("__getattr__" in found or is_wide):
            found |= self.names  # one that is absent may be set later
        for name in sorted(found - done):
            done.add(name)
            if is_class:
                self._push((place, ".", name), own[name])
            else:
                self._push_entry(own, name, place)

    # Objects -------------------------------------------------------------------------------------------------

    def _node(self, place: Place, x: Node) -> None:
        if id(x) in self._carried:
            self.facts.append(self._carried[id(x)][0])
        else:
            self._identify(None if x.op is constant else x)
        self.facts.append(x.op is constant)
        if x._first is not None:
            self.history.add(id(x))
        self._spaces.append((x, place, set()))
        self.ties.attribute(x, "op", (place, ".", "requires_grad"))
        at = (place, ".", "data")
        if x.op is constant:
            self._push(at, self.ties.attribute(x, "_data", at))
        elif isinstance(data := self.leaves.attribute(x, "_data", at), np.ndarray):
            self.leaves.numbers(data, at)

    def _object(self, place: Place, x: Any) -> None:
        kind = type(x)
        if isinstance(x, np.ndarray):
            self.facts.append(self.ties.numbers(x, place))
        elif any(not is_known(base) for base in kind.__mro__):
            where = self.iterators if hasattr(kind, "__next__") else self.refused
            where.append(f"`{text(place)}` is {'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} `{kind.__name__}`")
            self._push((place, "", ""), getattr(x, "__wrapped__", ABSENT) if kind is MEMO else ABSENT)
            return
        else:
            self.facts.append(kind)
        parts: Any = ()
        if isinstance(x, (dict, types.MappingProxyType)):
            self.ties.table(x, x, place, "[]")
            for key in x:
                self._look((place, "[]", "key"), key)
            parts = x.items()
            if isinstance(x, collections.defaultdict):
                self._push_attribute(x, "default_factory", place)
        elif isinstance(x, (list, tuple, set, frozenset, collections.deque, bytearray)):
            if not isinstance(x, (tuple, frozenset)):
                self.ties.row(x, place)
            self.facts.append(len(x))
            parts = enumerate(x)
        elif isinstance(x, np.ndarray):
            parts = enumerate(x.flat) if x.dtype == object else ()
        elif isinstance(x, functools.partial):
            for name in ("func", "args", "keywords"):
                self._push_attribute(x, name, place)
        elif isinstance(x, (int, float, complex, str, bytes)):
            self.facts.append(repr(x))
        elif isinstance(x, BaseException):
            for name in ("args", "__cause__", "__context__"):
                self._push_attribute(x, name, place)
        else:
            self._identify(None if kind.__dictoffset__ else x)
        for key, part in parts:
            self._push((place, "[]", key), part)
        if kind.__flags__ & HEAP or kind.__dictoffset__:
            self._attributes(place, x, kind)

    def _attributes(self, place: Place, x: Any, kind: type) -> None:
        self._push_attribute(x, "__class__", place)
        if kind.__dictoffset__:
            own = self.ties.attribute(x, "__dict__", (place, ".", "__dict__"))
            for name, part in own.items() if kind.__module__.partition(".")[0] not in OURS else ():
                if isinstance(part, GENERATORS) and (other := stand_in(part)) is not None:
                    self.stand_ins.append((own, name, part, other, (place, ".", name)))
            self._table(place, own, getattr(kind, "_unwatched", frozenset()))
        for base in kind.__mro__:
            for name, part in vars(base).items() if base not in HOLDERS and is_known(base) else ():
                if isinstance(part, types.MemberDescriptorType):
                    self._push_attribute(x, name, place)
