"""Tracing: what a function does with nodes is written down as a graph, and beside it what no graph shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ... import modes
from ...graph import Node, fixed, without_collector
from .captured import Captured

__all__ = ["Guard", "Trace", "refuse_inside"]


class Guard:
    """A number that Python has looked at: the program holds only while it stays, or stays as true or false.

    Attributes:
        node: computes the number.
        seen: the number, or the truth, that the trace has followed.
        is_truth: whether only zero or not zero counts.
    """

    __slots__ = ("is_truth", "node", "seen")

    def __init__(self, node: Node, seen: Any, is_truth: bool) -> None:
        self.node, self.seen, self.is_truth = node, seen, is_truth

    def holds(self, now: np.ndarray) -> bool:
        """Say whether the number is still as the trace has seen it."""
        if self.is_truth:
            return bool(now.any()) == self.seen
        zeros = np.signbit(self.seen) & (self.seen == 0), np.signbit(now) & (now == 0)  # -0.0 is not 0.0
        return np.array_equal(self.seen, now, equal_nan=True) and np.array_equal(*zeros)


class Trace:
    """Takes note of guards and draws while a function runs.

    Args:
        captured: what the function captures.
        supply: numbers that were drawn already, for an attempt that came to nothing; they are used first.

    Attributes:
        guards: what Python has read of nodes.
        draws: leaves whose numbers are drawn anew at each run, with what draws them.
    """

    def __init__(self, captured: Captured, supply: Sequence[Any] = ()) -> None:
        self.guards: list[Guard] = []
        self.draws: list[tuple[Node, Callable[[], Any]]] = []
        self._captured = captured
        self._read: set[int] = set()
        self._supply = list(supply)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Trace what happens inside, and refuse what a program could not repeat."""
        with self._captured.traced(), without_collector(), modes.recording_again(), modes.tracing(self):
            yield

    def read(self, node: Node) -> None:
        """Note that Python has the numbers of a node."""
        if node.op is not fixed and id(node) not in self._read:  # the guard keeps the node, so its id stays its own
            self._read.add(id(node))
            self.guards.append(Guard(node, np.array(node._data), False))

    def truth(self, node: Node) -> bool:
        """Note that Python asked whether a number is not 0, and answer."""
        answer = bool(np.asarray(node._data).any())
        if node.op is not fixed:
            self.guards.append(Guard(node, answer, True))
        return answer

    def draw(self, make: Callable[[], Any]) -> Any:
        """Draw for `fresh`."""
        return self._captured.drawing(lambda: self._supply.pop(0) if self._supply else make())

    def drawn(self, node: Node, make: Callable[[], Any]) -> Node:
        """Note a leaf whose number is drawn anew: what is computed of it must not become a constant."""
        self.draws.append((node, make))
        return node


def refuse_inside(what: str) -> None:
    """Refuse to run, inside a function that is traced, what sets numbers that no graph shows."""
    if modes.tracer() is not None:
        raise RuntimeError(f"{what} runs inside a function that is being compiled: call the function it was made of")
