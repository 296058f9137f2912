"""The catalogue: finds the kernel of a name and dtype, and makes it the first time that it is asked for."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .formulas import ARITY as ARITY
from .formulas import FORMULAS
from .native import load
from .signatures import SIGNATURES, signature

ELEMENTWISE = frozenset(FORMULAS)
"""The operations that have a loop of their own."""

REDUCED = frozenset(name for name, operands in SIGNATURES.items() if "outer" in operands.names)
"""The operations that have a reduction of their own."""


@functools.cache
def address(name: str, dtype: str = "", extra: str = "") -> int:
    """Return the address of a kernel."""
    return load(name, dtype, extra)


def write(
    words: list[int], kernel: tuple[str, str, str], operands: dict[str, Any], address_of: Callable[[Any], int]
) -> None:
    """Append a call as the machine reads it: the kernel, the length, and each operand; an array by its address."""
    name, _, extra = kernel
    bound = signature(name, extra).bind(name, operands)
    words += [address(*kernel), len(bound) + 2]
    for x in bound.values():
        words.append(int(x) if isinstance(x, (int, np.integer)) else address_of(x))


@functools.cache
def _function(name: str, operands: int) -> Any:
    return ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * operands)(address(name))


def run_pass(name: str, **operands: Any) -> None:
    """Run one of the sequential passes at once, on integers and arrays."""
    words: list[int] = []
    write(words, (name, "", ""), operands, lambda x: x.ctypes.data)
    made = np.array(words, np.int64)
    _function(name, 1)(made.ctypes.data)


def machine() -> Any:
    """Return the loop that runs programs, as a function of integers: each costs a call a tenth of a microsecond."""
    return _function("run", 3)


def worker() -> Any:
    """Return what a worker of the pool runs, as a function of integers."""
    return _function("work", 3)
