"""The textbook style: a formula in each node, derivatives as fractions on the edges, numbers inside the formulas.

Source: Olah (2015), Calculus on Computational Graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...graph import fixed
from ..analysis.formula import cut, formula, formula_of, short
from ..analysis.groups import Connection, Group, Grouping
from ..analysis.notation import LATEX, PYTHON, TYPST, Notation
from ..analysis.snapshot import Snapshot, number, rules
from .builder import PictureBuilder
from .elements import Line, Picture
from .group_text import data_of, formula_in, grads_of
from .node_text import has_nan, is_bare, sign, value_text

__all__ = ["derivative", "rule_in", "textbook_picture"]

_LONGEST = 22  # of a rule on an edge

Writer = Callable[[Notation], str]


def _line(write: Writer, small: bool = False) -> Line:
    return Line(write(PYTHON), small, typst=write(TYPST), latex=write(LATEX))


def _number(x: float, notation: Notation) -> str:
    return notation.number(short(x))


def _value(data: Any, notation: Notation) -> str:
    single = number(data)
    return notation.text(value_text(data)) if single is None else _number(single, notation)


def derivative(snapshot: Snapshot, of: int, by: int, notation: Notation) -> str:
    """Write the derivative of one node with respect to another."""
    names = [notation.name(snapshot.names.get(snapshot.nodes[i], "1")) for i in (of, by)]
    return notation.partial.format(*names)


def rule_in(snapshot: Snapshot, i: int, position: int, notation: Notation) -> str:
    """Write the local derivative of a node with respect to an operand by its operands' own names; "" if too long."""
    node = snapshot.nodes[i]
    names = [snapshot.names.get(x, "") for x in node.inputs]
    is_told = node.op.elementwise and len(set(names)) == len(names)
    made = dict(rules(node, names, snapshot.names[node])) if is_told else {}
    name = names[position]
    if name not in made or len(formula(made[name], is_simplified=True)) > _LONGEST:
        return ""
    return formula(made[name], notation, is_simplified=True)


def textbook_picture(snapshot: Snapshot, grouping: Grouping, derivatives: str, is_backward: bool) -> Picture:
    """Show formulas and values, or gradients if `is_backward`, and local derivatives as `derivatives` says."""
    hold_numbers(snapshot, grouping)
    view = PictureBuilder(snapshot, grouping)
    for group in view.groups:
        node, data = snapshot.nodes[group.output], data_of(snapshot, group)
        gradient = grads_of(group, snapshot.adjoints.get)
        shown = gradient if is_backward else data
        if is_backward and node.op is not fixed:
            lines = [_line(partial(_adjoint, snapshot, group.output, gradient))]
        else:
            lines = _formula(snapshot, group, data, derivatives)
        box = view.add(group, lines, None if shown is None else number(shown), has_nan(shown), gradient)
        box.is_folded = False
    for connection, slope, flows in view.slopes():
        view.join(connection, "", slope or 0.0, "" if slope is None else f"local derivative {slope!r}", flows)
        if flows and slope is not None and len(connection.uses) == 1:
            edge = view.edges[-1]
            edge.formula = _line(partial(_edge, view, connection, slope, derivatives), small=True)
            edge.text, edge.sign = edge.formula.text, sign(slope)
    view.finish_edges()
    for edge in view.edges:
        edge.formula = edge.formula if edge.text else None
    name = "Backward graph" if is_backward else "Forward graph"
    made = view.picture(name, f"{name}: formulas, with derivatives on the edges.", is_backward=is_backward)
    made.legend = grouping.remarks
    return made


def hold_numbers(snapshot: Snapshot, grouping: Grouping) -> None:
    """Take the boxes of numbers away: they stand in the formulas of those that use them."""
    for group in grouping.groups:
        numbers = [x for i in group.members for x in snapshot.operands[i] if is_bare(snapshot.nodes[x])]
        group.holds = list(dict.fromkeys([*group.holds, *numbers]))
    grouping.groups = [
        group for group in grouping.groups
        if not group.outputs or group.output in snapshot.roots or not is_bare(snapshot.nodes[group.output])
    ]  # fmt: skip


def _formula(snapshot: Snapshot, group: Group, data: Any, derivatives: str) -> list[Line]:
    node, names = snapshot.nodes[group.output], snapshot.names
    has_values = derivatives != "symbols"
    if not node.inputs:
        if has_values and (node in names and names[node] != "leaf"):
            return [_line(lambda notation: f"{notation.name(names[node])} = {_value(data, notation)}")]
        return [_line(lambda notation: notation.name(names[node]) if node in names else _value(data, notation))]
    if group.is_layer:
        return [Line(group.name, bold=True), Line(formula_in(snapshot, group), small=True)]
    inside = {snapshot.nodes[i] for i in group.members}
    outside = {x: names[x] for member in inside for x in member.inputs if x in names and x not in inside}

    def write(notation: Notation) -> str:
        made = formula_of([snapshot.nodes[i] for i in group.members], outside, notation)
        long = len(made) > (40 if notation is PYTHON else 400)
        made = notation.text(cut(formula_in(snapshot, group), 40)) if long else made
        return f"{notation.name(names[node])} = {made}"

    return [_line(write), *([_line(lambda notation: f"= {_value(data, notation)}")] if has_values else [])]


def _adjoint(snapshot: Snapshot, i: int, gradient: Any, notation: Notation) -> str:
    value = "0" if gradient is None else _value(gradient, notation)
    results = [notation.name(snapshot.names.get(snapshot.nodes[root], "1")) for root in snapshot.roots]
    result = results[0] if len(results) == 1 else notation.brackets.format(" + ".join(results))
    return f"{notation.partial.format(result, notation.name(snapshot.names.get(snapshot.nodes[i], '1')))} = {value}"


def _edge(view: PictureBuilder, connection: Connection, slope: float, derivatives: str, notation: Notation) -> str:
    snapshot = view.snapshot
    result, position = connection.uses[0]
    ends = view.grouping.groups[connection.result].output, view.grouping.groups[connection.operand].output
    value, rule = _number(slope, notation), ""
    if derivatives != "numbers" and len(view.grouping.groups[connection.result].members) == 1:
        rule = rule_in(snapshot, result, position, notation)
    told = [rule] if rule and derivatives == "symbols" else [rule, value] if rule and rule != value else [value]
    return " = ".join([derivative(snapshot, *ends, notation), *told])
