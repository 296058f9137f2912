"""Modes of recording: `no_grad` and `detect_anomaly`, each a context manager that is local to its context.

A mode lives in a `contextvars.ContextVar`, so threads and asyncio tasks do not see one another's. Reading a
context variable costs as much as a multiplication of two Values, so `switch.open` counts the modes that are
open anywhere in the process, and only while it is not zero does an operation look at the variables.
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
    """Counts the modes that are open in any thread."""

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
    """Return whether operations are recorded here, that is, outside `no_grad`."""
    return _recording.get()


def watching() -> bool:
    """Return whether `detect_anomaly` is on here."""
    return _watching.get()


def tracer() -> Any:
    """Return who writes down, for a compiled program, what happens here; None where nothing is compiled."""
    return found if (found := follower()) is not None and found.records else None


def follower() -> Any:
    """Return the tracer, also one that only repeats the draws of a trace while code runs eagerly."""
    return _tracer.get() if switch.open else None


def notice(node: Any) -> None:
    """Let a tracer know that Python has read the numbers of a node, and may do with them what no graph shows."""
    if switch.open and (found := tracer()) is not None:
        found.read(node)


def truth(node: Any) -> bool:
    """Return whether the single number of a node is not 0, and let a tracer know that Python needed it."""
    if np.size(node._data) != 1:
        raise ValueError(f"the truth of an array of shape {node.shape} is ambiguous: use `x.data.any()` or `.all()`")
    if switch.open and (found := tracer()) is not None:
        return found.truth(node)
    return bool(node.item())


def tracing(tracer: Any) -> _GeneratorContextManager[None]:
    """Let `tracer` take note of what a program could not see in the graph: random draws, numbers read from nodes."""
    return switch.turned(_tracer, tracer)


@contextmanager
def quiet() -> Iterator[None]:
    """Let NaN and infinities pass without a warning from NumPy, for many operations at the cost of one."""
    token = _quiet.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        _quiet.reset(token)


class _Silent(threading.local):
    """A context for each thread in which NumPy is quiet: to run in it costs a fifth of `np.errstate`."""

    def __init__(self) -> None:
        self.context = copy_context()
        self.context.run(np.seterr, all="ignore")
        self.context.run(_quiet.set, True)
        self.context.run(_recording.set, True)  # modes that were on when the thread first came here do not stay on
        self.context.run(_watching.set, False)


_silent = _Silent()


def quietly(f: Callable[..., Any], inputs: Any, params: dict[str, Any]) -> Any:
    """Call a formula on plain numbers and arrays, and let NaN and infinities pass."""
    if _quiet.get():  # and so whatever the formula calls comes here
        return f(*inputs, **params)
    return _silent.context.run(f, *inputs, **params)


def no_grad() -> _GeneratorContextManager[None]:
    """Compute without recording: results are constants, and their inputs are forgotten.

    Works as a `with` block and as a decorator, in this thread or task only.

    >>> from chalkgrad import Value, no_grad
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.inputs, y.requires_grad
    (9.0, (), False)
    """
    return switch.turned(_recording, False)


def detect_anomaly() -> _GeneratorContextManager[None]:
    """Stop at the first node whose value or gradient is NaN or infinite, with an error that names its line of code.

    Inside the block every operation remembers the line that made it and checks its result; `backward` checks
    every vjp term. Slow: for finding a fault, not for training.

    Raises:
        FloatingPointError: names the operation, its operands and the line of your code.

    >>> from chalkgrad import Value, detect_anomaly, log
    >>> with detect_anomaly():
    ...     log(Value(0.0, label="x"))
    Traceback (most recent call last):
        ...
    FloatingPointError: `log` gave -inf from x = 0...
    """
    return switch.turned(_watching, True)


def recording_again() -> AbstractContextManager[None]:
    """Record, also inside `no_grad`: a transform needs the graph of the function that it differentiates."""
    return nullcontext() if _recording.get() else switch.turned(_recording, True)
