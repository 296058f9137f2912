"""How a kernel is made: the one numba decorator, and what kernels need to reach memory by its address.

A kernel is a function of one number, the address of its instruction, and gives 0, or another number to stop the
program. An instruction is a row of 64-bit words: the address of the kernel, the length of the row, and what the
kernel needs: sizes, strides in elements, addresses of arrays. So all kernels look alike to the loop that runs them,
each is compiled once, when a program first needs it, and numba keeps it on disk.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, cfunc, config, types
from numba.core.caching import FunctionCache
from numba.extending import intrinsic, register_jitable

__all__ = ["OPEN", "VERSION", "address_of", "float_as_int", "int_as_float", "native", "view"]

Kernel = Callable[[int], int]

VERSION = int(
    hashlib.sha256(b"".join(p.read_bytes() for p in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()[:12], 16
)
"""Stands in every kernel, since numba's cache looks at the file of a kernel alone, not at what the kernel calls."""

OPEN = 1 << 40
"""The length of a view whose end its kernel does not know: of the others, NUMBA_BOUNDSCHECK=1 checks each index."""

_lock = threading.Lock()


@intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), code


@register_jitable
def view(address, n, dtype):
    """See the `n` numbers at an address as an array."""
    return carray(_pointer(address), (n,), dtype)


@intrinsic
def float_as_int(typing_context: Any, x: Any) -> Any:
    """Give the bits of a float64."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), code


@intrinsic
def int_as_float(typing_context: Any, x: Any) -> Any:
    """Give the float64 of these bits."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), code


class _Announcement:
    """Says once that kernels are being compiled, where there is someone to read it."""

    said = False

    def say(self) -> None:
        if not self.said and sys.stderr.isatty():
            print("chalkgrad: compiling kernels, once on this machine ...", file=sys.stderr)
        self.said = True


_announcement = _Announcement()


KERNEL = types.int64(types.int64)
"""From the address of an instruction to the status."""


def native(kernel: Any, signature: Any = KERNEL, cached: bool = True) -> Any:
    """Compile a kernel, or load it from numba's cache; a cache that cannot be used costs one warning and no more."""
    if config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT=1 turns off the compiler that programs need: unset it, or run eagerly")
    with _lock:
        try:
            return _compiled(kernel, signature, cached)
        except Exception:
            try:
                FunctionCache(kernel).flush()  # what a crash has left half-written
                return _compiled(kernel, signature, cached)
            except Exception as error:
                made = _compiled(kernel, signature, False)  # a fault of the kernel itself raises once more
                _give_up_cache(str(error))
                return made


def _compiled(kernel: Any, signature: Any, cached: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba's own, about the cache; ours is clearer
        made = cfunc(signature, nopython=True, error_model="numpy", cache=cached)(kernel)
    if not getattr(made, "cache_hits", 0):
        _announcement.say()
    return made


@functools.cache
def _give_up_cache(reason: str) -> None:
    warnings.warn(
        f"compiled kernels cannot be kept on disk, so they are compiled in each process ({reason:.200}); "
        "set NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=2,
    )


def address_of(array: np.ndarray) -> int:
    """Give the address of the first element of an array."""
    return array.ctypes.data
