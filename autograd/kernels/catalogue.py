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


def write(row: list[int], kernel: tuple[str, str, str], operands: dict[str, Any], word: Callable[[Any], int]) -> None:
    """Add a call to a row as the machine reads it: the kernel, the length, and for each operand a word, which `word`
    gives for an array."""
    name, _, extra = kernel
    bound = signature(name, extra).bind(name, operands)
    row += [address(*kernel), len(bound) + 2]
    for x in bound.values():
        row.append(int(x) if isinstance(x, (int, np.integer)) else word(x))


@functools.cache
def _function(name: str, operands: int) -> Any:
    return ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * operands)(address(name))


def run_pass(name: str, **operands: Any) -> None:
    """Run one of the sequential passes at once, on integers and arrays."""
    row: list[int] = []
    write(row, (name, "", ""), operands, lambda x: x.ctypes.data)
    made = np.array(row, np.int64)
    _function(name, 1)(made.ctypes.data)


def machine() -> Any:
    """Return the loop that runs programs, as a function of integers: each costs a call a tenth of a microsecond."""
    return _function("run", 3)


def worker() -> Any:
    """Return what a worker of the pool runs, as a function of integers."""
    return _function("work", 3)
