"""Derivative rules: each is traced once on placeholders, and applied to all nodes of its primitive."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import modes
from ...graph import constant, new_variable, topological
from ...modes import quietly
from ...primitive import Primitive
from ...primitives import TABLE
from .structure_of_arrays import CONSTANT, MINUS, NULL, ONE, StructureOfArrays

Reference = tuple[str, Any]
"""An operand of a rule: ("in", i), ("out", 0), ("g", 0), ("number", x) or ("step", i)."""


@dataclass(frozen=True, slots=True)
class VjpRule:
    """What a rule computes.

    Attributes:
        steps: names of primitives, each with its operands.
        result: what the rule gives.
        whole: the rule gives all that is added to the cotangent, and not the factor of the node's own cotangent.
    """

    steps: tuple[tuple[str, tuple[Reference, ...]], ...]
    result: Reference
    whole: bool


@functools.cache
def vjp_rule(op: Primitive, place: int, fused: bool = True) -> VjpRule | None:
    """Trace the rule of an operand; None where no gradient flows. If `fused`, the step of ReLU is no node."""
    rule = op.rule(place)
    if rule is None:
        return None
    if not callable(rule):
        return VjpRule((), ("number", float(rule)), False)
    out, g = new_variable(0.5), new_variable(0.5)
    inputs = [new_variable(0.5) for _ in range(op.arity or 0)]
    whole = op.partials is None
    known: dict[Any, Reference] = {x: ("in", i) for i, x in enumerate(inputs)} | {out: ("out", 0), g: ("g", 0)}
    with modes.recording_again():
        made = rule(g, out, *inputs) if whole else rule(out, *inputs)
    order, leaves = topological(made)
    for leaf in leaves:
        if leaf.op is constant:
            known[leaf] = ("number", leaf._data)
    steps: list[Any] = []
    for node in reversed(order):
        known[node] = ("step", len(steps))
        steps.append((node.op.name, tuple(known[x] for x in node.inputs)))
    if steps == [("step", (("in", 0),))] and fused:  # ReLU: the factor 0 or 1 is not worth a place in memory
        return VjpRule((("times_step", (("g", 0), ("in", 0))),), ("step", 0), True)
    return VjpRule(tuple(steps), known[made], whole)


def applied(soa: StructureOfArrays, rule: VjpRule, nodes: np.ndarray, g: np.ndarray | None = None) -> np.ndarray:
    """Add the nodes of a rule for the given nodes, with cotangents `g`; return the node of each result."""
    made: list[np.ndarray] = []

    def found(reference: Reference) -> np.ndarray:
        kind, x = reference
        if kind == "number":
            return np.broadcast_to(soa.constants(np.array([x])), len(nodes))
        if kind == "g":
            assert g is not None
            return g
        return nodes if kind == "out" else soa.operands[nodes, x] if kind == "in" else made[x]

    for name, references in rule.steps:
        operands = [found(r) for r in references]
        known = np.logical_and.reduce([soa.code[x] == CONSTANT for x in operands])
        if not known.any():
            made.append(soa.add(name, *operands))
            continue
        result = np.empty(len(nodes), np.int32)
        data = quietly(TABLE[name].forward, [soa.data[x[known]] for x in operands], {})
        result[known] = soa.constants(data)
        if not known.all():
            result[~known] = soa.add(name, *(x[~known] for x in operands))
        made.append(result)
    kind, x = rule.result
    if kind == "number" and x in _CONSTANT_NODES:
        return np.full(len(nodes), _CONSTANT_NODES[x], np.int32)
    return found(rule.result)


_CONSTANT_NODES = {1.0: ONE, -1.0: MINUS, 0.0: NULL}
