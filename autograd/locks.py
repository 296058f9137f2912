"""Locks that are released in a forked child, which does not have the thread that held them."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_locks: weakref.WeakSet[Any] = weakref.WeakSet()


def lock(make: Any = threading.RLock) -> Any:
    """Return a lock of this process.

    >>> with lock():
    ...     pass
    """
    made = make()
    _locks.add(made)
    return made


def _reopen() -> None:
    for one in _locks:
        one._at_fork_reinit()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no forks
    os.register_at_fork(after_in_child=_reopen)


class _GraphLock:
    """Locks with which one traversal at a time marks nodes, and one backward pass at a time accumulates in them."""

    def __init__(self) -> None:
        self.lock = lock()
        self.owner = 0  # the thread that is in a backward pass; in a forked child it may be one that is gone

    @contextmanager
    def backward(self) -> Iterator[None]:
        with self.lock:
            if self.owner == threading.get_ident():
                raise RuntimeError("`backward()` was called inside a derivative rule: use `vjp` or `grad` there")
            self.owner = threading.get_ident()
            try:
                yield
            finally:
                self.owner = 0


graph_lock = _GraphLock()
