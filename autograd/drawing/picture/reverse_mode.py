"""The forward and the backward view of a graph: the lines in its boxes and the numbers on its edges."""

from __future__ import annotations

import re

from ...graph import Node, constant
from ..analysis.formula import cut, one_line, short
from ..analysis.groups import Grouping
from ..analysis.snapshot import Snapshot, is_bare, number, plain_data
from .builder import PictureBuilder
from .elements import Line, Picture
from .group_text import data_of, grads_of, parameter_lines
from .node_text import amounts, has_nan, hint_of, name_of, value_text
from .steps import listed

_COLUMNS = 20  # of a rule in a box

Rules = list[tuple[str, str]]
"""For each operand that is differentiated, its name and the rule, as `Snapshot.rules_of` gives them."""

_SHAPES = "round ends: a leaf, double outline: the result"


# Forward -----------------------------------------------------------------------------------------------------


def forward_picture(snapshot: Snapshot, grouping: Grouping | None = None) -> Picture:
    """Return a picture of the values, the gradients in `grad`, and the local derivatives on the edges."""
    view = PictureBuilder(snapshot, grouping)
    for k, group in view.groups:
        node, data = snapshot.nodes[group.output], data_of(snapshot, group)
        grad = grads_of(group, lambda i: plain_data(snapshot.nodes[i].grad))
        lines = view.heading(k)
        if view.is_brief and number(data) is not None and group.members and snapshot.operands[group.output]:
            lines.append(Line(f"{short(number(data), 2)}  grad {short(number(grad), 2)}", small=True))
        else:
            if view.grouping.depth == 2:
                lines += parameter_lines(snapshot, group, "", lambda i: snapshot.nodes[i]._data)
            lines += amounts("" if is_bare(node) else "data", data)
            if node.op is not constant:
                lines += amounts("grad", grad, brief=True)
        box = view.add(k, lines, data, grad)
        box.has_nan = box.has_nan or has_nan(grad)
    for connection, partial, flows in view.partials():
        view.join_by(connection, partial, flows)
    view.finish_edges()
    view.remark("on an edge: the local derivative", view.has_texts)
    view.remark("fill: the value, blue positive, orange negative", view.has_colours)
    view.remark("map: the elements, blue positive, orange negative", any(box.heat for box in view.boxes.values()))
    view.remark("dashed: a negative derivative", any(edge.amount < 0 for edge in view.edges))
    view.remark(_SHAPES, view.edges)
    is_ready = any(snapshot.nodes[i].grad is not None for _, group in view.groups for i in group.outputs)
    view.remark("grad -: backward() has not run", not is_ready)
    return view.picture("Forward graph", _sentence(snapshot))


# Backward ----------------------------------------------------------------------------------------------------


def backward_picture(snapshot: Snapshot, grouping: Grouping | None = None) -> Picture:
    """Return a picture of the backward pass: adjoints, order, rules, and on each edge the term that is added."""
    view = PictureBuilder(snapshot, grouping, is_backward=True)
    steps, adjoints = view.numbered(snapshot.steps), snapshot.adjoints
    explained: Rules = []
    has_sums = False
    for k, group in view.groups:
        node, adjoint = snapshot.nodes[group.output], grads_of(group, adjoints.get)
        lines = view.heading(k)
        rules: list[str] = []
        details: list[Line] = []
        if node.op is constant:
            lines += amounts("" if is_bare(node) else "data", node._data)
        elif adjoint is None:
            lines += [Line("grad 0")]
        else:
            lines += amounts("grad", adjoint, brief=view.is_brief)
            if sums := view.sums(k):
                has_sums = True
                details.append(Line(sums[0], small=True))
                rules = sums[1:]
            if len(group.members) == 1:
                words = snapshot.rules_of(group.output)
                rules += _rule_texts(node, words)
                explained += words
                details += _rule_lines(node, words)
            else:
                details += parameter_lines(snapshot, group, "∂", adjoints.get)
        lines += [] if view.is_brief else details
        box = view.add(k, lines, adjoint, adjoint, steps.get(k))
        box.hint = "\n".join([box.hint, *rules])
    for connection, partial, _ in view.partials():
        added, result = view.added(connection), view.grouping.groups[connection.result]
        arriving, total = number(grads_of(result, adjoints.get)), number(added)
        if added is None:
            view.join(connection, flows=False)
        elif arriving is None or total is None or partial is None or result.is_layer:
            view.join(connection, tooltip=hint_of("adds", added))
        else:
            view.join_product(connection, arriving, partial, total)
    view.finish_edges()
    view.remark("small number: the order of execution", steps)
    view.remark("on an edge: gradient that arrives × local derivative", view.has_texts)
    view.remark("= a + b: several uses add up", has_sums and not view.is_brief)
    for remark in _remarks_on([] if view.is_brief else explained, snapshot.letters):
        view.remark(remark)
    view.remark(_SHAPES, view.edges)
    view.remark("fill: the gradient, blue positive, orange negative", view.has_colours)
    return view.picture("Backward graph", _sentence_back(snapshot))


def _sentence(snapshot: Snapshot) -> str:
    value = " and ".join(value_text(snapshot.data[i]) for i in snapshot.roots)
    made = sum(1 for operands in snapshot.operands if operands)
    given = listed([one_line(snapshot.nodes[i].label) for i in snapshot.named_leaves], 8, ", from ")
    return f"{name_of(snapshot)} is {value}, computed in {made:,} operations{given}."


def _sentence_back(snapshot: Snapshot) -> str:
    reached = [i for i in snapshot.named_leaves if i in snapshot.adjoints]
    gradients = [f"{one_line(snapshot.nodes[i].label)} {value_text(snapshot.adjoints[i])}" for i in reached]
    given = listed(gradients, 8, "; gradients: ")
    return f"The backward pass from {name_of(snapshot)} in {len(snapshot.steps):,} steps{given}."


# Rules in words ----------------------------------------------------------------------------------------------


def _rule_texts(node: Node, rules: Rules) -> list[str]:
    """Return the derivative rules in full."""
    return [f"∂/∂{name} = {rule}" if node.op.elementwise else f"to {name}: {rule}" for name, rule in rules]


def _rule_lines(node: Node, rules: Rules) -> list[Line]:
    """Return the derivative rules in a few short lines."""
    if node.inputs and node.op.elementwise and len(rules) > 1 and len({rule for _, rule in rules}) == 1:
        return _folded(", ".join(f"∂/∂{name}" for name, _ in rules) + f" = {rules[0][1]}")
    return [line for text in _rule_texts(node, rules) for line in _folded(text)]


def _folded(text: str) -> list[Line]:
    """Return a rule on one or two lines. The tooltip shows all of it."""
    if len(text) <= _COLUMNS:
        return [Line(text, small=True)]
    places = range(min(len(text), 2 * _COLUMNS) // 3, min(_COLUMNS + 1, len(text) - 1))
    marks = [i for i in places if text[i] in "*/ ,+-=" and text[i + 1] != "*"]
    at = 1 + min(marks, key=lambda i: (text.count("(", 0, i) - text.count(")", 0, i), -i), default=_COLUMNS - 1)
    return [Line(text[:at].rstrip(), small=True), Line(cut(text[at:].lstrip(), _COLUMNS), small=True)]


def _remarks_on(rules: Rules, letters: list[str]) -> list[str]:
    """Explain the words that rules use beside labels."""
    x, y, _ = letters
    words = set(re.findall(r"\w+", " ".join(rule for _, rule in rules))) | {name for name, _ in rules if name in (x, y)}
    remarks = {"g": "g: the gradient that arrives", "out": "out: the value itself", x: f"{x}, {y}: the operands"}
    remarks[y] = remarks[x]
    return list(dict.fromkeys(remark for word, remark in remarks.items() if word in words))
