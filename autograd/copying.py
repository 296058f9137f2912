"""Copies and pickles of graphs, without recursion because graphs are deep. Shared nodes stay shared."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Node, all_nodes, made, saved


def deeply_copied(node: Node, memo: dict[int, Any]) -> Any:
    """Return a copy of a node and of all nodes that it depends on."""
    for x in reversed(all_nodes(node)):
        if id(x) not in memo:
            grad = getattr(x, "grad", None)  # hidden while a step is traced
            memo[id(x)] = _like(x, [memo[id(i)] for i in x.inputs], None if isinstance(grad, Node) else grad)
    return memo[id(node)]


def shallowly_copied(node: Node) -> Any:
    """Return a copy of one node, with the same inputs."""
    return _like(node, list(node.inputs), node.grad)


def reduced(node: Node) -> Any:
    """Return what pickle stores: a leaf itself, and any other node as the list of nodes that it depends on.

    A model and its loss that are pickled together still share their parameters.
    """
    if node.is_leaf:
        return _leaf, (type(node), _copied(node._data), node.op, node.label, node.grad, node.role)
    nodes = all_nodes(node)[::-1]
    place = {x: i for i, x in enumerate(nodes)}
    rows = [
        x if x.is_leaf else (type(x), x._data, x.op, x.label, [place[i] for i in x.inputs], saved(x), x.params, x.grad)
        for x in nodes
    ]
    return _rebuilt, (rows,)


def _copied(data: Any) -> Any:
    return data.copy() if isinstance(data, np.ndarray) else data


def _like(node: Node, inputs: list[Node], grad: Any) -> Node:
    """Return a copy of a node with other inputs."""
    if not inputs:
        return _leaf(type(node), _copied(node._data), node.op, node.label, _copied(grad), node.role)
    return _result(type(node), node._data, node.op, node.label, inputs, saved(node), node.params, _copied(grad))


def _leaf(kind: type[Node], data: Any, op: Any, label: str, grad: Any, role: str = "") -> Node:
    node = kind.__new__(kind)
    node._become_leaf(data, op, label)
    node.grad = grad
    if role:
        node.role = role
    return node


def _result(kind: type[Node], data: Any, op: Any, label: str, inputs: Any, values: Any, params: Any, grad: Any) -> Node:
    node = made(kind, data, op, inputs, values, params)
    node.grad = grad
    if label:
        node.label = label
    return node


def _rebuilt(rows: list[Any]) -> Node:
    nodes: list[Node] = []
    for row in rows:
        if not isinstance(row, Node):
            kind, data, op, label, inputs, *rest = row
            row = _result(kind, data, op, label, [nodes[i] for i in inputs], *rest)
        nodes.append(row)
    return nodes[-1]
