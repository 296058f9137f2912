"""What a drawing knows of a graph: its nodes, their local derivatives, and one run of the real backward pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..graph import Node, fixed, new_variable, topological
from ..modes import recording_again
from ..reverse import contributions
from .formula import formula, one_line

__all__ = ["Link", "Reading", "number", "plain_data", "read"]


@dataclass
class Link:
    """One use of an operand by a node.

    Attributes:
        operand, result: places in `Reading.nodes`.
        position: which operand of the result it is, from 0.
        differentiated: whether a derivative can flow along it.
        slope: the local derivative, where it is a single number.
        arriving, added: the adjoint of the result, and what the backward pass adds to the operand for it.
    """

    operand: int
    result: int
    position: int
    differentiated: bool
    slope: float | None = None
    arriving: Any = None
    added: Any = None


@dataclass
class Reading:
    """A graph as lists: nodes with every operand before its result, and links.

    Attributes:
        nodes: the nodes.
        links: the links, by result, then by position.
        steps: for each node that handed its adjoint on, when it did so, from 1.
        adjoints: for each node that the backward pass reached, what it received.
        rules: for each node, its derivative rules in words, one per operand that is differentiated.
    """

    nodes: list[Node]
    links: list[Link]
    steps: dict[int, int] = field(default_factory=dict)
    adjoints: dict[int, Any] = field(default_factory=dict)
    rules: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


def read(root: Node) -> Reading:
    """Read a graph: list it, find the local derivatives, and run the backward pass from its own `grad`, or from 1."""
    order, leaves = topological(root)
    nodes = leaves + order[::-1]
    place = {node: i for i, node in enumerate(nodes)}
    reading = Reading(nodes, [])
    uses: dict[Node, list[Link]] = {}
    for node in nodes:
        uses[node] = [Link(place[x], place[node], i, _differentiated(node, i)) for i, x in enumerate(node.inputs)]
        reading.links += uses[node]
    for node in order:
        _find_slopes(node, uses[node])
        reading.rules[place[node]] = list(_rules(node))
    if root.op is not fixed:
        _run_backward(root, order, place, uses, reading)
    return reading


def _differentiated(node: Node, i: int) -> bool:
    op = node.op
    return node.inputs[i].op is not fixed and (op.elementwise or op.vjps is not None) and op.rule(i) is not None


def plain_data(x: Any) -> Any:
    """Give the number or array of a gradient, which is a node after `backward(create_graph=True)`."""
    return x._data if isinstance(x, Node) else x


def number(x: Any) -> float | None:
    """Give a single number as a float; None for an array of more, or of none."""
    x = plain_data(x)
    if x.__class__ is float:
        return x
    return float(np.reshape(x, ())) if x is not None and np.size(x) == 1 else None


def _ones(data: Any) -> Any:
    return 1.0 if data.__class__ is float else np.ones_like(data)


def _find_slopes(node: Node, links: list[Link]) -> None:
    if any(np.size(x._data) != 1 for x in (node, *node.inputs)) or not any(link.differentiated for link in links):
        return
    for link, contribution in _matched(links, contributions(node, _ones(node._data)), node):
        link.slope = number(contribution)
    for link in links:
        if link.slope is None and link.differentiated:
            link.slope = 0.0  # the operand that a `where` did not choose


def _matched(links: list[Link], given: Any, node: Node) -> Iterator[tuple[Link, Any]]:
    """Find the link that each contribution goes along: the rules yield operands, in order."""
    with np.errstate(all="ignore"):
        waiting = list(zip(links, node.inputs, strict=True))
        for operand, contribution in given:
            while waiting:
                link, x = waiting.pop(0)
                if x is operand and link.differentiated:
                    yield link, contribution
                    break


def _run_backward(
    root: Node, order: list[Node], place: dict[Node, int], uses: dict[Node, list[Link]], reading: Reading
) -> None:
    seed = plain_data(root.grad)
    adjoints = {root: _ones(root._data) if seed is None else seed}
    masked: set[Node] = set()
    for node in order:
        g = adjoints.get(node)
        if g is None or not any(link.differentiated for link in uses[node]):
            continue
        reading.steps[place[node]] = len(reading.steps) + 1
        for link, contribution in _matched(uses[node], contributions(node, g, masked), node):
            operand = node.inputs[link.position]
            link.arriving, link.added = g, contribution
            adjoints[operand] = adjoints[operand] + contribution if operand in adjoints else contribution
    reading.adjoints = {place[node]: g for node, g in adjoints.items()}


# Rules in words ----------------------------------------------------------------------------------------------

_MOST_RULES = 3  # of one node; the others are alike


def _rules(node: Node) -> Iterator[tuple[str, str]]:
    """Give the name of each operand with its rule, found by applying the row's rule to named leaves."""
    names = _names(node)
    given = [_named(x, name, node) for x, name in zip(node.inputs, names, strict=True)]
    out = _leaf(0.5 if node.op.elementwise else node._data, one_line(node.label) or "out")
    for i in range(min(len(names), _MOST_RULES)):
        if not _differentiated(node, i):
            continue
        rule = node.op.rule(i)
        if not callable(rule):
            yield names[i], formula(rule)
            continue
        g = () if node.op.elementwise else (_leaf(_ones(node._data), "g"),)
        try:
            with recording_again(), np.errstate(all="ignore"):
                made = rule(*g, out, *given, **node.params)
        except Exception:  # a rule of the user's own that works on numbers only: its picture still has numbers
            continue
        if made is not None:
            yield names[i], formula(made)


def _names(node: Node) -> list[str]:
    labels = [x.label for x in node.inputs]
    mine = [label for label, x in zip(labels, node.inputs, strict=True) if x.op is not fixed or label]
    if all(0 < len(label) <= 8 and label.isprintable() for label in mine) and len(set(mine)) == len(mine):
        return labels
    return list("xyz")[: len(labels)] if len(labels) <= 3 else [f"x{i + 1}" for i in range(len(labels))]


def _named(operand: Node, name: str, node: Node) -> Any:
    if operand.op is fixed and not operand.label and operand._data.__class__ is float:
        return operand._data
    return _leaf(0.5 if node.op.elementwise else operand._data, name)


def _leaf(data: Any, name: str) -> Any:
    leaf = new_variable(data)
    leaf.label = name
    return leaf
