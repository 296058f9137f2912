"""The machine: the loop that runs a program, instruction after instruction, step after step."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .build import view, words


@intrinsic
def call(typing_context: Any, kernel: Any, instruction: Any) -> Any:
    """Call the kernel at an address."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        return builder.call(builder.inttoptr(args[0], ir.FunctionType(word, [word]).as_pointer()), [args[1]])

    return types.int64(types.int64, types.int64), code


def run(program, first, steps):
    """Run a program for so many steps; gives how many steps were finished.

    A program is an array of three addresses: of its first instruction, of what comes after its last, and of its clock.
    """
    instructions, end, clock = words(program, 3)
    now = view(clock, 1, np.int64)
    for step in range(first, first + steps):
        now[0] = step
        at = instructions
        while at < end:
            kernel, length = words(at, 2)
            if call(kernel, at) != 0:
                return step - first
            at += length * 8
    return steps
