"""The catalogue: finds the kernel of a name and dtype, and compiles or loads it the first time that it is asked for."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import types

from .build import native
from .formulas import FORMULAS
from .loops import ARITY as ARITY
from .loops import dense, scattered
from .machine import run
from .matmul import matmul
from .movement import batch, check, copy, feed, pick, put, record, spread, zero
from .reductions import REDUCTIONS
from .sequential import SEQUENTIAL
from .straight import single, straight
from .sums import sums

__all__ = ["ELEMENTWISE", "REDUCED", "address", "machine", "walked"]

ELEMENTWISE = frozenset(FORMULAS)
"""The rows that have a loop of their own."""

REDUCED = frozenset(REDUCTIONS)
"""The rows that have a reduction of their own."""

_DTYPES = {"float32": np.float32, "float64": np.float64, "": np.float64}
_OTHERS = {
    "batch": batch, "check": check, "feed": feed, "matmul": matmul, "pick": pick, "put": put, "record": record,
    "plain_sums": functools.partial(sums, plain=True), "spread": spread, "straight": straight,
    "sums": functools.partial(sums, plain=False), "zero": zero, **SEQUENTIAL,
}  # fmt: skip


@functools.cache
def _kernel(name: str, dtype: str, extra: str) -> Any:
    kind = _DTYPES[dtype]
    if name == "copy":
        return native(copy(kind, _DTYPES[extra or dtype]))
    if name in FORMULAS and extra == "one":
        return native(*single(FORMULAS[name], ARITY[name]))
    if name in FORMULAS:
        make = scattered if extra == "at" else functools.partial(dense, dtype=kind)
        return native(make(FORMULAS[name], ARITY[name]))
    if name in REDUCTIONS:
        return native(REDUCTIONS[name](kind))
    return native(_OTHERS[name](kind))


def address(name: str, dtype: str, extra: str = "") -> int:
    """Give the address of a kernel."""
    return _kernel(name, dtype, extra).address


def walked(name: str, *words: Any) -> None:
    """Run one of the sequential walks at once, on numbers and arrays."""
    numbers = [x.ctypes.data if isinstance(x, np.ndarray) else x for x in words]
    instruction = np.array([0, len(words) + 2, *numbers], np.int64)
    _kernel(name, "", "").ctypes(instruction.ctypes.data)


@functools.cache
def machine() -> Any:
    """Give the loop that runs instructions, as a function of integers."""
    return native(run, types.int64(*[types.int64] * 5)).ctypes
