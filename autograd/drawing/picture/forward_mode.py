"""Forward mode as a picture: the derivative of every value with respect to one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...forward import pushforward
from ...graph import Node, constant
from ..analysis.formula import cut, one_line
from ..analysis.groups import Grouping
from ..analysis.snapshot import Snapshot, is_bare, number, ones
from .builder import PictureBuilder, sum_text
from .elements import Line, Picture
from .group_text import data_of, grads_of
from .node_text import amounts, name_of, value_text


def tangents_of(snapshot: Snapshot, wrt: Node) -> dict[int, Any]:
    """Return the derivative of every node with respect to a single number, by forward mode, from the table's rules.

    Raises:
        ValueError: `wrt` is not in the graph, is no single number, or is a constant.
    """
    if wrt not in snapshot.place:
        raise ValueError(f"`wrt` is {wrt!r:.60}, which the node that is drawn does not depend on")
    if np.size(wrt._data) != 1:
        raise ValueError(
            f"`wrt` has shape {np.shape(wrt._data)}; the derivative of every value needs a single number: take a "
            "Value, or draw backward, which gives the derivative of one number by all elements"
        )
    if wrt.op is constant:
        raise ValueError(f"`wrt` is {wrt!r:.60}, a constant: nothing changes with it")
    found = pushforward([snapshot.nodes[i] for i in snapshot.roots], {wrt: ones(wrt._data)}, graph=False)
    return {snapshot.place[node]: tangent for node, tangent in found.items() if node in snapshot.place}


def tangent_picture(snapshot: Snapshot, wrt: Node, grouping: Grouping | None = None) -> Picture:
    r"""Show forward mode: $\dot v = \sum_i \partial v/\partial x_i\,\dot x_i$, from `wrt` with 1 up to the result."""
    tangents = tangents_of(snapshot, wrt)
    view = PictureBuilder(snapshot, grouping)
    steps = view.numbered(sorted(tangents.keys() - {snapshot.place[wrt]}))
    name = cut(one_line(wrt.label), 8) or "x"
    has_sums = False
    arriving: dict[int, list[Any]] = {}
    for connection, partial, flows in view.partials():
        operand = view.grouping.groups[connection.operand]
        source = None if operand.beside else grads_of(operand, tangents.get)
        single = None if source is None else number(source)
        if not flows or source is None:
            view.join(connection, flows=False)
        elif partial is None or single is None:
            view.join(connection)
        else:
            arriving.setdefault(connection.result, []).append(partial * single)
            view.join_product(connection, partial, single, partial * single)
    for k, group in view.groups:
        node, data, tangent = snapshot.nodes[group.output], data_of(snapshot, group), grads_of(group, tangents.get)
        lines = view.heading(k) + amounts("" if is_bare(node) else "data", data, brief=view.is_brief)
        if tangent is not None:
            lines += amounts(f"∂/∂{name}", tangent, brief=True)
            if len(arriving.get(k, [])) > 1 and not view.is_brief:
                has_sums = True
                lines.append(Line(sum_text(arriving[k]), small=True))
        elif node.op is not constant:
            lines.append(Line(f"∂/∂{name} 0"))
        box = view.add(k, lines, tangent, None, steps.get(k))
        box.hint = f"{box.hint.removesuffix('grad -').rstrip()}\n∂/∂{name} {0.0 if tangent is None else tangent!r}"
    view.finish_edges()
    view.remark(f"∂/∂{name}: the derivative of the value with respect to {name}")
    view.remark("on an edge: local derivative × derivative of the operand", view.has_texts)
    view.remark("= a + b: several operands add up", has_sums)
    view.remark("small number: the order of execution", steps)
    view.remark("fill: the derivative, blue positive, orange negative", view.has_colours)
    values = " and ".join(value_text(tangents.get(i, 0.0)) for i in snapshot.roots)
    sentence = f"Forward mode: the derivative of {name_of(snapshot)} with respect to {name} is {values}, "
    return view.picture("Forward mode", sentence + "found together with that of every value on the way.")
