"""The catalogue: finds the kernel of a name and dtype, and compiles or loads it the first time that it is asked for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from .build import VERSION, native, words
from .fork import fork, work
from .formulas import FORMULAS
from .loops import ARITY as ARITY
from .loops import DENSE_LOOPS, SCATTERED_LOOPS
from .machine import run
from .matmul import matmul
from .movement import batch, check, copy, feed, pick, put, record, spread, zero
from .reductions import REDUCTIONS
from .sequential import SEQUENTIAL
from .signatures import DENSE, SCATTERED, SIGNATURES, Signature
from .straight import SIGNATURE as SINGLE_TYPE
from .straight import SINGLE, straight
from .sums import plain_sums, sums

ELEMENTWISE = frozenset(FORMULAS)
"""The rows that have a loop of their own."""

REDUCED = frozenset(REDUCTIONS)
"""The rows that have a reduction of their own."""

_DTYPES = {"float32": np.float32, "float64": np.float64, "": np.float64}
_OTHERS = {
    "batch": batch, "check": check, "copy": copy, "feed": feed, "fork": fork, "matmul": matmul, "pick": pick,
    "plain_sums": plain_sums, "put": put, "record": record, "spread": spread, "straight": straight, "sums": sums,
    "zero": zero,
    **REDUCTIONS, **SEQUENTIAL,
}  # fmt: skip


def signature(name: str, dtype: str = "", extra: str = "") -> Signature:
    """Return the operands of a kernel."""
    return (SCATTERED if extra == "at" else DENSE)[ARITY[name] - 1] if name in FORMULAS else SIGNATURES[name]


@functools.cache
def _kernel(name: str, dtype: str, extra: str) -> Any:
    constants = {
        "formula": FORMULAS.get(name), "dtype": _DTYPES[dtype], "source": _DTYPES.get(extra or dtype),
        "sign": -1.0 if name == "min" else 1.0,
    }  # fmt: skip
    entry_name = "_".join(filter(None, (name, dtype, extra)))
    if extra == "one":  # a formula that the straight run calls by itself
        return native(_entry(entry_name, SINGLE[ARITY[name] - 1], ("values", "places"), constants), SINGLE_TYPE)
    loops = SCATTERED_LOOPS if extra == "at" else DENSE_LOOPS
    body = loops[ARITY[name] - 1] if name in FORMULAS else _OTHERS[name]
    return native(_entry(entry_name, body, signature(name, dtype, extra).names, constants, packed=True))


def _entry(name: str, body: Any, operands: tuple[str, ...], constants: dict[str, Any], packed: bool = False) -> Any:
    """Write the function that calls a body with its constants and operands, which are `packed` in an instruction."""
    parameters = tuple(inspect.signature(body).parameters)
    if parameters[-len(operands) :] != operands:
        raise TypeError(f"the kernel `{name}` has the parameters {parameters}, and its signature {operands}")
    names = ", ".join(operands)
    source = f"""def made(version):
    def entry({"instruction" if packed else names}):
        version
        {f"{names} = words(instruction + 16, {len(operands)})" if packed else ""}
        return body({", ".join(parameters)})
    return entry"""
    space = {"__name__": __name__, "body": body, "words": words}
    space |= {x: constants[x] for x in parameters[: -len(operands)]}
    exec(compile(source, __file__, "exec"), space)  # as a part of this file, beside which numba keeps its code
    entry = space["made"](VERSION)
    entry.__name__ = entry.__qualname__ = name
    return entry


def address(name: str, dtype: str, extra: str = "") -> int:
    """Return the address of a kernel."""
    return _kernel(name, dtype, extra).address


def write(row: list[int], kernel: tuple[str, str, str], operands: dict[str, Any], word: Callable[[Any], int]) -> None:
    """Add a call to a row as the machine reads it: the kernel, the length, and for each operand a word, which `word`
    gives for an array."""
    bound = signature(*kernel).bind(kernel[0], operands)
    row += [address(*kernel), len(bound) + 2]
    for x in bound.values():
        row.append(int(x) if isinstance(x, (int, np.integer)) else word(x))


def run_pass(name: str, **operands: Any) -> None:
    """Run one of the sequential passes at once, on integers and arrays."""
    row: list[int] = []
    write(row, (name, "", ""), operands, lambda x: x.ctypes.data)
    made = np.array(row, np.int64)
    _kernel(name, "", "").ctypes(made.ctypes.data)


@functools.cache
def machine() -> Any:
    """Return the loop that runs instructions, as a function of integers."""
    return native(run, types.int64(*[types.int64] * 5)).ctypes


@functools.cache
def worker() -> Any:
    """Return what a worker of the pool runs, as a function of integers."""
    return native(work, types.int64(*[types.int64] * 3)).ctypes
