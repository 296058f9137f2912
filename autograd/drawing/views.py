"""The views of a graph: which lines stand in its boxes, and which numbers on its edges."""

from __future__ import annotations

from typing import Any

from ..graph import fixed
from .folded import data_of, grads_of, held_lines
from .formula import one_line, short
from .parts import Joint, Plan
from .picture import Line, Picture
from .reading import Reading, number, plain_data
from .rules import Rules, remarks_on, rule_lines, rule_texts
from .view import View
from .words import amounts, has_nan, hint_of, is_bare, kind_of, name_of, value_text

__all__ = ["backward_picture", "forward_picture"]

_SHAPES = "round ends: a leaf, double outline: the result"


# Forward -----------------------------------------------------------------------------------------------------


def forward_picture(reading: Reading, plan: Plan | None = None) -> Picture:
    """Show values, gradients as `backward` left them, and the local derivatives on the edges."""
    view = View(reading, plan)

    def grad_of(i: int) -> Any:
        return plain_data(reading.nodes[i].grad)

    for part in view.parts:
        node, data, grad = reading.nodes[part.output], data_of(reading, part), grads_of(part, grad_of)
        lines = view.heading(part)
        if view.is_brief and number(data) is not None and part.members and reading.operands[part.output]:
            told = "-" if grad is None else short(number(grad) or 0.0, 2)
            lines.append(Line(f"{short(number(data) or 0.0, 2)}  grad {told}", small=True))
        else:
            if view.plan.depth == 2:
                lines += held_lines(reading, part, "", lambda i: reading.nodes[i]._data)
            lines += amounts("" if is_bare(node) else "data", data)
            if node.op is not fixed:
                lines += [Line("grad -")] if grad is None else amounts("grad", grad, brief=True)
        view.add(part, lines, number(data), has_nan(data) or has_nan(grad), grad)
    for joint, slope, flows in view.slopes():
        if slope is None:
            view.join(joint, flows=flows)
        else:
            view.join(joint, short(slope), slope, f"local derivative {slope!r}", flows)
    view.finish_edges()
    view.remark("on an edge: the local derivative", view.has_texts)
    view.remark("fill: the value, blue positive, orange negative", view.has_colours)
    view.remark("dashed: a negative derivative", any(edge.sign < 0 for edge in view.edges))
    view.remark(_SHAPES, view.edges)
    is_ready = any(reading.nodes[i].grad is not None for part in view.parts for i in part.outputs)
    view.remark("grad -: backward() has not run", not is_ready)
    return view.picture("Forward graph", _sentence(reading))


# Backward ----------------------------------------------------------------------------------------------------


def backward_picture(reading: Reading, plan: Plan | None = None) -> Picture:
    """Show the backward pass: adjoints, order, rules, and on each edge the product that is added."""
    view = View(reading, plan)
    steps, adjoints = view.numbered(reading.steps, last_first=True), reading.adjoints
    told: list[tuple[Any, Rules]] = []
    has_sums = False
    for part in view.parts:
        node, adjoint = reading.nodes[part.output], grads_of(part, adjoints.get)
        lines = view.heading(part)
        rules: list[str] = []
        if node.op is fixed:
            lines += amounts("" if is_bare(node) else "data", node._data)
        elif adjoint is None:
            lines += [Line("grad 0")]
        else:
            lines += amounts("grad", adjoint, brief=view.is_brief)
            if sums := view.sums(part):
                has_sums = has_sums or not view.is_brief
                lines += [] if view.is_brief else [Line(sums[0], small=True)]
                rules = sums[1:]
            if len(part.members) == 1:
                words = reading.rules_of(part.output)
                rules += rule_texts(node, words)
                told += [] if view.is_brief else [(node, words)]
                lines += [] if view.is_brief else rule_lines(node, words)
            elif not view.is_brief:
                lines += held_lines(reading, part, "∂", adjoints.get)
        box = view.add(part, lines, None if adjoint is None else number(adjoint), has_nan(adjoint), adjoint)
        box.hint = "\n".join([box.hint, *rules])
        box.step = steps.get(id(part))
    for joint, slope, _ in view.slopes():
        _backward_edge(view, joint, slope)
    view.finish_edges()
    view.remark("small number: the order of execution", steps)
    view.remark("on an edge: gradient that arrives × local derivative", view.has_texts)
    view.remark("= a + b: several uses add up", has_sums)
    for remark in remarks_on(told):
        view.remark(remark)
    view.remark(_SHAPES, view.edges)
    view.remark("fill: the gradient, blue positive, orange negative", view.has_colours)
    return view.picture("Backward graph", _sentence_back(reading), is_backward=True)


def _backward_edge(view: View, joint: Joint, slope: float | None) -> None:
    added = view.added(joint)
    if added is None:
        view.join(joint, flows=False)
        return
    arriving = grads_of(view.plan.parts[joint.result], view.reading.adjoints.get)
    single, sum_ = number(arriving), number(added)
    if single is None or sum_ is None or slope is None or view.plan.parts[joint.result].is_layer:
        view.join(joint, told=hint_of("adds", added))
        return
    view.join(joint, f"{short(single)} × {short(slope)}", sum_, f"adds {single!r} × {slope!r} = {sum_!r}")


def _sentence(reading: Reading) -> str:
    root = reading.nodes[-1]
    made = sum(1 for operands in reading.operands if operands)
    leaves = [one_line(node.label) for node in reading.nodes if kind_of(node) == "leaf" and node.label]
    named = f", from {', '.join(leaves[:8])}{' and others' if len(leaves) > 8 else ''}" if leaves else ""
    return f"{name_of(reading)} is {value_text(root._data)}, computed in {made:,} operations{named}."


def _sentence_back(reading: Reading) -> str:
    parts = [
        f"{one_line(node.label)} {value_text(reading.adjoints[i])}"
        for i, node in enumerate(reading.nodes)
        if i in reading.adjoints and node.label and kind_of(node) == "leaf"
    ]
    given = f"; gradients: {', '.join(parts[:8])}{' and others' if len(parts) > 8 else ''}" if parts else ""
    return f"The backward pass from {name_of(reading)} in {len(reading.steps):,} steps{given}."
