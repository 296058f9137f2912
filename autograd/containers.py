"""Containers: flatten nested lists, tuples and dicts of numbers, arrays and nodes, and rebuild them."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any


def flatten(tree: Any) -> list[Any]:
    """Return the leaves of nested lists, tuples and dicts, in order. Any other object is a leaf.

    >>> flatten({"w": [1.0, 2.0], "b": (3.0,)})
    [1.0, 2.0, 3.0]
    """
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in flatten(part)]
    if isinstance(tree, dict):
        return flatten([*tree.values()])
    return [tree]


def rebuild(tree: Any, leaves: Iterable[Any]) -> Any:
    """Return a copy of the containers of `tree` with `leaves` in place of its leaves.

    >>> rebuild({"w": [1.0, 2.0], "b": (3.0,)}, ["x", "y", "z"])
    {'w': ['x', 'y'], 'b': ('z',)}
    """
    supply = iter(leaves)  # of an iterator it is the iterator itself: parts of `tree` go on where others have stopped
    if not isinstance(tree, (list, tuple, dict)):
        return next(supply)
    parts: Any = [rebuild(part, supply) for part in (tree.values() if isinstance(tree, dict) else tree)]
    if isinstance(tree, tuple):
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    if isinstance(tree, dict):
        parts = dict(zip(tree, parts, strict=True))
    if type(tree) in (list, dict):
        return parts
    made: Any = copy.copy(tree)  # a Counter, a defaultdict, or of a class of the user: it keeps its kind and attributes
    if isinstance(tree, list):
        list.__setitem__(made, slice(None), parts)
    else:
        dict.update(made, parts)
    return made
