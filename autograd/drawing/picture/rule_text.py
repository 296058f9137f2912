"""Derivative rules in words, as they stand in the boxes of the backward view."""

from __future__ import annotations

import re

from ...graph import Node
from ..analysis.formula import cut
from .elements import Line

__all__ = ["remarks_on", "rule_lines", "rule_texts"]

_COLUMNS = 20

Rules = list[tuple[str, str]]
"""For each operand that is differentiated, its name and the rule, as `Snapshot.rules_of` gives them."""


def rule_texts(node: Node, rules: Rules) -> list[str]:
    """Write the rules in full."""
    return [f"∂/∂{name} = {rule}" if node.op.elementwise else f"to {name}: {rule}" for name, rule in rules]


def rule_lines(node: Node, rules: Rules) -> list[Line]:
    """Write the rules in few short lines."""
    if node.inputs and node.op.elementwise and len(rules) > 1 and len({rule for _, rule in rules}) == 1:
        return _folded(", ".join(f"∂/∂{name}" for name, _ in rules) + f" = {rules[0][1]}")
    return [line for text in rule_texts(node, rules) for line in _folded(text)]


def _folded(text: str) -> list[Line]:
    """Write a rule on one line, or two; the tooltip has it whole."""
    if len(text) <= _COLUMNS:
        return [Line(text, small=True)]
    places = range(len(text) // 3, min(_COLUMNS + 1, len(text) - 1))
    marks = [i for i in places if text[i] in "*/ ,+-=" and text[i + 1] != "*"]
    at = 1 + min(marks, key=lambda i: (text.count("(", 0, i) - text.count(")", 0, i), -i), default=_COLUMNS - 1)
    return [Line(text[:at].rstrip(), small=True), Line(cut(text[at:].lstrip(), _COLUMNS), small=True)]


def remarks_on(nodes: list[tuple[Node, Rules]], letters: list[str]) -> list[str]:
    """Explain the words that rules use beside labels."""
    words: set[str] = set()
    x, y, _ = letters
    for node, rules in nodes:
        labels = {x.label for x in node.inputs}
        for name, rule in rules:
            words |= set(re.findall(r"\w+", rule)) | ({x} if name not in labels else set())
    remarks = {"g": "g: the gradient that arrives", "out": "out: the value itself", x: f"{x}, {y}: the operands"}
    return [remark for word, remark in remarks.items() if word in words]
