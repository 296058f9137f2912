"""Ties: what hangs on what, object by object. A look says whether all is the very same; what is not can be put back."""

from __future__ import annotations

import functools
import itertools
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

ABSENT: Any = object()
_PLAIN = frozenset({int, float, complex, str, bytes, bool, type(None)})

Place = Any  # None, or (place of the holder, "." or "[]" or "", name)


def is_plain(x: Any) -> bool:
    """Return whether `x` is a number, a text or None, which never changes."""
    return type(x) in _PLAIN or (isinstance(x, np.generic) and type(x) is not np.void)


def text(place: Place) -> str:
    """Write a place as Python does.

    >>> text(((None, "", "model"), ".", "rates"))
    'model.rates'
    """
    parts: list[str] = []
    while place is not None:  # a chain may be longer than Python calls deep
        place, how, name = place
        parts.append(f"[{name!r:.40}]" if how == "[]" else f"{how if place else ''}{name}")
    return "".join(reversed(parts))


class Ties:
    """What a walk has found. Each method gives what is there now, and ties it to its place.

    What is tied `for_now` matters while a function is traced, and not from run to run: a program reads it anew.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[Any, Any, Any, Callable[[Any], None], Place]] = []  # get, key, what it gave, put
        self._entries_for_now: list[tuple[Any, Any, Any, Callable[[Any], None], Place]] = []
        self._rows: list[tuple[Any, list[Any], Callable[[], Any], Place]] = []  # live view, its parts, how to restore
        self._arrays: list[tuple[Any, Any, bytes, Any, Place]] = []
        self._arrays_for_now: list[tuple[Any, Any, bytes, Any, Place]] = []

    def entry(self, table: Any, key: str, place: Place) -> Any:
        now = table.get(key, ABSENT)
        self._entries.append((table.get, key, now, functools.partial(_put, table, key), place))
        return now

    def attribute(self, x: Any, name: str, place: Place, for_now: bool = False) -> Any:
        now = getattr(x, name, ABSENT)
        entries = self._entries_for_now if for_now else self._entries
        entries.append((functools.partial(getattr, x), name, now, functools.partial(_set, x, name), place))
        return now

    def cell(self, cell: types.CellType, place: Place) -> Any:
        get = functools.partial(_content, cell)
        now = get("", ABSENT)
        self._entries.append((get, "", now, functools.partial(setattr, cell, "cell_contents"), place))
        return now

    def call(self, f: Callable[[], Any], place: Place) -> Any:
        """Tie what a function gives, by its value; it cannot be put back."""
        now = f()
        self._entries.append((lambda *_: now if f() == now else ABSENT, "", now, lambda was: None, place))
        return now

    def row(self, x: Any, place: Place) -> None:
        """Tie the parts of a list, deque or set."""
        parts = list(x)
        self._rows.append((x, parts, functools.partial(_refill, x, parts), place))

    def table(
        self, x: Any, place: Place, how: str, restore: Callable[[Any], Any] | None = None, *, keys: bool = True
    ) -> None:
        """Tie the keys and parts of a dict, or of the attributes of an object or class; `keys` may be left out."""
        was = dict(x)
        back = functools.partial(restore or functools.partial(_refill, x), was)
        for view in [x] * (keys or not was) + [x.values()] * bool(was):
            self._rows.append((view, list(view), back, functools.partial(_odd, x, was, how, place)))

    def numbers(self, x: Any, place: Place, for_now: bool = False) -> Any:
        """Tie the numbers of an array or bytearray; nobody can write into a read-only array that owns its data."""
        if isinstance(x, bytearray):
            what, was, kept = None, bytes(x), None
        else:
            what, was = (x.dtype, x.shape, x.strides), x.tobytes()
            kept = x.copy() if x.dtype == object else None
            if not for_now:
                self.call(lambda: x.flags.writeable, (place, ".", "flags.writeable"))
            if not x.flags.writeable and x.base is None:
                return what, was, False
        (self._arrays_for_now if for_now else self._arrays).append((x, what, was, kept, place))
        return what, was, isinstance(x, bytearray) or x.flags.writeable

    def changed(self, for_now: bool = False) -> Place:
        """Return the place of something that is another object than before, or of an array of other numbers."""
        for get, key, was, _, place in self._entries_for_now if for_now else self._entries:
            if (now := get(key, ABSENT)) is not was and not (
                type(now) is type(was) and is_plain(now) and repr(now) == repr(was)  # -0.0 is not 0.0
            ):
                return place
        for view, parts, _, place in self._rows:
            if len(view) != len(parts) or (parts and not all(map(operator.is_, view, parts))):
                return place() if callable(place) else place
        return self._other_array(for_now)

    def glance(self) -> Callable[[], bool]:
        """Return what says, in one go, whether all objects are the very same and all arrays alike: the usual case."""
        gets: list[Any] = [entry[0] for entry in self._entries]
        keys, was = [entry[1] for entry in self._entries], [entry[2] for entry in self._entries]
        views, parts = [row[0] for row in self._rows], [row[1] for row in self._rows]
        lengths, known = [*map(len, parts)], [*was, *itertools.chain.from_iterable(parts)]
        absent, arrays = itertools.repeat(ABSENT), self._arrays
        call: Any = operator.call

        def look() -> bool:
            now = map(call, gets, keys, absent)
            if [*map(len, views)] != lengths:
                return False
            return all(map(operator.is_, itertools.chain(now, *views), known)) and not (arrays and self._other_array())

        return look

    def _other_array(self, for_now: bool = False) -> Place:
        for x, what, was, _, place in self._arrays_for_now if for_now else self._arrays:
            if (x if what is None else x.tobytes()) != was or (what and (x.dtype, x.shape, x.strides) != what):
                return place
        return None

    def put_back(self) -> None:
        """Make everything as it was."""
        for get, key, was, put, _ in (*self._entries, *self._entries_for_now):
            if get(key, ABSENT) is not was:
                put(was)
        for view, parts, restore, _ in self._rows:
            if len(view) != len(parts) or not all(map(operator.is_, view, parts)):
                restore()
        for x, what, was, kept, _ in (*self._arrays, *self._arrays_for_now):
            if what is None:
                x[:] = was
            elif x.tobytes() != was:
                x[...] = np.frombuffer(was, x.dtype).reshape(x.shape) if kept is None else kept


def as_class(x: type, was: dict[str, Any]) -> None:
    """Set the attributes of a class as they were."""
    for name in {**vars(x), **was}:
        if vars(x).get(name, ABSENT) is not was.get(name, ABSENT):
            _set(x, name, was.get(name, ABSENT))


def _odd(x: Any, was: dict[str, Any], how: str, place: Place) -> Place:
    """Find which part of a table is not as it was."""
    return next(((place, how, key) for key in {**was, **x} if x.get(key, ABSENT) is not was.get(key, ABSENT)), place)


def _content(cell: types.CellType, _: str, default: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return default


def _refill(x: Any, parts: Any) -> None:
    x.clear()
    (x.extend if hasattr(x, "extend") else x.update)(parts)


def _put(table: dict[str, Any], key: str, part: Any) -> None:
    if part is ABSENT:
        table.pop(key, None)
    else:
        table[key] = part


def _set(x: Any, name: str, part: Any) -> None:
    if part is ABSENT:
        delattr(x, name)
    elif isinstance(x, type):
        setattr(x, name, part)
    else:
        object.__setattr__(x, name, part)
