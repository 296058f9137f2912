"""The fork: an instruction whose parts are run by the caller and by the workers of the pool, whoever comes first.

The parts of a fork are instructions. One word holds the number of the fork, and a bit for each part that nobody has
taken; who wants a part clears its bit by compare-and-swap. Everyone begins elsewhere, the same in each fork, so that
what a core computes is mostly found in its own cache by the next fork. All access to shared words is sequentially
consistent.
"""

from __future__ import annotations

import platform
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import register_jitable

from .build import function_at, kernel, view, written
from .machine import call

_WORD, _LLVM_WORD = types.int64, ir.IntType(64)

# where the words of the pool lie, in bytes; a test compares them with threads.py
LEFT, DONE, BUSY, PARTS, FAILED, HELPERS, WAITING, STOP, LOCKS, TIME, WORKERS = range(0, 704, 64)

ALL = (1 << 32) - 1


def _at(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, _LLVM_WORD.as_pointer())


@written(_WORD, _WORD)
def load(builder: Any, address: Any) -> Any:
    return builder.load_atomic(_at(builder, address), "seq_cst", 8)


@written(types.void, _WORD, _WORD)
def store(builder: Any, address: Any, x: Any) -> None:
    builder.store_atomic(x, _at(builder, address), "seq_cst", 8)


@written(_WORD, _WORD, _WORD)
def add(builder: Any, address: Any, x: Any) -> Any:
    return builder.atomic_rmw("add", _at(builder, address), x, "seq_cst")


@written(_WORD, _WORD, _WORD)
def swap(builder: Any, address: Any, x: Any) -> Any:
    return builder.atomic_rmw("xchg", _at(builder, address), x, "seq_cst")


@written(types.boolean, _WORD, _WORD, _WORD)
def swap_if(builder: Any, address: Any, old: Any, new: Any) -> Any:
    return builder.extract_value(builder.cmpxchg(_at(builder, address), old, new, "seq_cst"), 1)


@written(_WORD, _WORD)
def lowest(builder: Any, x: Any) -> Any:
    return builder.cttz(x, ir.Constant(ir.IntType(1), 0))


@written(types.void)
def pause(builder: Any) -> None:
    """Tell the processor that this is a loop that waits."""
    name = {"x86_64": "llvm.x86.sse2.pause", "AMD64": "llvm.x86.sse2.pause"}.get(platform.machine())
    if name:
        builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), name), [])
    elif platform.machine() in ("arm64", "aarch64"):
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(32)])
        barrier = cgutils.get_or_insert_function(builder.module, kind, "llvm.aarch64.isb")
        builder.call(barrier, [ir.Constant(ir.IntType(32), 15)])


acquire, release = function_at(types.int32, _WORD, types.int32), function_at(types.void, _WORD)
clock_gettime = function_at(types.int32, types.int32, _WORD)


@register_jitable
def _one(parts, i):
    """Run a part."""
    instruction = view(parts, i + 1, np.int64)[i]
    return call(view(instruction, 1, np.int64)[0], instruction)


@register_jitable
def _take_parts(pool, i):
    """Run parts until none is left, as worker `i`, or as the caller, -1."""
    word = load(pool + LEFT)
    while word & ALL != 0:
        parts, n, threads = load(pool + PARTS), load(pool + PARTS + 8), load(pool + HELPERS) + 1  # those of this word
        own = (i + 1) * n // threads
        ahead = word >> own << own & ALL
        part = lowest(ahead if ahead != 0 else word & ALL)
        if swap_if(pool + LEFT, word, word ^ 1 << part):
            if _one(parts, part) != 0:
                add(pool + FAILED, 1)
            add(pool + DONE, 1)
            if i >= 0 and swap(pool + WAITING, 0) == 1:
                release(load(pool + LOCKS + 8), load(pool + LOCKS + 16))
        word = load(pool + LEFT)


@register_jitable
def _wake(pool, i):
    """Wake a worker, if it sleeps."""
    own = pool + WORKERS + 64 * i
    if load(own) == 1 and swap(own, 0) == 1:
        release(load(pool + LOCKS + 8), load(own + 8))


@register_jitable
def _wanted(pool, i):
    """Whether there is something to do for a worker."""
    return load(pool + STOP) != 0 or (load(pool + LEFT) & ALL != 0 and i < load(pool + HELPERS))


def work(pool, i, spins):
    """Be worker `i` of a pool until the end, asleep after so many looks for work; a negative `i` ends so many."""
    if i < 0:
        store(pool + STOP, 1)
        for j in range(-i):
            _wake(pool, j)
        return 0
    own, idle = pool + WORKERS + 64 * i, 0
    while load(pool + STOP) == 0:
        if _wanted(pool, i):
            _take_parts(pool, i)
            idle = 0
        elif idle < spins:
            idle += 1
            pause()
        else:
            idle = 0
            store(own, 1)
            if not _wanted(pool, i) or swap(own, 0) == 0:  # what has come meanwhile is not slept through
                acquire(load(pool + LOCKS), load(own + 8), 1)
    return 0


@register_jitable
def _time(pool, room):
    """Return the time by the clock of the system."""
    function, kind = load(pool + TIME), load(pool + TIME + 8)
    now = view(room, 2, np.int64)
    if kind < 0:
        call(function, room)
        return now[0]
    clock_gettime(function, kind, room)
    return now[0] * 1_000_000_000 + now[1]


@register_jitable
def _together(parts, pool, n, helpers, most_spins):
    """Run `n` parts with so many workers; gives how many failed."""
    store(pool + DONE, 0)
    store(pool + FAILED, 0)
    store(pool + PARTS, parts)
    store(pool + PARTS + 8, n)
    store(pool + HELPERS, helpers)
    store(pool + LEFT, ((load(pool + LEFT) >> 32) + 1) << 32 | (1 << n) - 1)
    for i in range(helpers):
        _wake(pool, i)
    _take_parts(pool, -1)
    spins = 0
    while load(pool + DONE) < n and spins < most_spins:
        spins += 1
        pause()
    while load(pool + DONE) < n:  # a worker has lost its core: let it have this one
        store(pool + WAITING, 1)
        if load(pool + DONE) < n or swap(pool + WAITING, 0) == 0:
            acquire(load(pool + LOCKS), load(pool + LOCKS + 16), 1)
    return load(pool + FAILED)


@register_jitable
def _alone(parts, n):
    failed = 0
    for i in range(n):
        failed += 1 if _one(parts, i) != 0 else 0
    return failed


@kernel
def fork(clock, parts, times, pool, n, most_spins):
    """Run `n` parts, and give how many of them failed: together, or alone for a while where that took less time.

    Of the time alone it keeps about the least, of that together the mean, in which waiting for a core counts.
    """
    helpers = min(view(clock, 2, np.int64)[1], n) - 1
    if helpers < 1 or swap(pool + BUSY, 1) != 0:
        return _alone(parts, n)
    t = view(times, 7, np.int64)  # alone, together; how often yet alone; how often after the next failure; successes
    start = _time(pool, times + 40)
    if t[2] > 0:
        failed = _alone(parts, n)
        taken = _time(pool, times + 40) - start
        t[0] = min(taken, t[0] + (t[0] >> 4) + 1) if t[0] != 0 else taken
        t[1] = t[0] - (t[0] >> 2)
        t[2] -= 1
    else:
        failed = _together(parts, pool, n, helpers, most_spins)
        taken = _time(pool, times + 40) - start
        t[1] += (min(taken, 16 * t[0]) - t[1]) >> 4
        t[4] += 1
        if t[1] > t[0] > 0:
            t[2], t[3], t[4] = t[3], min(2 * t[3], 1024), 0
        elif t[4] >= 128 or t[0] == 0:
            t[2], t[3], t[4] = 1, max(t[3] >> 1, 8), 0
    store(pool + BUSY, 0)
    return failed
