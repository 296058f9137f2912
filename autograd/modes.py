"""Modes of recording: the context managers `no_grad` and `detect_anomaly`.

Each mode is a `contextvars.ContextVar`, so it holds for the current thread or asyncio task only. Reading a context
variable takes as long as a multiplication of two Values. So `switch.open` counts the modes that are on anywhere in
the process, and operations read the context variables only if the count is not zero.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, _GeneratorContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from typing import Any

import numpy as np

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_watching: ContextVar[bool] = ContextVar("watching", default=False)
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)
_tracer: ContextVar[Any] = ContextVar("tracer", default=None)


class _Switch:
    """The count of modes that are on in any thread."""

    def __init__(self) -> None:
        self.open = 0
        self._lock = threading.Lock()

    @contextmanager
    def turned(self, variable: ContextVar[Any], value: Any) -> Iterator[None]:
        token = variable.set(value)
        with self._lock:
            self.open += 1
        try:
            yield
        finally:
            with self._lock:
                self.open -= 1
            variable.reset(token)


switch = _Switch()


def recording() -> bool:
    """Return whether operations are recorded, that is, outside of `no_grad`."""
    return _recording.get()


def watching() -> bool:
    """Return whether `detect_anomaly` is on."""
    return _watching.get()


def tracer() -> Any:
    """Return the tracer that records operations for a compiled program, or None outside of a trace."""
    return found if (found := follower()) is not None and found.records else None


def follower() -> Any:
    """Return the tracer, also while it only repeats the random draws of a trace for eager code."""
    return _tracer.get() if switch.open else None


def notice(node: Any) -> None:
    """Tell the tracer that Python has read the data of a node. The graph cannot show what Python computes from it."""
    if switch.open and (found := tracer()) is not None:
        found.read(node)


def truth(node: Any) -> bool:
    """Return whether the single number of a node is not 0, and tell the tracer that Python has asked for it."""
    if np.size(node._data) != 1:
        raise ValueError(f"the truth of an array of shape {node.shape} is ambiguous: use `x.data.any()` or `.all()`")
    if switch.open and (found := tracer()) is not None:
        return found.truth(node)
    return bool(node.item())


def tracing(tracer: Any) -> _GeneratorContextManager[None]:
    """Let `tracer` record what the graph does not show: random draws, and numbers that are read from nodes."""
    return switch.turned(_tracer, tracer)


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress NumPy's warnings about NaN and infinities in a `with` block."""
    token = _quiet.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _quiet.reset(token)


class _Silent(threading.local):
    """A context for each thread in which NumPy does not warn. It costs a fifth of `np.errstate`."""

    def __init__(self) -> None:
        self.context = copy_context()
        self.context.run(np.seterr, all="ignore")
        self.context.run(_quiet.set, True)
        self.context.run(_recording.set, True)  # the copied context may have had modes on
        self.context.run(_watching.set, False)


_silent = _Silent()


def quietly(f: Callable[..., Any], inputs: Any, params: dict[str, Any]) -> Any:
    """Call a formula on plain numbers and arrays, without warnings about NaN and infinities."""
    if _quiet.get():  # also for the operations that a formula calls
        return f(*inputs, **params)
    return _silent.context.run(f, *inputs, **params)


def no_grad() -> _GeneratorContextManager[None]:
    """Switch recording off: results are constants and do not store their inputs.

    Use it as a `with` block or as a decorator. It holds for the current thread or asyncio task only.

    >>> from chalkgrad import Value, no_grad
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.inputs, y.requires_grad
    (9.0, (), False)
    """
    return switch.turned(_recording, False)


def detect_anomaly() -> _GeneratorContextManager[None]:
    """Raise an error at the first NaN or infinite value or gradient. The error names the line of code.

    Inside the `with` block every operation stores the line that called it and checks its result. `backward` checks
    every vjp term. This is slow, so use it for debugging and not for training.

    Raises:
        FloatingPointError: a value or a gradient is NaN or infinite. The message names the operation, its operands
            and your line of code.

    >>> from chalkgrad import Value, detect_anomaly, log
    >>> with detect_anomaly():
    ...     log(Value(0.0, label="x"))
    Traceback (most recent call last):
        ...
    FloatingPointError: `log` gave -inf from x = 0...
    """
    return switch.turned(_watching, True)


def recording_again() -> AbstractContextManager[None]:
    """Switch recording on, also inside `no_grad`: a transform needs the graph of its function."""
    return nullcontext() if _recording.get() else switch.turned(_recording, True)
