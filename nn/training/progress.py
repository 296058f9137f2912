"""What a person sees and does while a net is trained: a bar of the steps, and Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from ..arguments import optional


@contextmanager
def interrupt_guard() -> Iterator[list[int]]:
    """Note the first Ctrl-C in the list that is given, so that a step is not torn apart; the second one raises."""
    noted: list[int] = []
    usual = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )

    def note(number: int, frame: Any) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if usual:
        signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        if usual:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def meter(progress: bool | None) -> Any:
    """Return what shows a bar, tqdm, or None for no bar: if `progress` is None, where standard error is a terminal.

    Raises:
        TypeError: `progress` is something else.
        ImportError: it is True, and tqdm is missing.
    """
    if progress is not None and not isinstance(progress, bool):
        raise TypeError(f"`progress` is True, False or None, not {progress!r:.60}")
    if progress or (progress is None and sys.stderr.isatty()):
        try:
            return optional("tqdm", "`progress=True`").tqdm
        except ImportError:
            if progress:
                raise
    return None


def bar(meter: Any, steps: int, done: int = 0) -> Any:
    """Return a bar of steps, as tqdm has them, to be used by `with`; that gives None where none is shown.

    Args:
        meter: what shows it, or None.
        steps: how many there are in all.
        done: how many of them were done before; they do not count for the rate.
    """
    return meter(total=steps, initial=done, unit="step", dynamic_ncols=True) if meter else nullcontext()
