"""Containers: nested lists, tuples and dicts of numbers, arrays and nodes, taken apart and put together again."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any


def flatten(tree: Any) -> list[Any]:
    """List what stands in nested lists, tuples and dicts, in order; anything else is itself a leaf.

    >>> flatten({"w": [1.0, 2.0], "b": (3.0,)})
    [1.0, 2.0, 3.0]
    """
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in flatten(part)]
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in flatten(part)]
    return [tree]


def rebuild(tree: Any, leaves: list[Any]) -> Any:
    """Put `leaves` in the places of those of `tree`.

    >>> rebuild({"w": [1.0, 2.0], "b": (3.0,)}, ["x", "y", "z"])
    {'w': ['x', 'y'], 'b': ('z',)}
    """
    supply = iter(leaves)
    return _rebuilt(tree, lambda: next(supply))


def _rebuilt(tree: Any, take: Callable[[], Any]) -> Any:
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_rebuilt(part, take) for part in tree))
    if isinstance(tree, tuple):
        return type(tree)(_rebuilt(part, take) for part in tree)
    if isinstance(tree, list):
        parts: Any = [_rebuilt(part, take) for part in tree]
    elif isinstance(tree, dict):
        parts = {key: _rebuilt(part, take) for key, part in tree.items()}
    else:
        return take()
    if type(tree) in (list, dict):
        return parts
    made: Any = copy.copy(tree)  # a Counter, a defaultdict, or of a class of the user: it keeps its kind and attributes
    if isinstance(tree, list):
        list.__setitem__(made, slice(None), parts)
    else:
        dict.update(made, parts)
    return made
