"""Python's plain things and the library's Modules as JSON and arrays, and back, without running anything.

What JSON has not is a dict whose one key, or first key, begins with `$`: `{"$array": "config/0.mask"}` names an
array beside the JSON, `{"$module": "Linear", "fan_in": 2, ...}` is a layer with its configuration.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from .. import layers
from ..mlp import MLP, TensorMLP
from ..module import Module

MODULES: dict[str, type[Module]] = {
    **{name: getattr(layers, name) for name in layers.__all__}, "MLP": MLP, "TensorMLP": TensorMLP,
}  # fmt: skip
"""The layers and nets that a file may name: those of this library, and no others."""

GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")

PLACES = {"MT19937": 624, "Philox": 4}
"""How many numbers these make at once, to be taken one by one."""


def encode(thing: Any, name: str, arrays: dict[str, np.ndarray], *, modules: bool = False) -> Any:
    """Turn a thing into what JSON can say.

    Args:
        thing: numbers, texts, arrays of real numbers, generators of random numbers, and lists, tuples and dicts of
            those.
        name: what it is called, for messages and for its arrays.
        arrays: takes up the arrays, by name.
        modules: whether it may hold Modules of this library, which are kept without their parameters.

    Raises:
        TypeError: it is, or holds, something else.
        ValueError: it holds itself.
    """
    try:
        return _Encoder(arrays, modules).encode(thing, name)
    except RecursionError:
        raise ValueError(f"`{name.rstrip('/')}` holds itself, or is nested too deeply") from None


class _Encoder:
    def __init__(self, arrays: dict[str, np.ndarray], with_modules: bool) -> None:
        self.arrays, self.with_modules = arrays, with_modules
        self.numbers: dict[int, int] = {}  # of Modules and generators, which may stand in several places

    def encode(self, thing: Any, name: str) -> Any:
        match thing:
            case None | bool() | str():
                return thing
            case int() | np.integer() | np.bool_():
                return thing.item() if isinstance(thing, np.generic) else int(thing)
            case float() | np.floating():
                return float(thing) if math.isfinite(thing) else {"$float": str(float(thing))}
            case np.ndarray() if thing.dtype.kind in "iufb":
                self.arrays[name] = thing
                return {"$array": name}
            case list():
                return [self.encode(part, f"{name}.{i}") for i, part in enumerate(thing)]
            case tuple():
                return {"$tuple": [self.encode(part, f"{name}.{i}") for i, part in enumerate(thing)]}
            case Mapping():
                return self._mapping(thing, name)
            case np.random.Generator() if type(thing.bit_generator).__name__ in GENERATORS:
                return self._once(thing) or {"$generator": self.encode(thing.bit_generator.state, name)}
            case random.Random() if type(thing) is random.Random:
                return self._once(thing) or {"$random": self.encode(thing.getstate(), name)}
            case Module() if self.with_modules:
                return self._once(thing) or self._module(thing, name)
        kind = f"an array of {thing.dtype}" if isinstance(thing, np.ndarray) else f"a {type(thing).__name__}"
        raise TypeError(
            f"`{name.replace('/.', '.').rstrip('/')}` is {thing!r:.60}, {kind}: a file keeps numbers, texts, arrays of "
            "numbers, generators of random numbers, and lists, tuples and dicts of those"
        )

    def _once(self, thing: Any) -> Any:
        """Point to a thing that has stood before; number one that has not."""
        if id(thing) in self.numbers:
            return {"$same": self.numbers[id(thing)]}
        self.numbers[id(thing)] = len(self.numbers)
        return None

    def _mapping(self, thing: Mapping[Any, Any], name: str) -> Any:
        if all(isinstance(key, str) and not key.startswith("$") for key in thing):
            return {key: self.encode(part, f"{name}.{key}") for key, part in thing.items()}
        pairs = [[self.encode(key, name), self.encode(part, f"{name}.{key}")] for key, part in thing.items()]
        return {"$pairs": pairs}

    def _module(self, module: Module, name: str) -> Any:
        kind = type(module).__name__
        if MODULES.get(kind) is not type(module):
            raise TypeError(f"`{name}` is a {kind}, which is not a layer of this library")
        return {"$module": kind, **{key: self.encode(part, f"{name}.{key}") for key, part in module.config().items()}}


def decode(thing: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Make of what `encode` gave the things again; Modules have new parameters.

    Raises:
        ValueError: there is a `$` that is unknown, or what it needs is missing; or a Module would be larger than
            the arrays that it is to be filled from.

    >>> arrays = {}
    >>> decode(encode({"a": (1, np.arange(2)), "b": float("inf")}, "x", arrays), arrays)
    {'a': (1, array([0, 1])), 'b': inf}
    """
    return _Decoder(arrays).decode(thing)


class _Decoder:
    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays
        self.things: list[Any] = []  # Modules and generators, in the order of their numbers
        self.budget = sum(array.size for array in arrays.values()) + 10_000

    def decode(self, thing: Any) -> Any:
        match thing:
            case list():
                return [self.decode(part) for part in thing]
            case {"$float": text}:
                return float(text)
            case {"$array": name}:
                if name not in self.arrays:
                    raise ValueError(f"its array {name!r:.80} is missing")
                return self.arrays[name]
            case {"$tuple": parts}:
                return tuple(self.decode(parts))
            case {"$pairs": pairs}:
                return dict(self.decode(pairs))
            case {"$generator": state}:
                return self._once(_generator, state, 100)
            case {"$random": state}:
                return self._once(_random, state, 100)
            case {"$module": kind, **config}:
                return self._once(partial(self._module, kind), config, 1)
            case {"$same": number}:
                if (made := self.things[number]) is None:
                    raise ValueError("a layer stands inside itself")
                return made
            case dict():
                if unknown := [key for key in thing if key.startswith("$")]:
                    raise ValueError(f"it holds {unknown[0]!r:.60}, which this version of chalkgrad does not know")
                return {key: self.decode(part) for key, part in thing.items()}
        return thing

    def _spend(self, numbers: int) -> None:
        """Take care that what is made is not larger than what is in the file."""
        self.budget -= numbers
        if self.budget < 0:
            raise ValueError("its layers need more numbers than it holds")

    def _module(self, kind: str, config: dict[Any, Any]) -> Module:
        if kind not in MODULES:
            raise ValueError(f"its layer {kind!r:.60} is unknown to this version of chalkgrad")
        self._spend(math.prod(n for n in config.values() if isinstance(n, int) and n > 0))  # its sizes, multiplied
        self._spend(sum(array.size for array in config.values() if isinstance(array, np.ndarray)))
        return MODULES[kind].from_config(config)

    def _once(self, make: Callable[[Any], Any], content: Any, numbers: int) -> Any:
        """Make a thing; its number comes before those of what it is made of, as it was when it was written."""
        self._spend(numbers)
        number = len(self.things)
        self.things.append(None)
        self.things[number] = made = make(self.decode(content))
        return made


def _generator(state: Any) -> np.random.Generator:
    kind = state["bit_generator"]
    if kind not in GENERATORS:
        raise ValueError(f"it holds an unknown generator of random numbers, {kind!r:.60}")
    place = state["state"].get("pos", 0) if kind == "MT19937" else state.get("buffer_pos", 0)
    if type(place) is not int or not 0 <= place <= PLACES.get(kind, 0):  # NumPy would read there unchecked
        raise ValueError(f"its generator of random numbers stands at {place!r:.60}, which is no place in it")
    bits = getattr(np.random, kind)()
    bits.state = state
    return np.random.Generator(bits)


def _random(state: Any) -> random.Random:
    made = random.Random()
    made.setstate(state)
    return made
