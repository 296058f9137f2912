"""The threads of compiled programs: their number, and the pool of workers that help with large calls.

A large call of a kernel is split over its outputs into parts. The caller and the workers run the parts. Each number is
computed as on one thread, so results are the same to the bit for any number of threads.

We have a pool of our own because the others have faults that users would meet. numba's OpenMP pool kills a forked child
at its first parallel call, and is slower than one thread on a busy machine. numba's workqueue aborts the process when
two threads call at once. TBB is one more dependency, and a call through it costs ten times as much.

The pool is safe because nobody waits for a worker to begin. The caller runs parts as well, until none is left. So a
worker that is late, or does not exist after a fork, costs only time. A second caller finds the pool in use, and runs
its parts itself. If a worker has begun a part and loses its core, the caller sleeps until the part is done. Each fork
measures its time on one thread and on all, and uses what takes less. So a busy machine gets one thread.

A worker without work looks for it for a fraction of a millisecond, and then sleeps. It sleeps on a lock of CPython's
C API, which native code may use without the interpreter on every system that Python runs on.
"""

from __future__ import annotations

import atexit
import ctypes
import math
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

MOST = 32
"""Threads at most, and parts of a call: each has a bit in a word."""

SPINS = 10_000
"""How often a worker looks for work before it sleeps: for 0.2 to 0.4 ms."""

WORDS = ("left", "done", "busy", "parts", "failed", "helpers", "waiting", "stop", "locks", "time", "workers")

LAYOUT = {name: 64 * line for line, name in enumerate(WORDS)}
"""Where the words of the pool lie, in bytes. Each has a cache line of its own, and so has each worker."""

SIZE = LAYOUT["workers"] + 64 * MOST

_chosen: ContextVar[int] = ContextVar("num_threads", default=0)
_default = 0


def get_num_threads() -> int:
    """Return the number of threads that compiled programs use.

    It is that of `num_threads` or `set_num_threads`; else that of the environment variable `CHALKGRAD_NUM_THREADS`, or
    of `OMP_NUM_THREADS`, which joblib sets in its workers; else the number of cores that this process may use, by its
    affinity and the quota of its control group, and 1 in a process that `multiprocessing` has started.

    Raises:
        ValueError: `CHALKGRAD_NUM_THREADS` is no whole number from 1.
    """
    global _default
    if not _default:
        _default = _initial()
    return _chosen.get() or _default


def set_num_threads(n: int) -> None:
    """Set the number of threads that compiled programs use.

    Calls are split when a program is compiled, for the number of threads at that time. A program that was compiled for
    1 thread stays on 1.

    Args:
        n: from 1. More threads than cores cost time.

    Raises:
        ValueError: `n` is no whole number from 1.

    >>> from chalkgrad import get_num_threads, set_num_threads
    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _default
    _default = _checked(n)
    pool.closed = False


@contextmanager
def num_threads(n: int) -> Iterator[None]:
    """Use another number of threads in a `with` block, for the programs that this Python thread compiles and runs.

    Args:
        n: from 1.

    Raises:
        ValueError: `n` is no whole number from 1.

    >>> from chalkgrad import get_num_threads, num_threads
    >>> with num_threads(1):
    ...     get_num_threads()
    1
    """
    token = _chosen.set(_checked(n))
    try:
        yield
    finally:
        _chosen.reset(token)


def _checked(n: Any) -> int:
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ValueError(f"`n` is a whole number of threads from 1, not {n!r:.60}")
    return min(int(n), MOST)


def _initial() -> int:
    if own := os.environ.get("CHALKGRAD_NUM_THREADS"):
        if not own.strip().isdecimal() or int(own) < 1:
            raise ValueError(f"`CHALKGRAD_NUM_THREADS` is a whole number from 1, not {own!r:.60}: change or unset it")
        return min(int(own), MOST)
    common = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if common.isdecimal() and int(common) > 0:
        return min(int(common), MOST)
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(cores, MOST, _quota(Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")))))


def _quota(groups: Path, own: Path) -> float:
    """Return the number of cores that the control groups of this process allow, by version 2 or 1; without: inf."""
    allowed = math.inf
    try:
        inside = next((x[3:] for x in own.read_text().splitlines() if x.startswith("0::")), "/").strip("/")
    except OSError:
        inside = ""
    folders = [groups, *((groups / inside, *(groups / inside).parents) if inside else ())]
    files = [[folder / "cpu.max"] for folder in folders if folder == groups or groups in folder.parents]
    for pair in [*files, [groups / "cpu" / f"cpu.cfs_{x}_us" for x in ("quota", "period")]]:
        try:
            quota, period = (float(x) for path in pair for x in path.read_text().split())
        except (OSError, ValueError):  # none, or "max"
            continue
        if quota > 0 and period > 0:
            allowed = min(allowed, quota / period)
    return allowed


class Pool:
    """The workers, and the words in memory by which they are given work.

    Attributes:
        address: of the words, which are never freed: a worker may look at them until the very end.
    """

    def __init__(self) -> None:
        room = ctypes.create_string_buffer(SIZE + 64)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(room))
        self.address = -(-ctypes.addressof(room) // 64) * 64
        self._words = np.ctypeslib.as_array((ctypes.c_int64 * (SIZE // 8)).from_address(self.address))
        self._clear()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._clear_child)

    def _clear(self) -> None:
        self._lock = threading.Lock()
        self._workers: list[threading.Thread] = []
        self.closed = False
        self._words[:] = 0
        functions = _API.PyThread_acquire_lock, _API.PyThread_release_lock
        addresses = [ctypes.cast(f, ctypes.c_void_p).value for f in functions]
        self._words[LAYOUT["locks"] // 8 :][:3] = [*addresses, _taken()]
        self._words[LAYOUT["time"] // 8 :][:2] = _clock()

    def _clear_child(self) -> None:
        """In a forked child, where the workers are not, work alone until it sets a number of threads itself."""
        self._clear()
        self.closed = True

    def ready(self, work: Any) -> int:
        """Return the number of threads for the next run, with the workers there.

        Args:
            work: what a worker runs, a native function of the address, its number and `SPINS`.
        """
        n = get_num_threads()
        if n > len(self._workers) + 1:
            with self._lock:
                while n > len(self._workers) + 1 and not self.closed:
                    self._start(work)
        return min(n, len(self._workers) + 1)

    def _start(self, work: Any) -> None:
        i = len(self._workers)
        self._words[(LAYOUT["workers"] + 64 * i) // 8 :][:2] = 0, _taken()
        worker = threading.Thread(
            target=work, args=(self.address, i, SPINS), name=f"chalkgrad worker {i + 1}", daemon=True
        )
        try:
            worker.start()
        except RuntimeError:  # the interpreter ends, or the system has no thread left
            self.closed = True
            return
        if not i:
            atexit.register(self._stop, work)
        self._workers.append(worker)

    def _stop(self, work: Any) -> None:
        """End the workers, before the interpreter ends."""
        self.closed = True
        workers, self._workers = self._workers, []
        work(self.address, -len(workers), 0)
        for worker in workers:
            worker.join()


_API = ctypes.pythonapi
_API.PyThread_allocate_lock.restype = ctypes.c_void_p
_API.PyThread_acquire_lock.argtypes = [ctypes.c_void_p, ctypes.c_int]


def _clock() -> tuple[Any, int]:
    """Return the address of a function that tells the time, and the number that it takes, or -1."""
    if sys.platform == "win32":
        return ctypes.cast(ctypes.windll.kernel32.QueryPerformanceCounter, ctypes.c_void_p).value, -1
    return ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value, time.CLOCK_MONOTONIC


def _taken() -> int:
    """Make a lock that is taken, so that who takes it sleeps until it is released."""
    made = _API.PyThread_allocate_lock()
    _API.PyThread_acquire_lock(made, 1)
    return made


pool = Pool()
