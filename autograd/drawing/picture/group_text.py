"""The text of groups: a sum of products, a neuron, a layer, and a node with the numbers of its formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...graph import Node, constant
from ..analysis.formula import cut, formula_of, one_line, several, short
from ..analysis.groups import Connection, Group, Grouping
from ..analysis.snapshot import Snapshot, is_bare, number
from .elements import Cluster, Line
from .node_text import heading, labelled, norm_of

_LONGEST = 26  # of a formula in a box
_SHORT = 16  # for a heading
_FEWEST = 3  # neurons in a row
_MOST_WEIGHTS = 3  # of a neuron, one by one


def data_of(snapshot: Snapshot, group: Group) -> Any:
    """Return the number or array that a group's box shows; of a layer, an array of its results."""
    return gathered([snapshot.nodes[i]._data for i in group.outputs])


def grads_of(group: Group, grads: Any) -> Any:
    """Return the gradient of a group's result, by a table of those of nodes; None if there is none."""
    found = [grads(i) for i in group.outputs]
    return None if any(g is None for g in found) else gathered(found)


def gathered(data: list[Any]) -> Any:
    """Return the only one of some numbers or arrays, or an array of all."""
    if len(data) == 1:
        return data[0]
    singles = [number(x) for x in data]
    return np.array(singles) if None not in singles else np.concatenate([np.ravel(x) for x in data])


# Headings ----------------------------------------------------------------------------------------------------


def heading_of(snapshot: Snapshot, group: Group, is_inside: bool) -> list[Line]:
    """Return lines on what a group is; `is_inside` if a frame around it has the first half of its name."""
    node = snapshot.nodes[group.output]
    if len(group.members) == 1 and not group.name and not group.holds:
        return heading(node)
    formula = formula_in(snapshot, group)
    if group.is_layer:
        count = f"{len(group.outputs)} neurons, {_size(snapshot, group)} parameters"
        return [Line(group.name, bold=True), Line(count, small=True), Line(formula, small=True)]
    if group.place and group.name:
        name = group.name.removeprefix(group.place[0]).strip() if is_inside else group.name
        lines = [Line(labelled(node, name or group.name), bold=True)]
        return lines if is_inside and len(group.place) > 1 else [*lines, Line(formula, small=True)]
    return _labelled_lines(node, formula)


def _labelled_lines(node: Node, formula: str) -> list[Line]:
    """Write a name and a formula on one line if they are short."""
    label = cut(one_line(node.label), 24)
    if len(label) + len(formula) <= _SHORT or not label:
        return [Line(labelled(node, formula), bold=bool(label), small=len(formula) > _SHORT)]
    return [Line(label, bold=True), Line(f"= {formula}", small=True)]


def formula_in(snapshot: Snapshot, group: Group, most: int = _MOST_WEIGHTS) -> str:
    """Write what a group computes, in short; with more than `most` parameters, in general: `tanh(w·x + b)`."""
    nodes, inside = snapshot.nodes, {*group.members, *group.holds}
    if "(" in group.title:
        return group.title
    if group.is_layer:
        return f"{nodes[group.outputs[-1]].op.symbol}(w·x + b)" if group.activation else "w·x + b"
    parameters = [i for i in group.holds if nodes[i].op is not constant]
    if len(group.members) > _LONGEST:
        return _in_general(snapshot, group, parameters)
    inputs = list(dict.fromkeys(x for i in group.members for x in snapshot.operands[i] if x not in inside))
    names = {nodes[i]: _short_name(nodes[i]) for i in parameters}
    letters = iter("xyzuvw" if len(inputs) <= 6 else ())
    for i in inputs:
        label = one_line(nodes[i].label)
        names[nodes[i]] = label if 0 < len(label) <= 8 else next(letters, "x")
    written = formula_of([nodes[i] for i in group.members], names)
    if "…" not in written and len(written) <= _LONGEST and len(parameters) <= most:
        return written
    return _in_general(snapshot, group, parameters)


def _short_name(node: Node) -> str:
    """Return a short name of a parameter: the last word of its label, `weight`; of a number in a list, `w`."""
    words = [word for word in one_line(node.label).replace("[", ".").split(".") if word and not word[0].isdigit()]
    return cut(words[-1].rstrip("0123456789]") or "w", 8) if words else "w"


def _in_general(snapshot: Snapshot, group: Group, parameters: list[int]) -> str:
    nodes = snapshot.nodes
    if not group.activation and not any(nodes[i].op.name in ("add", "mul", "matmul") for i in group.members):
        return f"{len(group.members)} operations"
    linear = group.members[:-1] if group.activation else group.members
    products = [i for i in linear if nodes[i].op.name in ("mul", "matmul")]
    sums = set(linear).difference(products)
    terms = [x for i in sums for x in snapshot.operands[i] if x not in sums]
    count = len([x for x in terms if not is_bare(nodes[x]) or nodes[x]._data])  # Python's `sum` starts from a 0
    core = f"sum of {count:,} {'products' if 0 < count <= len(products) else 'terms'}"
    if parameters and products and not group.title:
        factors = {x for i in products for x in snapshot.operands[i]}
        has_bias = any(i not in factors for i in parameters)
        core = "w·x + b" if has_bias else "w·x"
    return f"{nodes[group.output].op.symbol}({core})" if group.activation else core


def _size(snapshot: Snapshot, group: Group) -> int:
    return sum(int(np.size(snapshot.nodes[i]._data)) for i in group.holds if snapshot.nodes[i].op is not constant)


# Further lines -----------------------------------------------------------------------------------------------


def parameter_lines(snapshot: Snapshot, group: Group, what: str, numbers: Any) -> list[Line]:
    """Return lines with the numbers of the parameters in a box: of each, or of all together."""
    by_name: dict[str, list[Any]] = {}
    for i in group.holds:
        if snapshot.nodes[i].op is not constant and (x := numbers(i)) is not None:
            by_name.setdefault(_short_name(snapshot.nodes[i]), []).append(x)
    lines = []
    for name, found in by_name.items():
        singles = [number(x) for x in found]
        if None not in singles and len(singles) <= _MOST_WEIGHTS:
            text = ", ".join(short(x, 2) for x in singles)
        else:
            text = f"norm {short(norm_of(gathered(found)))}"
        lines.append(Line(f"{what}{name} {text}", small=True))
    return lines


def hint_lines(snapshot: Snapshot, group: Group) -> list[str]:
    """Return lines on what stands in a folded box, and how to open it."""
    count = len(group.members)
    lines = [f"{group.name}: {formula_in(snapshot, group)}", several(count, "operation")]
    if size := _size(snapshot, group):
        lines[-1] += f", {several(size, 'parameter')}"
    return [*lines, f"open it with expand={group.name!r}"]


# Frames ------------------------------------------------------------------------------------------------------


def clusters_of(snapshot: Snapshot, grouping: Grouping) -> list[Cluster]:
    """Return the frames of layers and, where every value is shown, of neurons."""
    frames: dict[tuple[str, ...], list[int]] = {}
    for k, group in enumerate(grouping.groups):
        for length in range(1, min(len(group.place), 2 if grouping.depth == 3 else 1) + 1):
            frames.setdefault(group.place[:length], []).append(k)
    frames = {place: boxes for place, boxes in frames.items() if len(boxes) > 1}
    order = sorted(frames, key=len)
    parents = [order.index(place[:-1]) if place[:-1] in frames else None for place in order]
    return [
        Cluster(_title(snapshot, grouping, place), frames[place], parent)
        for place, parent in zip(order, parents, strict=True)
    ]


def _title(snapshot: Snapshot, grouping: Grouping, place: tuple[str, ...]) -> str:
    group = grouping.typical[place]
    count = [f"{len(group.outputs)} neurons"] if group.is_layer else []
    return "  ".join([place[-1], *count, formula_in(snapshot, group)])


def rows_of(grouping: Grouping, edges: list[Connection]) -> list[list[int]]:
    """Find the neurons that read the same, where they are so many that all edges between two layers are a web."""
    reads: dict[int, list[int]] = {}
    for edge in edges:
        reads.setdefault(edge.result, []).append(edge.operand)
    rows: dict[tuple[Any, ...], list[int]] = {}
    for k, group in enumerate(grouping.groups):
        if group.name and len(group.place) > 1:
            rows.setdefault((group.place[:-1], *reads.get(k, [])), []).append(k)
    return [row for row in rows.values() if len(row) >= _FEWEST]
