"""A snapshot of a graph for a drawing: its nodes, their local derivatives, and one run of the backward pass."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...graph import Node, constant, new_variable, topological
from ...modes import quiet, recording_again
from ...reverse import vjp_terms
from .formula import cut, formula, one_line


@dataclass
class Link:
    """One use of an operand by a node.

    Attributes:
        operand, result: places in `Snapshot.nodes`.
        position: which operand of the result it is, from 0.
        differentiated: whether a derivative can flow along it.
        partial: the local derivative, where it is a single number.
        arriving, added: the adjoint of the result, and what the backward pass adds to the operand for it.
    """

    operand: int
    result: int
    position: int
    differentiated: bool
    partial: float | None = None
    arriving: Any = None
    added: Any = None


class Snapshot:
    """A graph as lists, and one run of its backward pass from the `grad` of its roots, or from 1.

    Facts about a single node (`links_of`, `rules_of`) are computed on demand, because a picture shows only few nodes of
    a large graph.

    Attributes:
        nodes: the nodes, every operand before its results.
        roots: the places of the results.
        notes: a text for some nodes, or for all nodes of a label.
        data: the number or array of each, as it is now.
        operands: for each node, the places of its operands, in order.
    """

    def __init__(self, *roots: Node, notes: Mapping[Any, str] | None = None) -> None:
        order, leaves = topological(*roots)
        self.nodes: list[Node] = leaves + order[::-1]
        self.data = [node._data for node in self.nodes]
        self.place = {node: i for i, node in enumerate(self.nodes)}
        self.roots = list(dict.fromkeys(self.place[root] for root in roots))
        self.notes = notes or {}
        self.operands = [tuple([self.place[x] for x in node.inputs]) for node in self.nodes]
        self._masked: set[Node] = set()
        self._links: dict[int, list[Link]] = {}
        self._through: dict[tuple[int, int, int], dict[int, float]] = {}

    @cached_property
    def users(self) -> list[list[int]]:
        """For each node, the places of those that use it, one for each use."""
        users: list[list[int]] = [[] for _ in self.nodes]
        for i, operands in enumerate(self.operands):
            for x in operands:
                users[x].append(i)
        return users

    @cached_property
    def named_leaves(self) -> list[int]:
        """The leaves with labels that are no constants."""
        return [i for i, node in enumerate(self.nodes) if node.label and not node.inputs and node.op is not constant]

    # The backward pass -------------------------------------------------------------------------------------

    @cached_property
    def seeds(self) -> dict[int, Any]:
        """For each result, what the backward pass begins with."""
        seeds = {}
        for i in self.roots:
            root = self.nodes[i]
            seed = None if len(self.roots) > 1 and self.users[i] else plain_data(root.grad)
            if root.op is not constant:
                seeds[i] = ones(root._data) if seed is None else seed
        return seeds

    @cached_property
    def adjoints(self) -> dict[int, Any]:
        """For each node that the backward pass reached, what it received."""
        return self._propagated(dict(self.seeds), range(len(self.nodes) - 1, -1, -1), self._masked)

    @cached_property
    def steps(self) -> dict[int, int]:
        """For each node that propagated its adjoint, the step in which it did so, from 1."""
        return {i: n for n, i in enumerate(filter(self._propagates, sorted(self.adjoints, reverse=True)), start=1)}

    def _propagates(self, i: int) -> bool:
        return any(_differentiated(self.nodes[i], k) for k in range(len(self.operands[i])))

    def _propagated(
        self, found: dict[int, Any], order: Iterable[int], strict: set[Node] | None = None
    ) -> dict[int, Any]:
        """Add the terms of nodes to the adjoints of their operands in `found`, going through the nodes in an order."""
        with quiet():
            for i in order:
                if i in found and self._propagates(i):
                    for operand, part in vjp_terms(self.nodes[i], found[i], strict):
                        x = self.place[operand]
                        found[x] = found[x] + part if x in found else part
        return found

    # Single nodes ------------------------------------------------------------------------------------------

    @cached_property
    def is_recurrence(self) -> bool:
        """Whether a leaf is used again and again along a chain: the steps of a loop, to be read from left to right."""
        if len(self.nodes) > _MOST_STEPS:
            return False
        leaves = [i for i, node in enumerate(self.nodes) if not self.operands[i] and node.op is not constant]
        for uses in (set(self.users[i]) for i in leaves):
            steps: list[int] = []
            for k, operands in enumerate(self.operands if len(uses) >= _FEWEST_STEPS else []):
                steps.append(max((steps[x] for x in operands), default=0) + (k in uses))
            if max(steps, default=0) >= _FEWEST_STEPS:
                return True
        return False

    def note(self, i: int) -> str:
        """Return the note on a node, or an empty text."""
        node = self.nodes[i]
        return one_line(str(self.notes.get(node) or self.notes.get(node.label) or ""))

    def links_of(self, i: int) -> list[Link]:
        """Return the links to the operands of a node, with local derivatives and vjp terms."""
        if i not in self._links:
            node = self.nodes[i]
            links = [Link(x, i, k, _differentiated(node, k)) for k, x in enumerate(self.operands[i])]
            self._links[i] = links
            flowing = [link for link in links if link.differentiated]
            if flowing and all(number(x._data) is not None for x in (node, *node.inputs)):
                for link in flowing:
                    link.partial = 0.0  # that of the operand that a `where` did not choose
                for link, partial in self._matched(flowing, vjp_terms(node, ones(node._data))):
                    link.partial = number(partial)
            if flowing and (g := self.adjoints.get(i)) is not None:
                for link, added in self._matched(flowing, vjp_terms(node, g, self._masked)):
                    link.arriving, link.added = g, added
        return self._links[i]

    def _matched(self, links: list[Link], given: Iterator[tuple[Node, Any]]) -> Iterator[tuple[Link, Any]]:
        """Find the link of each vjp term. The rules yield operands in order."""
        waiting = iter(links)
        with np.errstate(all="ignore"):
            for operand, term in given:
                yield next(link for link in waiting if self.nodes[link.operand] is operand), term

    def partials_through(self, members: list[int]) -> dict[int, float]:
        """Return the derivatives of the last of some nodes by what the others are computed from, where all are numbers.

        The path between two nodes may lead along any of the members, but along no other node.
        """
        key, inside = (members[0], members[-1], len(members)), set(members)
        if key not in self._through:
            self._through[key] = {}
            if all(number(self.nodes[i]._data) is not None for m in members for i in (m, *self.operands[m])):
                found = self._propagated({members[-1]: ones(self.nodes[members[-1]]._data)}, reversed(members))
                self._through[key] = {i: number(g) or 0.0 for i, g in found.items() if i not in inside}
        return self._through[key]

    def rules_of(self, i: int) -> list[tuple[str, str]]:
        """Return the derivative rules of a node in words, one per operand that is differentiated, with its name."""
        node = self.nodes[i]
        found = rules(node, self._names(node), one_line(node.label) or "out") if node.inputs else ()
        return [(name, formula(made, is_simplified=True)) for name, made in found]

    def _names(self, node: Node) -> list[str]:
        """Return the names of operands: their labels, or else letters that no node of the graph has for a label."""
        labels = [x.label for x in node.inputs]
        mine = [label for label, x in zip(labels, node.inputs, strict=True) if x.op is not constant or label]
        if all(0 < len(label) <= 8 and label.isprintable() for label in mine) and len(set(mine)) == len(mine):
            return labels
        return self.letters[: len(labels)] if len(labels) <= 3 else [f"x{i + 1}" for i in range(len(labels))]

    @cached_property
    def letters(self) -> list[str]:
        """Three letters for operands without labels."""
        labels = {node.label for node in self.nodes}
        return list(next((x for x in ("xyz", "uvw", "pqr", "klm") if labels.isdisjoint(x)), "ξηζ"))

    @cached_property
    def names(self) -> dict[Node, str]:
        """A name for every node but numbers in formulas: its label, or v1, v2, ... in the order of computation."""
        return self.names_in(range(len(self.nodes)))

    def names_in(self, shown: Container[int]) -> dict[Node, str]:
        """Return the names of nodes where of those without a label only some are shown."""
        labels = [one_line(node.label) for node in self.nodes]
        letter = next(x for x in "vsqhzy" if x == "y" or not any(re.match(rf"{x}_?\d", label) for label in labels))
        names: dict[Node, str] = {}
        count = 0
        for i, (node, label) in enumerate(zip(self.nodes, labels, strict=True)):
            is_named = i in shown and not label and not is_bare(node)
            count += is_named
            if label or is_named:
                names[node] = cut(label, 24) or f"{letter}{count}"
        return names


def snapshot_of_numbers(result: Any, what: str, most: int = 400) -> Snapshot:
    """Return a snapshot of a Value for `what`, which has room for some nodes, each of a single number.

    Raises:
        TypeError: `result` is not a node.
        ValueError: there are more nodes, or arrays.
    """
    if not isinstance(result, Node):
        raise TypeError(f"`result` is a Value, not {type(result).__name__} ({result!r:.40})")
    snapshot = Snapshot(result)
    if len(snapshot.nodes) > most:
        raise ValueError(f"`result` is computed by {len(snapshot.nodes):,} nodes; {what} have room for {most}")
    if any(data.__class__ is not float for data in snapshot.data):
        raise ValueError(f"there are arrays in the graph of `result`: {what} are of single numbers; use Values")
    return snapshot


def _differentiated(node: Node, i: int) -> bool:
    op = node.op
    return node.inputs[i].op is not constant and (op.elementwise or op.vjps is not None) and op.rule(i) is not None


def plain_data(x: Any) -> Any:
    """Return the number or array of a gradient, which is a node after `backward(create_graph=True)`."""
    return x._data if isinstance(x, Node) else x


def number(x: Any) -> float | None:
    """Return a single number as a float; None for an array of more, or of none."""
    x = plain_data(x)
    if x.__class__ is float:
        return x
    return float(np.reshape(x, ())) if x is not None and np.size(x) == 1 else None


def is_bare(node: Node) -> bool:
    """Return whether a node is a number in a formula."""
    return node.op is constant and not node.label and number(node._data) is not None


def ones(data: Any) -> Any:
    """Return the cotangent at the start of a backward pass."""
    return 1.0 if data.__class__ is float else np.ones_like(data)


_FEWEST_STEPS, _MOST_STEPS = 4, 2000  # uses of a leaf along a chain; nodes of a graph that is looked at


# Rules in words ----------------------------------------------------------------------------------------------

_MOST_RULES = 3  # of one node; the others are alike


def rules(node: Node, names: list[str], out: str) -> Iterator[tuple[str, Any]]:
    """Yield the name of each operand with its rule, found by applying the operation's rule to leaves of these names."""
    given = [x._data if x.op is constant and not x.label else _leaf(0.5 if node.op.elementwise else x._data, name)
             for x, name in zip(node.inputs, names, strict=True)]  # fmt: skip
    result = _leaf(0.5 if node.op.elementwise else node._data, out)
    for i in range(min(len(names), _MOST_RULES)):
        if not _differentiated(node, i):
            continue
        rule = node.op.rule(i)
        if not callable(rule):
            yield names[i], rule
            continue
        g = () if node.op.elementwise else (_leaf(ones(node._data), "g"),)
        try:
            with recording_again(), np.errstate(all="ignore"):
                made = rule(*g, result, *given, **node.params)
        except Exception:  # a rule of the user's own that works on numbers only: its picture still has numbers
            continue
        if made is not None:
            yield names[i], made


def _leaf(data: Any, name: str) -> Any:
    leaf = new_variable(data)
    leaf.label = name
    return leaf
