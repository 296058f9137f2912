"""Tracing: what a function does with nodes is written down as a graph, and beside it what no graph shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import modes
from ...containers import flatten
from ...graph import Node, constant, topological, without_collector
from .captured import Captured, refusal_of_draws


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
        """Return whether the number is still as the trace has seen it."""
        if self.is_truth:
            return bool(now.any()) == self.seen
        zeros = np.signbit(self.seen) & (self.seen == 0), np.signbit(now) & (now == 0)  # -0.0 is not 0.0
        return np.array_equal(self.seen, now, equal_nan=True) and np.array_equal(*zeros)


class Trace:
    """Takes note of guards and draws while a function runs.

    Args:
        captured: what the function captures.
        draws_nodes: whether `fresh` gives nodes that a program draws anew.

    Attributes:
        guards: what Python has read of nodes.
        draws: leaves whose numbers are drawn anew at each run, with what draws them.
        parameters: other leaves, that a program reads anew at each run.
        nodes: how many nodes the graph has.
        uses_history: whether the graph holds results of operations from before the trace.
    """

    def __init__(self, captured: Captured, draws_nodes: bool = True) -> None:
        self.guards: list[Guard] = []
        self.draws: list[tuple[Node, Callable[[], Any]]] = []
        self.parameters: list[Node] = []
        self.nodes, self.uses_history = 0, False
        self._draws_nodes, self._captured = draws_nodes, captured
        self._pending: list[Any] = []  # what the trace has drawn, where the first run must not draw anew
        self._read: set[int] = set()

    def follow(self, run: Callable[[], Any], plain: Callable[[], Any] | None = None) -> Any:
        """Trace what `run()` does, refuse what a program could not repeat, and return what it gives.

        `plain()` does the same with plain numbers and arrays in place of variables. Where this fails, everything is
        put back.
        """
        captured = self._captured
        try:
            with without_collector(), modes.recording_again():
                with captured.traced(), modes.tracing(self):
                    out = run()
                if place := captured.drawing_attribute():
                    self._confirm(run, out, refusal_of_draws(place))
                elif plain is not None and not self.draws:
                    self._compare(plain, out)
            if not captured.undraw():
                if self.draws and self.guards:
                    raise RuntimeError(_BRANCHES)
                self._pending = [node._data for node, _ in self.draws]
        except BaseException:
            captured.put_back()
            raise
        return out

    def inputs(self, outputs: Sequence[Node], given: Sequence[Node]) -> list[Node]:
        """Return all inputs of the program of `outputs`: those given, what is drawn, and the parameters."""
        order, leaves = topological(*outputs)
        inputs = [*given, *(node for node, _ in self.draws)]
        own = set(map(id, inputs))
        self.parameters = [x for x in leaves if x.op is not constant and id(x) not in own]
        self.nodes = len(order) + len(leaves)
        self.uses_history = any(id(x) in self._captured.found.history for x in order)
        return [*inputs, *self.parameters]

    def _confirm(self, run: Callable[[], Any], out: Any, refusal: str) -> None:
        """Run once more with the generators themselves: Python may treat them, or their arrays, in another way."""
        captured, drawn = self._captured, self._captured.states()
        try:
            is_undone = captured.undraw()
            with modes.tracing(Trace(captured, draws_nodes=False)):
                one, other = flatten(out), flatten(run())
        except Exception as error:
            raise RuntimeError(refusal) from error
        alike = len(one) == len(other) and all(map(_are_close, one, other))
        if not is_undone or not alike or captured.states() != drawn:
            raise RuntimeError(refusal)

    def _compare(self, plain: Callable[[], Any], out: Any) -> None:
        """Refuse what gives something else for plain numbers and arrays than for variables."""
        try:
            with np.errstate(all="ignore"), modes.tracing(Trace(self._captured, draws_nodes=False)):
                one, other = flatten(out), flatten(plain())
        except Exception:  # it is written for nodes alone
            return
        if len(one) != len(other) or not all(map(_are_close, one, other)):
            raise RuntimeError(
                "the function gives other numbers for plain numbers than for the nodes that stand in for them, as "
                "where it asks for a type (`isinstance(x, float)`) or looks a number up in a set: run it uncompiled"
            )

    def read(self, node: Node) -> None:
        """Note that Python has the numbers of a node."""
        if node.op is not constant and id(node) not in self._read:  # the guard keeps the node, so its id stays its own
            self._read.add(id(node))
            self.guards.append(Guard(node, np.array(node._data), False))

    def truth(self, node: Node) -> bool:
        """Note that Python asked whether a number is not 0, and answer."""
        answer = bool(np.asarray(node._data).any())
        if node.op is not constant:
            self.guards.append(Guard(node, answer, True))
        return answer

    def draw(self, make: Callable[[], Any]) -> Any:
        """Draw for `fresh`."""
        return self._captured.drawing(make) if self._draws_nodes else make()

    def drawn(self, node: Node, make: Callable[[], Any]) -> Node:
        """Note a leaf whose number is drawn anew: what is computed of it must not become a constant."""
        self.draws.append((node, make))
        return node

    def redraw(self) -> list[Any]:
        """Draw anew.

        Raises:
            ValueError: the shape of a number has changed.
        """
        numbers, self._pending = self._pending or [make() for _, make in self.draws], []
        for (node, _), x in zip(self.draws, numbers, strict=True):
            if np.shape(x) != node.shape:
                raise ValueError(f"`make` of `fresh` drew shape {np.shape(x)} after {node.shape}: draw one shape")
        return numbers


_BRANCHES = (
    "the function asks in Python for numbers, and draws some in a way that cannot be undone where the answer changes: "
    "draw them from a generator of random numbers, write the branch with `where`, or run uncompiled"
)


def _are_close(one: Any, other: Any) -> bool:
    one, other = (x._data if isinstance(x, Node) else x for x in (one, other))
    try:
        return np.allclose(one, other, rtol=1e-4 if np.result_type(one) == np.float32 else 1e-9, equal_nan=True)
    except TypeError:  # no numbers
        return True


def refuse_inside(what: str) -> None:
    """Refuse to run, inside a function that is traced, what sets numbers that no graph shows."""
    if modes.tracer() is not None:
        raise RuntimeError(f"{what} runs inside a function that is being compiled: call the function it was made of")
