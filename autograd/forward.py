"""Forward mode. It uses the same derivative rules as reverse mode."""

from __future__ import annotations

from typing import Any

from .graph import Node, new_variable, topological, zeros
from .modes import quiet
from .primitives.layout import broadcast_to, shape_of
from .reverse import fitted, pullback, rule_arguments, strict_zero_times_both, times


def pushforward(outputs: list[Node], tangents: dict[Node, Any], *, graph: bool) -> dict[Node, Any]:
    r"""Propagate tangents from leaves to `outputs`: $\dot v = \sum_i \partial v / \partial x_i\, \dot x_i$.

    Elementwise primitives have partial derivatives. A vector-Jacobian rule is linear in the cotangent, so its
    derivative with respect to the cotangent gives the tangent. Returns the tangents of all nodes on the paths.
    """
    order, _ = topological(*outputs)
    found = dict(tangents)
    strict_nodes = _strict_zero_nodes(order)
    with quiet():
        for node in reversed(order):
            if node in found or not any(x in found for x in node.inputs):
                continue
            strict = not strict_nodes.isdisjoint(node.inputs)
            tangent = (_along if node.op.elementwise else _transposed)(node, found, graph, strict)
            if tangent is not None:
                found[node] = tangent
                if strict:
                    strict_nodes.add(node)
    return found


def _strict_zero_nodes(order: list[Node]) -> set[Node]:
    """Return the nodes whose cotangents have exact zeros in reverse mode, where 0 times infinity is 0."""
    behind: set[Node] = set()
    for node in order:
        if node.op.strict_zeros or node in behind:
            behind.update(node.inputs)
    return behind


def _along(node: Node, found: dict[Node, Any], graph: bool, strict: bool) -> Any:
    values, out = rule_arguments(node, graph)
    total = None
    for i, operand in enumerate(node.inputs):
        rule = node.op.rule(i)
        if operand not in found or rule is None:
            continue
        partial = rule(out, *values, **node.params) if callable(rule) else rule
        product = strict_zero_times_both if strict else times
        part = product(found[operand], partial)
        if shape_of(part) != shape_of(node):
            part = broadcast_to(part, shape=shape_of(node))
        part = fitted(part, node, node.op)
        total = part if total is None else total + part
    return total


def _transposed(node: Node, found: dict[Node, Any], graph: bool, strict: bool) -> Any:
    # For every u, sum_i <vjp_i(u), t_i> = <u, tangent of node>. So the gradient with respect to u is the tangent.
    probe = new_variable(zeros(node._data))
    values, out = rule_arguments(node, graph)
    seeds = []
    joint: Any = node.op.vjps(probe, out, values, **node.params) if callable(node.op.vjps) else None
    for i, operand in enumerate(node.inputs):
        rule = node.op.rule(i) if operand in found else None
        if rule is None:
            continue
        back = joint[i] if joint is not None else rule(probe, out, *values, **node.params)
        if isinstance(back, Node):
            seeds.append((fitted(back, operand, node.op), found[operand]))
    if not seeds:
        return None
    (tangent,) = pullback(seeds, [probe], graph=graph, strict=[back for back, _ in seeds] if strict else ())
    return tangent
