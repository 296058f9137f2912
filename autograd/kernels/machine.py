"""The machine: the loop that runs a program, instruction after instruction, step after step."""

from __future__ import annotations

import numpy as np
from numba import types

from .build import function_at, view, words

call = function_at(types.int64, types.int64)
"""Calls the kernel at an address, with that of an instruction."""


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
