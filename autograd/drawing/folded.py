"""What is said of parts: of a sum of products, a neuron, a layer, and of a node with the numbers of its formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Node, fixed
from .formula import cut, formula_of, one_line, short
from .parts import Joint, Part, Plan
from .picture import Cluster, Line
from .reading import Reading, number
from .words import heading, is_bare

__all__ = ["clusters_of", "data_of", "formula_in", "gathered", "grads_of", "heading_of", "held_lines",
           "hint_lines", "rows_of"]  # fmt: skip

_LONGEST = 26  # of a formula in a box
_SHORT = 16  # for a heading
_FEWEST = 3  # neurons in a row
_MOST_WEIGHTS = 3  # of a neuron, one by one


def data_of(reading: Reading, part: Part) -> Any:
    """Give the number or array that a part's box shows; of a layer, an array of its results."""
    return gathered([reading.nodes[i]._data for i in part.outputs])


def grads_of(part: Part, grads: Any) -> Any:
    """Give the gradient of a part's result, by a table of those of nodes; None if there is none."""
    found = [grads(i) for i in part.outputs]
    return None if any(g is None for g in found) else gathered(found)


def gathered(data: list[Any]) -> Any:
    """Give the only one of some numbers or arrays, or an array of all."""
    if len(data) == 1:
        return data[0]
    singles = [number(x) for x in data]
    return np.array(singles) if None not in singles else np.concatenate([np.ravel(x) for x in data])


# Headings ----------------------------------------------------------------------------------------------------


def heading_of(reading: Reading, part: Part, is_inside: bool) -> list[Line]:
    """Say what a part is; `is_inside` if a frame around it says the first half of its name."""
    node = reading.nodes[part.output]
    if len(part.members) == 1 and not part.name:
        if not part.holds:
            return heading(node)
        return _labelled_lines(node, formula_in(reading, part))
    if part.is_layer:
        count = f"{len(part.outputs)} neurons, {_size(reading, part)} parameters"
        return [Line(part.name, bold=True), Line(count, small=True), Line(formula_in(reading, part), small=True)]
    formula = formula_in(reading, part)
    if part.place:
        name = part.name.removeprefix(part.place[0]).strip() if is_inside else part.name
        lines = [Line(_labelled(node, name or part.name), bold=True)]
        return lines if is_inside and len(part.place) > 1 else [*lines, Line(formula, small=True)]
    return _labelled_lines(node, formula)


def _labelled_lines(node: Node, formula: str) -> list[Line]:
    """Write a name and a formula on one line if they are short."""
    label = cut(one_line(node.label), 24)
    if len(label) + len(formula) <= _SHORT or not label:
        return [Line(_labelled(node, formula), bold=bool(label), small=len(formula) > _SHORT)]
    return [Line(label, bold=True), Line(f"= {formula}", small=True)]


def _labelled(node: Node, text: str) -> str:
    label = cut(one_line(node.label), 24)
    return f"{label} = {text}" if label else text


def formula_in(reading: Reading, part: Part) -> str:
    """Write what a part computes, in short: `tanh(b + w·x)`."""
    nodes, held = reading.nodes, set(part.holds)
    if part.is_layer:
        return f"{nodes[part.outputs[-1]].op.symbol}(w·x + b)" if part.activation else "w·x + b"
    parameters = [i for i in part.holds if nodes[i].op is not fixed]
    if len(part.members) > _LONGEST:
        return _in_general(reading, part, parameters)
    inside = set(part.members)
    outside = dict.fromkeys(x for i in part.members for x in reading.operands[i] if x not in inside)
    inputs = [i for i in outside if i not in held]
    names = {nodes[i]: _short_name(nodes[i]) for i in parameters}
    letters = iter("xyzuvw" if len(inputs) <= 6 else ())
    for i in inputs:
        label = one_line(nodes[i].label)
        names[nodes[i]] = label if 0 < len(label) <= 8 else next(letters, "x")
    written = formula_of([nodes[i] for i in part.members], names)
    if "…" not in written and len(written) <= _LONGEST and not (parameters and len(parameters) > 3):
        return written
    return _in_general(reading, part, parameters)


def _short_name(node: Node) -> str:
    """Call a parameter by the last word of its label: `weight`; a number in a list, by its name alone: `w`."""
    words = [word for word in one_line(node.label).replace("[", ".").split(".") if word and not word[0].isdigit()]
    return cut(words[-1].rstrip("0123456789]") or "w", 8) if words else "w"


def _in_general(reading: Reading, part: Part, parameters: list[int]) -> str:
    nodes = reading.nodes
    linear = part.members[:-1] if part.activation else part.members
    products = [i for i in linear if nodes[i].op.name in ("mul", "matmul")]
    sums = set(linear).difference(products)
    terms = [x for i in sums for x in reading.operands[i] if x not in sums]
    count = len([x for x in terms if not is_bare(nodes[x]) or nodes[x]._data])  # Python's `sum` starts from a 0
    core = f"sum of {count:,} {'products' if products else 'terms'}"
    if parameters and products:
        factors = {x for i in products for x in reading.operands[i]}
        has_bias = any(i not in factors for i in parameters)
        core = "w·x + b" if has_bias else "w·x"
    return f"{nodes[part.output].op.symbol}({core})" if part.activation else core


def _size(reading: Reading, part: Part) -> int:
    return sum(int(np.size(reading.nodes[i]._data)) for i in part.holds if reading.nodes[i].op is not fixed)


# Further lines -----------------------------------------------------------------------------------------------


def held_lines(reading: Reading, part: Part, what: str, numbers: Any) -> list[Line]:
    """Say numbers of the parameters that stand in a box: of each, or of all together."""
    held: dict[str, list[Any]] = {}
    for i in part.holds:
        if reading.nodes[i].op is not fixed and (x := numbers(i)) is not None:
            held.setdefault(_short_name(reading.nodes[i]), []).append(x)
    lines = []
    for name, found in held.items():
        singles = [number(x) for x in found]
        if None not in singles and len(singles) <= _MOST_WEIGHTS:
            told = ", ".join(short(x or 0.0, 2) for x in singles)
        else:
            flat = np.concatenate([np.ravel(x) for x in found])
            told = f"norm {short(float(np.linalg.norm(flat)))}"
        lines.append(Line(f"{what}{name} {told}", small=True))
    return lines


def hint_lines(reading: Reading, part: Part) -> list[str]:
    """Say what stands in a folded box, and how to open it."""
    count = len(part.members)
    lines = [f"{part.name or 'a node'}: {formula_in(reading, part)}", f"{count} operation{'s' if count > 1 else ''}"]
    if size := _size(reading, part):
        lines[-1] += f", {size} parameter{'s' if size > 1 else ''}"
    return lines + ([f"open it with expand={part.name!r}"] if part.name else [])


# Frames ------------------------------------------------------------------------------------------------------


def clusters_of(reading: Reading, plan: Plan) -> list[Cluster]:
    """Give the frames of layers and, where every value is shown, of neurons."""
    frames: dict[tuple[str, ...], list[int]] = {}
    for k, part in enumerate(plan.parts):
        for length in range(1, min(len(part.place), 2 if plan.depth == 3 else 1) + 1):
            frames.setdefault(part.place[:length], []).append(k)
    frames = {place: boxes for place, boxes in frames.items() if len(boxes) > 1}
    order = sorted(frames, key=len)
    parents = [order.index(place[:-1]) if place[:-1] in frames else None for place in order]
    return [
        Cluster(_title(reading, plan, place), frames[place], parent)
        for place, parent in zip(order, parents, strict=True)
    ]


def _title(reading: Reading, plan: Plan, place: tuple[str, ...]) -> str:
    part = plan.typical[place]
    count = [f"{len(part.outputs)} neurons"] if part.is_layer else []
    return "  ".join([place[-1], *count, formula_in(reading, part)])


def rows_of(plan: Plan, edges: list[Joint]) -> list[list[int]]:
    """Find the neurons that read the same, where they are so many that all edges between two layers are a web."""
    reads: dict[int, list[int]] = {}
    for edge in edges:
        reads.setdefault(edge.result, []).append(edge.operand)
    rows: dict[tuple, list[int]] = {}
    for k, part in enumerate(plan.parts):
        if part.name and len(part.place) > 1:
            rows.setdefault((part.place[:-1], *reads.get(k, [])), []).append(k)
    return [row for row in rows.values() if len(row) >= _FEWEST]
