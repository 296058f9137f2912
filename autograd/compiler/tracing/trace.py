"""Traces: record the operations of a function as a graph, with the guards and random draws that no graph shows."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ... import modes
from ...containers import flatten
from ...graph import Node, constant, topological, without_collector
from .captured import Captured, refusal_of_draws
from .codes import IS_BOOLEAN
from .purity import standing
from .sources import set_states, state_of
from .ties import is_plain


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
        """Return whether the number, or its truth, is the one in the trace."""
        if self.is_truth:
            return bool(now.any()) == self.seen
        zeros = np.signbit(self.seen) & (self.seen == 0), np.signbit(now) & (now == 0)  # -0.0 is not 0.0
        return np.array_equal(self.seen, now, equal_nan=True) and np.array_equal(*zeros)


class Trace:
    """Takes note of guards and draws while a function runs.

    Args:
        captured: what the function captures.

    Attributes:
        records: that it writes down a graph.
        guards: what Python has read of nodes.
        draws: leaves whose numbers are drawn anew at each run, with what draws them.
        parameters: other leaves, that a program reads anew at each run.
        nodes: how many nodes the graph has.
        has_conditions: whether numbers have been compared.
        uses_history: whether the graph holds results of operations from before the trace.
    """

    records = True

    def __init__(self, captured: Captured) -> None:
        self.guards: list[Guard] = []
        self.draws: list[tuple[Node, Callable[[], Any]]] = []
        self.parameters: list[Node] = []
        self.nodes, self.uses_history, self.has_conditions = 0, False, False
        self._captured, self.draw = captured, captured.drawing  # for `fresh`
        self._pending: list[Any] = []  # what the trace has drawn, where the first run must not draw anew
        self._read: set[int] = set()
        self._has_read = False  # constants count as well

    def follow(
        self, run: Callable[[], Any], eager: Callable[[], Any], movable: Sequence[Node], forgives: Any = ()
    ) -> Any:
        """Trace `run()` and return its result. Raise if a program could not repeat it.

        `eager()` does the same as code that is not compiled, with plain numbers and arrays in place of variables;
        errors of classes that it `forgives` say that the code is written for nodes alone. Both read the numbers of
        `movable` nodes. Where anything fails, all is put back.
        """
        captured = self._captured
        try:
            with without_collector(), captured.traced():
                try:
                    with modes.recording_again(), captured.with_stand_ins(), modes.tracing(self):
                        out = run()
                except Exception as error:
                    captured.put_back()
                    if _is_of_user(error) and self._works(eager):
                        raise RuntimeError(_FAILS.format(f"{type(error).__name__}: {error}")) from error
                    raise
                captured.refuse_changes()
                self._compare(eager, out, forgives)
                if not (self.guards or self.draws) and captured.asks():
                    self._compare_elsewhere(run, eager, movable)
            if self.has_conditions and IS_BOOLEAN in captured.found.names:
                raise RuntimeError(_IS_TRUE)
            if not captured.undraw() and self.draws and self.guards:
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
        can_write = self._has_read or self._captured.found.ties.arrays
        if can_write and not self.uses_history and not all(map(_is_repeatable, order)):
            raise RuntimeError(
                "an array of a node was written into while the function was traced, and a program would not do that: "
                "work on a copy"
            )
        return [*inputs, *self.parameters]

    def _compare(self, eager: Callable[[], Any], out: Any, forgives: Any) -> None:
        """Refuse what gives something else to eager code than to the nodes that stand in for its numbers."""
        captured = self._captured
        repeat, drawn = _Repeat(captured), captured.states()
        captured.rewind()
        try:
            with np.errstate(all="ignore"), modes.tracing(repeat):
                one, other = flatten(out), flatten(eager())
        except forgives:
            set_states(drawn)
            return
        is_same = captured.states() == drawn and not repeat.left and len(one) == len(other)
        if not is_same or not all(map(_are_alike, one, other)):
            place = captured.drawing_attribute()
            raise RuntimeError(refusal_of_draws(place) if place else _UNLIKE)

    def _compare_elsewhere(self, run: Callable[[], Any], eager: Callable[[], Any], movable: Sequence[Node]) -> None:
        """Compare once more with other numbers: of 0 or 1, different formulas may give the same."""
        numbers = [x._data for x in movable]
        try:
            for node in movable:
                node._data = node._data * 1.0625 + 0.03125
            with np.errstate(all="ignore"), modes.recording_again(), modes.tracing(Trace(self._captured)):
                out = run()
        except Exception:  # it is written for other numbers
            return
        else:
            self._compare(eager, out, Exception)
        finally:
            for node, number in zip(movable, numbers, strict=True):
                node._data = number

    def _works(self, eager: Callable[[], Any]) -> bool:
        """Return whether code that has failed for nodes works eagerly."""
        with suppress(Exception), np.errstate(all="ignore"), modes.tracing(_Repeat(self._captured)):
            eager()
            return True
        return False

    def hash_of(self, node: Node) -> int:
        """Return the hash of a node; where code of the user asks, it may look a number up, and that is a guard."""
        if node.op is not None and standing(sys._getframe(2).f_globals.get("__name__", "")) == "user":
            self.read(node)
        return object.__hash__(node)

    def read(self, node: Node) -> None:
        """Add a guard, because Python has read the data of a node."""
        self._has_read = True
        if node.op is not constant and id(node) not in self._read:  # the guard keeps the node, so its id stays its own
            self._read.add(id(node))
            self.guards.append(Guard(node, np.array(node._data), False))

    def truth(self, node: Node) -> bool:
        """Return whether a number is not 0, and add a guard for the answer."""
        answer = bool(np.asarray(node._data).any())
        if node.op is not constant:
            self.guards.append(Guard(node, answer, True))
        return answer

    def drawn(self, node: Node, make: Callable[[], Any]) -> Node:
        """Record a leaf whose number is drawn in each run, so that its results do not become constants."""
        self.draws.append((node, make))
        return node

    def redraw(self) -> list[Any]:
        """Return new random numbers for all draws.

        Raises:
            ValueError: the shape of a number has changed.
        """
        numbers, self._pending = self._pending, []
        if not (numbers and self._captured.draw_again()):
            numbers = [make() for _, make in self.draws]
        for (node, _), x in zip(self.draws, numbers, strict=True):
            if np.shape(x) != node.shape:
                raise ValueError(f"`make` of `fresh` drew shape {np.shape(x)} after {node.shape}: draw one shape")
        return numbers


_UNLIKE = (
    "the function gives other numbers for plain numbers and arrays than for the nodes that stand in for them, as "
    "where it asks for a type (`isinstance(x, np.ndarray)`) or looks a number up in a set: run it uncompiled"
)
_FAILS = "the function fails for the nodes that stand in for plain numbers and arrays, by {}: run it uncompiled"
_IS_TRUE = (
    "the function asks by `is` whether something is True or False, and a comparison is neither while it is traced: "
    "write it without `is`, or run uncompiled"
)
_BRANCHES = (
    "the function asks in Python for numbers, and draws some in a way that cannot be undone where the answer changes: "
    "draw them from a generator of random numbers, write the branch with `where`, or run uncompiled"
)


class _Repeat:
    """Takes the place of a trace while the same code runs eagerly: `fresh` gives what it gave in the trace."""

    records = False

    def __init__(self, captured: Captured) -> None:
        self.left, self._captured = [*captured.drawn], captured

    def draw(self, make: Callable[[], Any]) -> Any:
        before, number, after = self.left.pop(0) if self.left else ((), None, ())
        if number is None or any(state_of(g) != state for g, _, state in before):
            raise RuntimeError(_UNLIKE)
        set_states(after)
        return number


def _is_of_user(error: Exception) -> bool:
    """Return whether code of the user raised an error, or a function of C that it called."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return standing(frame.f_globals.get("__name__", "")) == "user"


def _is_repeatable(node: Node) -> bool:
    """Return whether an operation still gives for its operands what it gave in the trace."""
    if standing(node.op.forward.__module__) == "user":
        return True
    return _are_alike(node, node.op.evaluate([x._data for x in node.inputs], node.params))


def _are_alike(one: Any, other: Any) -> bool:
    """Return whether two nodes, numbers or other things are equal, but for rounding."""
    one, other = (x._data if isinstance(x, Node) else x for x in (one, other))
    if not all(isinstance(x, (int, float, np.generic, np.ndarray)) for x in (one, other)):
        return type(one) is type(other) and (not is_plain(one) or one == other)
    if np.shape(one) != np.shape(other):
        return False
    rtol, atol = (1e-4, 1e-6) if np.float32 in (np.result_type(one), np.result_type(other)) else (1e-9, 1e-12)
    try:
        return np.allclose(one, other, rtol, atol, equal_nan=True)
    except TypeError:  # no numbers
        return np.array_equal(one, other)


def refuse_inside(what: str) -> None:
    """Refuse to run, inside a function that is traced, what sets numbers that no graph shows."""
    if modes.tracer() is not None:
        raise RuntimeError(f"{what} runs inside a function that is being compiled: call the function it was made of")
