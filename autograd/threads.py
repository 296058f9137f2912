"""The threads of compiled programs: their number, and the pool of worker threads for large calls.

A large call of a kernel is split over its outputs into parts. The caller and the workers run the parts. Each number is
computed as on one thread, so the results are bitwise equal for any number of threads.

The project has its own pool because the others have faults that users would meet. numba's OpenMP pool kills a forked
child at its first parallel call, and on a busy machine it is slower than one thread. numba's workqueue aborts the
process when two threads call at once. TBB is one more dependency, and a call through it takes ten times as long.

The pool is safe because the caller never waits for a worker to start. The caller also runs parts, until none is left.
So a worker that is late, or does not exist after a fork, costs only time. A second caller finds the pool in use, and
runs its parts itself. If a worker has started a part and loses its core, the caller sleeps until the part is done. Each
split call measures its time on one thread and on all threads, and uses the faster way. So on a busy machine it uses
one thread.

A worker without work polls for a fraction of a millisecond, and then sleeps. It sleeps on a lock of CPython's C API,
which native code can use without the interpreter on every platform of Python.
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
"""The largest number of threads, and of parts of a call: each part has one bit in a word."""

SPINS = 10_000
"""How many times a worker polls before it sleeps, which takes 0.2 to 0.4 ms."""

WORDS = ("left", "done", "busy", "parts", "failed", "helpers", "waiting", "stop", "locks", "time", "workers")

LAYOUT = {name: 64 * line for line, name in enumerate(WORDS)}
"""The offsets of the words of the pool in bytes. Each word and each worker has its own cache line."""

SIZE = LAYOUT["workers"] + 64 * MOST

_chosen: ContextVar[int] = ContextVar("num_threads", default=0)
_default = 0


def get_num_threads() -> int:
    """Return the number of threads that compiled programs use.

    The first of these that is set holds:

    1. the number given to `num_threads` or `set_num_threads`,
    2. the environment variable `CHALKGRAD_NUM_THREADS`,
    3. the environment variable `OMP_NUM_THREADS`, which joblib sets in its workers,
    4. 1 in a process that `multiprocessing` has started, and otherwise the number of cores that this process may use,
       by its affinity and the quota of its control group.

    Raises:
        ValueError: `CHALKGRAD_NUM_THREADS` is not a whole number from 1.

    >>> from chalkgrad import get_num_threads
    >>> get_num_threads() >= 1
    True
    """
    global _default
    if not _default:
        _default = _initial()
    return _chosen.get() or _default


def set_num_threads(n: int) -> None:
    """Set the number of threads that compiled programs use.

    The compiler splits calls for the number of threads at that time. So a program that was compiled for 1 thread
    always runs on 1 thread.

    Args:
        n: the number of threads, from 1. More threads than cores are slower.

    Raises:
        ValueError: `n` is not a whole number from 1.

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
    """Set the number of threads in a `with` block, for the programs that this Python thread compiles and runs.

    Args:
        n: the number of threads, from 1.

    Raises:
        ValueError: `n` is not a whole number from 1.

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
    """Return the number of cores that the control groups (version 1 or 2) of this process allow, or inf."""
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
    """The worker threads, and the words in memory that give them work.

    Attributes:
        address: the address of the words. They are never freed, because a worker may read them until the process ends.
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
        """Use one thread in a forked child, which has no workers, until it calls `set_num_threads`."""
        self._clear()
        self.closed = True

    def ready(self, work: Any) -> int:
        """Start missing workers, and return the number of threads for the next run.

        Args:
            work: the native function that a worker runs. Its arguments are the address, the number of the worker and
                `SPINS`.
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
        except RuntimeError:  # the interpreter exits, or the system has no more threads
            self.closed = True
            return
        if not i:
            atexit.register(self._stop, work)
        self._workers.append(worker)

    def _stop(self, work: Any) -> None:
        """Stop the workers before the interpreter exits."""
        self.closed = True
        workers, self._workers = self._workers, []
        work(self.address, -len(workers), 0)
        for worker in workers:
            worker.join()


_API = ctypes.pythonapi
_API.PyThread_allocate_lock.restype = ctypes.c_void_p
_API.PyThread_acquire_lock.argtypes = [ctypes.c_void_p, ctypes.c_int]


def _clock() -> tuple[Any, int]:
    """Return the address of a clock function and its clock id, or -1 if it has none."""
    if sys.platform == "win32":
        return ctypes.cast(ctypes.windll.kernel32.QueryPerformanceCounter, ctypes.c_void_p).value, -1
    return ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value, time.CLOCK_MONOTONIC


def _taken() -> int:
    """Return a locked lock. The next thread that acquires it sleeps until it is released."""
    made = _API.PyThread_allocate_lock()
    _API.PyThread_acquire_lock(made, 1)
    return made


pool = Pool()
