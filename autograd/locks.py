"""Locks that a forked child finds open: the thread that held them is not in the child."""

from __future__ import annotations

import os
import threading
import weakref
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
