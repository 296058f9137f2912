"""What a picture shows, as plain data: boxes of short lines, and edges. No engine, no markup."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..graph import Node, fixed
from .formula import cut, one_line, settings_of, short
from .reading import Link, Reading, number, plain_data

__all__ = [
    "Box", "Edge", "Line", "Picture", "amounts", "backward_picture", "forward_picture", "heading", "is_bare", "width_of",
]  # fmt: skip


@dataclass
class Line:
    """One line in a box: 12 px, or 10 px if it is small."""

    text: str
    small: bool = False
    bold: bool = False


@dataclass
class Box:
    """One node.

    Attributes:
        lines: what stands in it.
        kind: "leaf", "op" or "constant".
        is_result: whether it is the node that was drawn.
        amount: the number that its colour shows, if it is one.
        has_nan: whether there is a NaN in it.
        step: when the backward pass came here, from 1.
        hint: the full numbers.
    """

    lines: list[Line]
    kind: str
    is_result: bool
    amount: float | None
    has_nan: bool
    hint: str
    step: int | None = None


@dataclass
class Edge:
    """One use of an operand: places of both ends among the boxes, the text beside it, and the sign of its number."""

    operand: int
    result: int
    text: str
    sign: int
    hint: str
    flows: bool = True
    has_nan: bool = False


@dataclass
class Picture:
    """Boxes and edges; `backward` has its arrows turned round.

    Attributes:
        boxes: the boxes, operands before results.
        edges: the edges, several between two boxes if an operand is used several times.
        is_backward: whether it shows the backward pass.
        title: a few words.
        sentence: what one would say about the picture to somebody who does not see it.
        legend: how to read it, in short remarks.
    """

    boxes: list[Box]
    edges: list[Edge]
    is_backward: bool
    title: str
    sentence: str
    legend: list[str] = field(default_factory=list)

    @cached_property
    def largest(self) -> float:
        """The largest size of a number that has a colour."""
        return max((abs(b.amount) for b in self.boxes if b.amount is not None and math.isfinite(b.amount)), default=0.0)


def width_of(text: str) -> int:
    """Count the columns that a text takes in a monospace font.

    >>> width_of("tanh"), width_of("値")
    (4, 2)
    """
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


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
    return Picture(boxes, edges, False, f"Forward graph of {_name(reading)}", _sentence(reading), legend)


def _forward_box(node: Node, is_result: bool) -> Box:
    lines = heading(node)
    lines += amounts("" if is_bare(node) else "data", node._data)
    grad = plain_data(node.grad)
    if node.op is not fixed:
        lines += [Line("grad -")] if grad is None else amounts("grad", grad, brief=True)
    return Box(
        lines, _kind(node), is_result, number(node._data), _has_nan(node._data) or _has_nan(grad), _hint(node, grad)
    )


def _forward_edge(link: Link) -> Edge:
    if link.slope is None:
        return Edge(link.operand, link.result, "", 0, "", link.differentiated)
    slope, hint = link.slope, f"local derivative {link.slope!r}"
    return Edge(link.operand, link.result, short(slope), _sign(slope), hint, link.differentiated, slope != slope)


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
    return Picture(boxes, edges, True, f"Backward graph of {_name(reading)}", _sentence_back(reading), legend)


def _words(reading: Reading) -> list[str]:
    """Explain the words that rules use beside labels."""
    words: set[str] = set()
    for i, rules in reading.rules.items():
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
        lines += _rule_lines(node, reading.rules.get(i, []))
    hint = _hint(node, adjoint)
    for name, rule in reading.rules.get(i, []):
        hint += f"\n{_rule_text(node, name, rule)}"
    amount = None if adjoint is None else number(adjoint)
    return Box(lines, _kind(node), is_result, amount, _has_nan(adjoint), hint, reading.steps.get(i))


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
        return Edge(link.operand, link.result, "", 0, _hint_of("adds", link.added))
    hint = f"adds {arriving!r} × {link.slope!r} = {added!r}"
    text = f"{short(arriving)} × {short(link.slope)}"
    return Edge(link.operand, link.result, text, _sign(added), hint, True, added != added)


# Parts -------------------------------------------------------------------------------------------------------


def _kind(node: Node) -> str:
    return "op" if node.inputs else "constant" if node.op is fixed else "leaf"


def is_bare(node: Node) -> bool:
    """Say whether a node is a number that stands in a formula."""
    return node.op is fixed and not node.label and number(node._data) is not None


def heading(node: Node) -> list[Line]:
    """Say the name of a node, its operation and its settings."""
    label = cut(one_line(node.label), 24)
    if not node.inputs:
        return [Line(label, bold=node.op is not fixed)] if label else []
    symbol = one_line(node.op.symbol)
    lines = [Line(f"{label} = {symbol}" if label else symbol, bold=bool(label))]
    settings = [f"{name}={value}" for name, value in settings_of(node).items()]
    return lines + ([Line(cut(" ".join(settings), 24), small=True)] if settings else [])


def amounts(what: str, data: Any, brief: bool = False) -> list[Line]:
    """Say a number, or sum an array up."""
    single = number(data)
    if single is not None:
        shape = np.shape(plain_data(data))
        return [Line(f"{what} {short(single)}".strip())] + (
            [Line(f"{shape} {data.dtype}", small=True)] if shape else []
        )
    if not data.size:
        return [Line(f"{what} {data.shape}")]
    flag = [Line(f"NaN × {int(np.isnan(data).sum())}", small=True, bold=True)] if _has_nan(data) else []
    lines = [Line(f"{what} {data.shape}"), Line(f"norm {short(_norm(data))} {data.dtype}", small=True)]
    if brief:
        return [Line(f"{what} norm {short(_norm(data))}"), *flag]
    lines.append(Line(f"{short(np.min(data))} … {short(np.max(data))}", small=True))
    share = float(np.mean(data == 0))
    return lines + ([Line(f"zeros {short(100 * share)} %", small=True)] if share else []) + flag


def _norm(data: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.sum(np.square(data, dtype=np.float64))))


def _has_nan(data: Any) -> bool:
    return data is not None and bool(np.isnan(data).any())


def _hint(node: Node, grad: Any) -> str:
    parts = [one_line(node.label) or (node.op.name if node.inputs else "leaf")]
    if node.inputs:
        parts.append(f"made by {node.op.name}")
        parts += [f"{name} = {cut(one_line(str(value)), 60)}" for name, value in node.params.items()]
    parts.append(_hint_of("data", node._data))
    if node.op is not fixed:
        parts.append("grad -" if grad is None else _hint_of("grad", grad))
    return "\n".join(parts)


def _hint_of(what: str, data: Any) -> str:
    single = number(data)
    if single is not None:
        return f"{what} {single!r}"
    return f"{what} {data.dtype} {data.shape}, norm {_norm(data)!r}"


def _sign(x: float) -> int:
    return int(x > 0) - int(x < 0)


def _any_text(edges: list[Edge]) -> bool:
    return any(edge.text for edge in edges)


def _name(reading: Reading) -> str:
    root = reading.nodes[-1]
    return one_line(root.label) or (root.op.name if root.inputs else "a leaf")


def _value_text(data: Any) -> str:
    single = number(data)
    return short(single) if single is not None else f"an array of shape {data.shape}"


def _sentence(reading: Reading) -> str:
    root = reading.nodes[-1]
    made = sum(1 for node in reading.nodes if node.inputs)
    leaves = [one_line(node.label) for node in reading.nodes if _kind(node) == "leaf" and node.label]
    named = f", from {', '.join(leaves[:8])}{' and others' if len(leaves) > 8 else ''}" if leaves else ""
    return f"{_name(reading)} is {_value_text(root._data)}, computed in {made} operations{named}."


def _sentence_back(reading: Reading) -> str:
    parts = [
        f"{one_line(node.label)} {_value_text(reading.adjoints[i])}"
        for i, node in enumerate(reading.nodes)
        if i in reading.adjoints and node.label and _kind(node) == "leaf"
    ]
    given = f"; gradients: {', '.join(parts[:8])}{' and others' if len(parts) > 8 else ''}" if parts else ""
    return f"The backward pass from {_name(reading)} in {len(reading.steps)} steps{given}."
