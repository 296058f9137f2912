"""The textbook style: a formula in each node, derivatives as fractions on the edges, numbers inside the formulas.

Source: Olah (2015), Calculus on Computational Graphs.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

from ...graph import constant
from ..analysis.formula import cut, formula, formula_of, short
from ..analysis.groups import Connection, Group, Grouping
from ..analysis.notation import LATEX, PYTHON, TYPST, Notation
from ..analysis.snapshot import Snapshot, is_bare, number, rules
from .builder import PictureBuilder
from .elements import Line, Picture
from .group_text import data_of, formula_in, grads_of

_LONGEST = 22  # of a rule on an edge
_WIDEST = 32  # of a formula in a node
_MOST_RESULTS = 3  # of a layer that are named

Writer = Callable[[Notation], str]


def _line(write: Writer, small: bool = False) -> Line:
    return Line(write(PYTHON), small, typst=write(TYPST), latex=write(LATEX))


def _number(x: float, notation: Notation) -> str:
    return notation.number(short(x))


def _equation(write: Writer, data: Any, is_below: bool = False, has_values: bool = True) -> list[Line]:
    """Return a name or a formula, with a number beside or below it, or with the shape of an array below."""
    if not has_values:
        return [_line(write)]
    if (single := number(data)) is None:
        return [_line(write), _line(lambda notation: notation.text(f"shape {data.shape}"), small=True)]
    if is_below:
        return [_line(write), _line(lambda notation: f"= {_number(single, notation)}")]
    return [_line(lambda notation: f"{write(notation)} = {_number(single, notation)}")]


def derivative(snapshot: Snapshot, of: Sequence[int], by: int, notation: Notation) -> str:
    """Return the derivative of a node, or of the sum of several nodes, with respect to another, as a formula."""
    *above, below = [notation.name(snapshot.names.get(snapshot.nodes[i], "1")) for i in (*of, by)]
    return notation.partial.format(above[0] if len(above) == 1 else notation.brackets.format(" + ".join(above)), below)


def rule_in(snapshot: Snapshot, i: int, position: int, notation: Notation) -> str:
    """Write the local derivative of a node with respect to an operand by its operands' own names; "" if too long."""
    node = snapshot.nodes[i]
    names = [snapshot.names.get(x, "") for x in node.inputs]
    has_rules = node.op.elementwise and len(set(names)) == len(names)
    made = dict(rules(node, names, snapshot.names[node])) if has_rules else {}
    name = names[position]
    if name not in made or len(formula(made[name], is_simplified=True)) > _LONGEST:
        return ""
    return formula(made[name], notation, is_simplified=True)


def textbook_picture(snapshot: Snapshot, grouping: Grouping, derivatives: str, is_backward: bool) -> Picture:
    """Show formulas and values, or gradients if `is_backward`, and local derivatives as `derivatives` chooses."""
    hold_numbers(snapshot, grouping)
    snapshot.names = snapshot.names_in({i for group in grouping.groups for i in group.outputs})
    view = PictureBuilder(snapshot, grouping, is_backward)
    for k, group in view.groups:
        node, data = snapshot.nodes[group.output], data_of(snapshot, group)
        gradient = grads_of(group, snapshot.adjoints.get)
        shown = gradient if is_backward else data
        if is_backward and node.op is not constant:
            amount = 0.0 if gradient is None else gradient
            has_values = number(amount) is not None
            adjoint = functools.partial(derivative, snapshot, snapshot.roots, group.output)
            lines = _equation(adjoint, amount, has_values=has_values)
        else:
            lines = _formula(snapshot, group, data, derivatives)
        box = view.add(k, lines, shown, gradient)
        box.is_folded, box.heat = False, []
    for connection, partial, flows in view.partials():
        view.join_by(connection, partial, flows)
        edge = view.edges[-1]
        edge.text = ""
        if partial is not None and len(connection.uses) == 1:
            edge.formula = _line(functools.partial(_edge, view, connection, partial, derivatives), small=True)
            edge.text = edge.formula.text
    view.finish_edges()
    name = "Backward graph" if is_backward else "Forward graph"
    view.legend.clear()
    return view.picture(name, f"{name}: formulas, with derivatives on the edges.")


def hold_numbers(snapshot: Snapshot, grouping: Grouping) -> None:
    """Remove the boxes of numbers, because the formulas that use them contain them."""
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
    if node not in names:
        return [_line(functools.partial(_number, number(data) or 0.0))]
    if not node.inputs:
        return _equation(lambda notation: notation.name(names[node]), data, has_values=has_values)
    if group.is_layer:
        results = [names[snapshot.nodes[i]] for i in group.outputs]
        summary = formula_in(snapshot, group)

        def title(notation: Notation) -> str:
            listed = notation.text(", ").join(map(notation.name, results))
            return (f"{listed} = " if len(results) <= _MOST_RESULTS else "") + notation.text(group.name)

        return [_line(title), _line(lambda notation: notation.text(summary), small=True)]
    inside = {snapshot.nodes[i] for i in group.members}
    outside = {x: names[x] for member in inside for x in member.inputs if x in names and x not in inside}
    members = [snapshot.nodes[i] for i in group.members]
    written = formula_of(members, outside)
    if len(members) > 1:
        is_long = "…" in written or len(written) > _WIDEST or bool(group.title or group.place)
        text = re.sub(r"(?<!\*)\*(?!\*)", "·", formula_in(snapshot, group, 2))
    else:  # operands of one operation are shown by their own names
        is_long, text = written == "…" or len(written) > 2 * _WIDEST, f"{node.op.symbol}(…)"

    def write(notation: Notation) -> str:
        in_words = notation.text(cut(text, _WIDEST)) if is_long else ""
        return f"{notation.name(names[node])} = {in_words or formula_of(members, outside, notation)}"

    return _equation(write, data, is_below=True, has_values=has_values)


def _edge(view: PictureBuilder, connection: Connection, partial: float, derivatives: str, notation: Notation) -> str:
    snapshot = view.snapshot
    result, position = connection.uses[0]
    groups = view.grouping.groups
    of, by = groups[connection.result], groups[connection.operand]
    value, rule = _number(partial, notation), ""
    if derivatives != "numbers" and len(of.members) == 1:
        rule = rule_in(snapshot, result, position, notation)
    sides = [rule] if rule and derivatives == "symbols" else [rule, value] if rule and rule != value else [value]
    return " = ".join([derivative(snapshot, [of.output], by.output, notation), *sides])
