"""The views of a graph: which lines stand in its boxes, and which numbers on its edges."""

from __future__ import annotations

import re
from typing import Any

from ..graph import Node, fixed
from .formula import cut, one_line, short
from .picture import Box, Edge, Line, Picture
from .reading import Link, Reading, number, plain_data
from .words import amounts, has_nan, heading, hint, hint_of, is_bare, kind_of, name_of, sign, value_text

__all__ = ["backward_picture", "forward_picture"]

_COLUMNS = 20  # of a rule
_SHAPES = "round ends: a leaf, double outline: the result"


# Forward -----------------------------------------------------------------------------------------------------


def forward_picture(reading: Reading) -> Picture:
    """Show values, gradients as `backward` left them, and the local derivatives on the edges."""
    boxes = [_forward_box(node, i == len(reading.nodes) - 1) for i, node in enumerate(reading.nodes)]
    edges = [_forward_edge(link) for link in reading.links]
    ready = any(node.grad is not None for node in reading.nodes)
    legend = ["on an edge: the local derivative"] if _any_text(edges) else []
    legend += ["fill: the value, blue positive, orange negative"] if any(b.amount for b in boxes) else []
    legend += ["dashed: a negative derivative"] if any(e.sign < 0 for e in edges) else []
    legend += [_SHAPES] if reading.links else []
    legend += [] if ready else ["grad -: backward() has not run"]
    return Picture(boxes, edges, False, f"Forward graph of {name_of(reading)}", _sentence(reading), legend)


def _forward_box(node: Node, is_result: bool) -> Box:
    lines = heading(node)
    lines += amounts("" if is_bare(node) else "data", node._data)
    grad = plain_data(node.grad)
    if node.op is not fixed:
        lines += [Line("grad -")] if grad is None else amounts("grad", grad, brief=True)
    return Box(
        lines, kind_of(node), is_result, number(node._data), has_nan(node._data) or has_nan(grad), hint(node, grad)
    )


def _forward_edge(link: Link) -> Edge:
    if link.slope is None:
        return Edge(link.operand, link.result, "", 0, "", link.differentiated)
    slope, told = link.slope, f"local derivative {link.slope!r}"
    return Edge(link.operand, link.result, short(slope), sign(slope), told, link.differentiated, slope != slope)


# Backward ----------------------------------------------------------------------------------------------------


def backward_picture(reading: Reading) -> Picture:
    """Show the backward pass: adjoints, order, rules, and on each edge the product that is added."""
    arrived: dict[int, list[Any]] = {}
    for link in sorted(reading.links, key=lambda link: reading.steps.get(link.result, 0)):
        if link.added is not None:
            arrived.setdefault(link.operand, []).append(link.added)
    last = len(reading.nodes) - 1
    boxes = [_backward_box(reading, i, i == last, arrived.get(i, [])) for i in range(last + 1)]
    edges = [_backward_edge(link) for link in reading.links]
    legend = ["small number: the order of execution"] if reading.steps else []
    legend += ["on an edge: gradient that arrives × local derivative"] if _any_text(edges) else []
    legend += ["= a + b: several uses add up"] if any(len(x) > 1 for x in arrived.values()) else []
    legend += _words(reading)
    legend += [_SHAPES] if reading.links else []
    legend += ["fill: the gradient, blue positive, orange negative"] if any(b.amount for b in boxes) else []
    return Picture(boxes, edges, True, f"Backward graph of {name_of(reading)}", _sentence_back(reading), legend)


def _words(reading: Reading) -> list[str]:
    """Explain the words that rules use beside labels."""
    words: set[str] = set()
    for i in range(len(reading.nodes)):
        rules = reading.rules_of(i)
        labels = {x.label for x in reading.nodes[i].inputs}
        for name, rule in rules:
            words |= set(re.findall(r"\w+", rule)) | ({"x"} if name not in labels else set())
    remarks = {"g": "g: the gradient that arrives", "out": "out: the value itself", "x": "x, y: the operands"}
    return [remark for word, remark in remarks.items() if word in words]


def _backward_box(reading: Reading, i: int, is_result: bool, arrived: list[Any]) -> Box:
    node, adjoint = reading.nodes[i], reading.adjoints.get(i)
    lines = heading(node)
    if node.op is fixed:
        lines += amounts("" if is_bare(node) else "data", node._data)
    elif adjoint is None:
        lines += [Line("grad 0")]
    else:
        lines += amounts("grad", adjoint)
        if len(arrived) > 1:
            lines.append(Line(_sum_of(arrived), small=True))
        lines += _rule_lines(node, reading.rules_of(i))
    told = hint(node, adjoint)
    for name, rule in reading.rules_of(i):
        told += f"\n{_rule_text(node, name, rule)}"
    amount = None if adjoint is None else number(adjoint)
    return Box(lines, kind_of(node), is_result, amount, has_nan(adjoint), told, reading.steps.get(i))


def _sum_of(arrived: list[Any]) -> str:
    parts = [number(x) for x in arrived]
    if any(part is None for part in parts):
        return f"= sum of {len(arrived)}"
    text = "= " + short(parts[0] or 0.0)
    for part in parts[1:4]:
        text += f" {'-' if (part or 0.0) < 0 else '+'} {short(abs(part or 0.0))}"
    return text + (f" + … ({len(parts)})" if len(parts) > 4 else "")


def _rule_text(node: Node, name: str, rule: str) -> str:
    return f"∂/∂{name} = {rule}" if node.op.elementwise else f"to {name}: {rule}"


def _rule_lines(node: Node, rules: list[tuple[str, str]]) -> list[Line]:
    if node.op is None or not rules:
        return []
    if node.op.elementwise and len(rules) > 1 and len({rule for _, rule in rules}) == 1:
        text = ", ".join(f"∂/∂{name}" for name, _ in rules) + f" = {rules[0][1]}"
        return _folded(text)
    return [line for name, rule in rules for line in _folded(_rule_text(node, name, rule))]


def _folded(text: str) -> list[Line]:
    """Write a rule on one line, or two; the tooltip has it whole."""
    if len(text) <= _COLUMNS:
        return [Line(text, small=True)]
    marks = [i for i in range(len(text) // 3, min(_COLUMNS, len(text))) if text[i] in "*/ ,+-=" and text[i + 1] != "*"]
    at = 1 + min(marks, key=lambda i: (text.count("(", 0, i) - text.count(")", 0, i), -i), default=_COLUMNS - 1)
    return [Line(text[:at].rstrip(), small=True), Line(cut(text[at:].lstrip(), _COLUMNS), small=True)]


def _backward_edge(link: Link) -> Edge:
    if link.added is None:
        return Edge(link.operand, link.result, "", 0, "", False)
    arriving, added = number(link.arriving), number(link.added)
    if arriving is None or added is None or link.slope is None:
        return Edge(link.operand, link.result, "", 0, hint_of("adds", link.added))
    told = f"adds {arriving!r} × {link.slope!r} = {added!r}"
    text = f"{short(arriving)} × {short(link.slope)}"
    return Edge(link.operand, link.result, text, sign(added), told, True, added != added)


# Parts -------------------------------------------------------------------------------------------------------


def _any_text(edges: list[Edge]) -> bool:
    return any(edge.text for edge in edges)


def _sentence(reading: Reading) -> str:
    root = reading.nodes[-1]
    made = sum(1 for node in reading.nodes if node.inputs)
    leaves = [one_line(node.label) for node in reading.nodes if kind_of(node) == "leaf" and node.label]
    named = f", from {', '.join(leaves[:8])}{' and others' if len(leaves) > 8 else ''}" if leaves else ""
    return f"{name_of(reading)} is {value_text(root._data)}, computed in {made} operations{named}."


def _sentence_back(reading: Reading) -> str:
    parts = [
        f"{one_line(node.label)} {value_text(reading.adjoints[i])}"
        for i, node in enumerate(reading.nodes)
        if i in reading.adjoints and node.label and kind_of(node) == "leaf"
    ]
    given = f"; gradients: {', '.join(parts[:8])}{' and others' if len(parts) > 8 else ''}" if parts else ""
    return f"The backward pass from {name_of(reading)} in {len(reading.steps)} steps{given}."
