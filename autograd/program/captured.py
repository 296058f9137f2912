"""What a function reads besides its arguments: numbers, arrays and settings that may change between two calls."""

from __future__ import annotations

import operator
import random
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..graph import Node

__all__ = ["Captured"]

_ABSENT = object()
_HOME = __name__.rpartition("program")[0]  # `autograd.`, or `chalkgrad.autograd.` where it is installed
_CALLED = ("__call__", "forward")
_FIRM = (types.ModuleType, type, types.BuiltinFunctionType, types.MethodType, tuple)
"""What is taken to stay as it is, or holds its parts for good."""
_SIMPLE = (int, float, complex, str, bytes, bool, type(None), np.generic)


class Captured:
    """A record of what a function captures, to be compared with what it would capture now.

    Looks at closures, at the globals that its code names, at defaults, at the object of a method, and from there into
    lists, dicts and attributes. Functions are compared by their code and by what they capture in turn. Leaves of a
    graph are compared by identity, since a program reads their data anew; modules, classes and whatever else has no
    attributes of its own are taken to stay as they are.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self._f = f
        self._remember()

    def _remember(self) -> None:
        holders: list[Any] = []
        self._seen = [(place, _snapshot(x)) for place, x in _things(self._f, holders)]
        self._ties = _Ties(holders)

    def generators(self) -> list[Any]:
        """List the generators of random numbers."""
        return [x for _, x in _things(self._f, []) if isinstance(x, (np.random.Generator, random.Random))]

    def is_as_it_was(self) -> bool:
        """Say whether nothing has changed."""
        if self._ties.hold():
            return True
        if not self._is_alike():
            return False
        self._remember()  # other objects, but equal ones
        return True

    def _is_alike(self) -> bool:
        seen = iter(self._seen)
        for place, x in _things(self._f, []):
            was = next(seen, None)
            if was is None or was[0] != place or not _same(was[1], x):
                return False
        return next(seen, None) is None


class _Ties:
    """What hangs on what, object by object. While these are the very same, nothing has to be walked through again.

    Numbers and texts never change; arrays are compared by their numbers.
    """

    def __init__(self, holders: list[Any]) -> None:
        self._cells: list[tuple[Any, Any]] = []
        self._globals: list[tuple[dict[str, Any], str, Any]] = []
        self._rows: list[tuple[Any, list[Any]]] = []
        self._names: list[tuple[dict[Any, Any], list[Any], list[Any]]] = []
        self._defaults: list[tuple[types.FunctionType, Any]] = []
        self._methods: dict[tuple[type, str], Any] = {}
        arrays: dict[int, np.ndarray] = {}
        for x in holders:
            if isinstance(x, types.FunctionType):
                cells, names = _reads(x)
                self._cells += [(cell, _content(cell)) for cell in cells]
                self._globals += [(x.__globals__, name, x.__globals__.get(name, _ABSENT)) for name in names]
                self._defaults.append((x, x.__defaults__))
            elif isinstance(x, list):
                self._rows.append((x, list(x)))
            elif isinstance(x, dict):
                self._names.append((x, list(x), list(x.values())))
            elif not isinstance(x, _FIRM) and hasattr(x, "__dict__"):
                self._names.append((vars(x), list(vars(x)), list(vars(x).values())))
                self._methods.update({(type(x), name): _method(type(x), name) for name in _CALLED})
            for _, part in _parts(x):
                if isinstance(part, np.ndarray):
                    arrays[id(part)] = part
        self._arrays = [(x, _snapshot(x)) for x in arrays.values()]

    def hold(self) -> bool:
        """Say whether all are the same objects, and the arrays hold the same numbers."""
        for cell, was in self._cells:
            if _content(cell) is not was:
                return False
        for space, name, was in self._globals:
            if space.get(name, _ABSENT) is not was:
                return False
        for f, was in self._defaults:
            if f.__defaults__ is not was:
                return False
        for (kind, name), was in self._methods.items():
            if _method(kind, name) is not was:
                return False
        for row, parts in self._rows:
            if len(row) != len(parts) or not all(map(operator.is_, row, parts)):
                return False
        for table, keys, values in self._names:
            if list(table) != keys or not all(map(operator.is_, table.values(), values)):
                return False
        return all(_same(was, now) for now, was in self._arrays)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return _ABSENT


def _method(kind: type, name: str) -> Any:
    """Give a method that was written in Python; what `type` has instead, such as `__call__`, is made anew each time."""
    method = getattr(kind, name, None)
    return method if isinstance(method, types.FunctionType) else None


def _snapshot(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


def _same(was: Any, now: Any) -> bool:
    if isinstance(now, np.ndarray):
        return (
            isinstance(was, np.ndarray)
            and was.dtype == now.dtype
            and was.shape == now.shape
            and (was.dtype.kind == "O" or bool(np.array_equal(was, now, equal_nan=was.dtype.kind == "f")))
        )
    if isinstance(now, _SIMPLE):
        return type(was) is type(now) and (was == now or (was != was and now != now))
    return was is now


def _things(f: Callable[..., Any], holders: list[Any]) -> Iterator[tuple[str, Any]]:
    """Walk through what a function captures, each thing with its place; what holds such things goes to `holders`."""
    seen: set[int] = set()
    stack: list[tuple[str, Any]] = [("", f)]
    while stack:
        place, x = stack.pop()
        if isinstance(x, (*_SIMPLE, np.ndarray, Node, np.random.Generator, random.Random, types.CodeType)):
            yield place, x
            continue
        if id(x) in seen:
            continue
        seen.add(id(x))
        holders.append(x)
        stack.extend((f"{place}{name}", part) for name, part in _parts(x))


def _reads(f: types.FunctionType) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Give the cells of a function, and the names of globals in its code; what ours name does not change."""
    ours = (f.__module__ or "").startswith(_HOME)
    return f.__closure__ or (), () if ours else f.__code__.co_names


def _parts(x: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(x, types.FunctionType):
        yield ".code", x.__code__
        cells, names = _reads(x)
        for name, cell in zip(x.__code__.co_freevars, cells, strict=True):
            if (content := _content(cell)) is not _ABSENT:
                yield f".{name}", content
        for name in names:
            if name in x.__globals__ and not isinstance(x.__globals__[name], (types.ModuleType, type)):
                yield f".{name}", x.__globals__[name]
        for i, default in enumerate(x.__defaults__ or ()):
            yield f".default{i}", default
    elif isinstance(x, types.MethodType):
        yield ".self", x.__self__
        yield ".function", x.__func__
    elif isinstance(x, (list, tuple)):
        yield ".length", len(x)
        for i, part in enumerate(x):
            yield f"[{i}]", part
    elif isinstance(x, dict):
        yield ".length", len(x)
        for key, part in x.items():
            yield f"[{key!r:.40}]", part
    elif isinstance(x, _FIRM):
        return
    elif hasattr(x, "__dict__"):
        for name, part in vars(x).items():
            yield f".{name}", part
        for name in _CALLED:
            if (method := _method(type(x), name)) is not None:
                yield f".{name}", method
