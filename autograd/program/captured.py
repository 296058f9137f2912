"""What a function reads besides its arguments: numbers, arrays and settings that may change between two calls."""

from __future__ import annotations

import contextlib
import random
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..graph import Node

__all__ = ["Captured"]

_MANY = 10_000
_SIMPLE = (int, float, complex, str, bytes, bool, type(None), np.generic)


class Captured:
    """A record of what a function captures, to be compared with what it would capture now.

    Looks at closures, at the globals that its code names, at defaults, at the object of a method, and from there into
    lists, dicts and attributes. Leaves of a graph are compared by identity, since a program reads their data anew;
    modules, classes and whatever else has no attributes of its own are taken to stay as they are.
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        self._f = f
        self._seen = [(place, _snapshot(x)) for place, x in _things(f)]

    def generators(self) -> list[Any]:
        """List the generators of random numbers."""
        return [x for _, x in _things(self._f) if isinstance(x, (np.random.Generator, random.Random))]

    def is_as_it_was(self) -> bool:
        """Say whether nothing has changed."""
        seen = iter(self._seen)
        for place, x in _things(self._f):
            was = next(seen, None)
            if was is None or was[0] != place or not _same(was[1], x):
                return False
        return next(seen, None) is None


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


def _things(f: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Walk through what a function captures, each thing with its place."""
    seen: set[int] = set()
    stack: list[tuple[str, Any]] = [("", f)]
    count = 0
    while stack:
        place, x = stack.pop()
        count += 1
        if count > _MANY:
            return
        if isinstance(x, (*_SIMPLE, np.ndarray, Node, np.random.Generator, random.Random)):
            yield place, x
            continue
        if id(x) in seen:
            continue
        seen.add(id(x))
        stack.extend((f"{place}{name}", part) for name, part in _parts(x))


def _parts(x: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(x, types.FunctionType):
        if x.__module__ and x.__module__.partition(".")[0] == "autograd" and not x.__closure__:
            return  # ours, and captures nothing
        for name, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # not yet filled
                yield f".{name}", cell.cell_contents
        for name in x.__code__.co_names:
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
    elif isinstance(x, (types.ModuleType, type, types.BuiltinFunctionType)):
        return
    elif hasattr(x, "__dict__"):
        for name, part in vars(x).items():
            yield f".{name}", part
        for name in ("__call__", "forward"):
            if isinstance(method := getattr(type(x), name, None), types.FunctionType):
                yield f".{name}", method
