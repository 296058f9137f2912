"""Generators of random numbers: their states, and stand-ins whose draws a program repeats.

During a trace, a stand-in replaces a generator that is an attribute of an object. Its real numbers become nodes, as
those of `fresh`. Other draws, such as indices or permutations, change the state of the generator, and the function is
refused.
"""

from __future__ import annotations

import functools
import pickle
import random
from collections.abc import Iterable
from typing import Any

import numpy as np

from ... import modes
from ...containers import flatten
from ...graph import Node, fresh

GENERATORS = (random.Random, np.random.RandomState, np.random.Generator, np.random.BitGenerator)


class Draw(functools.partial[Any]):
    """What a stand-in draws from its generator."""


def stand_in(g: Any) -> Any:
    """Return the stand-in of a generator; None for one of a class of the user."""
    kind: Any = type(g)
    if kind not in (random.Random, np.random.RandomState, np.random.Generator):
        return None
    made = _stand_ins(kind)
    it = made.__new__(made) if kind is random.Random else made(getattr(g, "bit_generator", None) or g._bit_generator)
    it._source, it.is_used = g, False
    return it


@functools.cache
def _stand_ins(kind: Any) -> Any:
    names = [name for name in dir(kind) if name[0] != "_" and callable(getattr(kind, name))]
    return type(kind)(kind.__name__, (kind,), {name: _method(name) for name in names})


def _method(name: str) -> Any:
    def method(self: Any, *args: Any, **settings: Any) -> Any:
        draw = Draw(getattr(self._source, name), *args, **settings)
        if modes.tracer() is None:  # another thread
            return draw()
        self.is_used = True
        was = state_of(self._source)
        drawn = draw()
        if not _is_real(drawn) or any(isinstance(x, Node) or x is drawn for x in flatten((args, settings))):
            return drawn  # no real number, or written into an array that was given
        set_states([(self._source, was)])
        return fresh(draw)

    return method


def _is_real(x: Any) -> bool:
    return isinstance(x, float) or (isinstance(x, (np.ndarray, np.floating)) and x.dtype.kind == "f")


def state_of(g: Any) -> Any:
    """Return the state of a generator of random numbers, to be compared."""
    if isinstance(g, random.Random):
        return g.getstate()
    return pickle.dumps(g.get_state() if isinstance(g, np.random.RandomState) else getattr(g, "bit_generator", g).state)


def set_states(states: Iterable[tuple[Any, ...]]) -> None:
    """Undo `state_of` for generators, each the first of a tuple whose last is its state."""
    for g, *_, state in states:
        if isinstance(g, random.Random):
            g.setstate(state)
        elif isinstance(g, np.random.RandomState):
            g.set_state(pickle.loads(state))
        else:
            getattr(g, "bit_generator", g).state = pickle.loads(state)
