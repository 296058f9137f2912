"""Ties: records of which object holds which. They detect changes, and can restore the old objects."""

from __future__ import annotations

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
    """Return a place as Python code.

    >>> text(((None, "", "model"), ".", "rates"))
    'model.rates'
    """
    parts: list[str] = []
    while place is not None:  # a chain may be longer than Python calls deep
        place, how, name = place
        parts.append(f"[{name!r:.40}]" if how == "[]" else f"{how if place else ''}{name}")
    return "".join(reversed(parts))


class Ties:
    """What a traversal has found. Each method returns what is there now, and ties it to its place."""

    def __init__(self) -> None:
        self._entries: list[tuple[Any, Any, Any, Any, Place]] = []  # get, holder, key, what it gave
        self._rows: list[tuple[Any, list[Any], Any, Any, Place, str]] = []  # live view, its parts, holder, what it held
        self.arrays: list[tuple[Any, Any, bytes, Any, Place]] = []  # array, its layout, its bytes, a copy of objects

    def tie(self, get: Any, holder: Any, key: Any, place: Place) -> Any:
        """Tie what `get(holder, key, default)` reads."""
        now = get(holder, key, ABSENT)
        self._entries.append((get, holder, key, now, place))
        return now

    def entry(self, table: Any, key: str, place: Place) -> Any:
        return self.tie(type(table).get, table, key, place)

    def attribute(self, x: Any, name: str, place: Place) -> Any:
        return self.tie(getattr, x, name, place)

    def row(self, x: Any, place: Place) -> None:
        """Tie the parts of a list, deque, set or bytearray."""
        parts = list(x)
        self._rows.append((x, parts, x, parts, place, ""))

    def table(
        self, x: Any, holder: Any, place: Place, how: str, *, keys: bool = True, parts: bool = True
    ) -> None:  # fmt: skip
        """Tie the keys and parts of a dict, or of the attributes of an object or class; either may be left out."""
        was = dict(x)
        for view in [x] * (keys or not was) + [x.values()] * (parts and bool(was)):
            self._rows.append((view, list(view), holder, was, place, how))

    def numbers(self, x: Any, place: Place) -> Any:
        """Tie the numbers of an array; nobody can write into a read-only array that owns its data."""
        what, was = _layout(x), x.tobytes()
        if x.flags.writeable or x.base is not None:
            self.arrays.append((x, what, was, x.copy() if x.dtype == object else None, place))
        else:
            self.tie(lambda *_: x.flags.writeable, x.flags, "writeable", (place, ".", "flags.writeable"))
        return what, was

    def changed(self, *, copies: bool = False) -> Place:
        """Return the place of something that is another object than before, or of an array of other numbers.

        `copies` of an array may stand in for it: a leaf whose `data` are read may copy them.
        """
        for get, holder, key, was, place in self._entries:
            if (now := get(holder, key, ABSENT)) is was:
                continue
            if type(now) is not type(was) or not (
                (is_plain(now) and repr(now) == repr(was))  # -0.0 is not 0.0
                or (copies and isinstance(now, np.ndarray) and _numbers(now) == _numbers(was))
            ):
                return place
        for view, parts, holder, was, place, how in self._rows:
            if not _is_same(view, parts):
                return next(((place, how, name) for name in _unlike(holder, was)), place)
        return self._other_array()

    def glance(self) -> Callable[[], bool]:
        """Return what says, in one go, whether all objects are the very same and all arrays alike: the usual case."""
        attributes = [entry[1:4] for entry in self._entries if entry[0] is getattr]  # Python calls it by name faster
        others = [entry[:4] for entry in self._entries if entry[0] is not getattr]
        empty = [view for view, parts, *_ in self._rows if not parts]
        views, lists = [row[0] for row in self._rows if row[1]], [row[1] for row in self._rows if row[1]]
        lengths, known = [*map(len, lists)], [*itertools.chain.from_iterable(lists)]
        arrays = self.arrays

        def look() -> bool:
            for holder, key, was in attributes:
                if getattr(holder, key, ABSENT) is not was:
                    return False
            for get, holder, key, was in others:
                if get(holder, key, ABSENT) is not was:
                    return False
            for view in empty:
                if len(view):
                    return False
            if arrays and self._other_array():
                return False
            return not views or (
                [*map(len, views)] == lengths and all(map(operator.is_, itertools.chain(*views), known))
            )

        return look

    def _other_array(self) -> Place:
        for x, what, was, _, place in self.arrays:
            if x.tobytes() != was or _layout(x) != what:
                return place
        return None

    def put_back(self) -> None:
        """Restore the old objects everywhere."""
        for get, holder, key, was, _ in self._entries:
            if get(holder, key, ABSENT) is not was:
                _put(holder, key, was)
        for view, parts, holder, held, *_ in self._rows:
            if not _is_same(view, parts):
                _refill(holder, held)
        for x, _, numbers, kept, _ in self.arrays:
            if x.tobytes() != numbers:
                x[...] = np.frombuffer(numbers, x.dtype).reshape(x.shape) if kept is None else kept


def _numbers(x: np.ndarray) -> Any:
    return x.dtype, x.shape, x.tobytes()


def _layout(x: np.ndarray) -> tuple[Any, ...]:
    return x.dtype, x.shape, x.strides, x.flags.writeable


def _is_same(view: Any, parts: list[Any]) -> bool:
    return len(view) == len(parts) and all(map(operator.is_, view, parts))


def content(cell: types.CellType, _: str, default: Any) -> Any:
    """Return what is in a cell of a closure."""
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return default


def _unlike(holder: Any, was: Any) -> dict[Any, Any]:
    """Return the parts of a table that are not there as they were."""
    now = vars(holder) if isinstance(holder, type) else holder
    names = {**was, **now} if isinstance(was, dict) else ()
    return {name: was.get(name, ABSENT) for name in names if now.get(name, ABSENT) is not was.get(name, ABSENT)}


def _refill(holder: Any, was: Any) -> None:
    if isinstance(holder, type):
        for name, part in _unlike(holder, was).items():
            _put(holder, name, part)
    elif not isinstance(holder, types.MappingProxyType):  # it cannot be written through
        holder.clear()
        (holder.extend if hasattr(holder, "extend") else holder.update)(was)


def _put(holder: Any, key: Any, part: Any) -> None:
    if isinstance(holder, dict):
        if part is ABSENT:
            holder.pop(key, None)
        else:
            holder[key] = part
    elif part is ABSENT:
        delattr(holder, key)
    else:  # past a `__setattr__` of the user
        (type if isinstance(holder, type) else object).__setattr__(holder, key, part)
