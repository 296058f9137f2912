"""The text of nodes and their data in a picture: headings, numbers, summaries of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...display import largest_of, levels
from ...graph import Node, constant
from ..analysis.formula import cut, one_line, settings_of, short
from ..analysis.snapshot import Snapshot, number, plain_data
from .elements import Line


def kind_of(node: Node) -> str:
    """Return whether a node is an operation, a leaf or a constant."""
    return "op" if node.inputs else "constant" if node.op is constant else "leaf"


def labelled(node: Node, text: str) -> str:
    """Return a text after the label of a node, if it has one."""
    label = cut(one_line(node.label), 24)
    return f"{label} = {text}" if label else text


def heading(node: Node) -> list[Line]:
    """Return lines with the name of a node, its operation and its settings."""
    if not node.inputs:
        return [Line(cut(one_line(node.label), 24), bold=node.op is not constant)] if node.label else []
    lines = [Line(labelled(node, one_line(node.op.symbol)), bold=bool(node.label))]
    settings = [f"{name}={value}" for name, value in settings_of(node).items()]
    return lines + ([Line(cut(" ".join(settings), 24), small=True)] if settings else [])


def amounts(what: str, data: Any, brief: bool = False) -> list[Line]:
    """Return lines with a number, with a summary of an array, or with a dash for what is not known."""
    if data is None:
        return [Line(f"{what} -")]
    single = number(data)
    if single is not None:
        shape = np.shape(plain_data(data))
        return [Line(f"{what} {short(single)}".strip())] + (
            [Line(f"{shape} {data.dtype}", small=True)] if shape else []
        )
    if not data.size:
        return [Line(f"{what} {data.shape}")]
    flag = [Line(f"NaN × {int(np.isnan(data).sum())}", small=True, bold=True)] if has_nan(data) else []
    lines = [Line(f"{what} {data.shape}"), Line(f"norm {short(norm_of(data))} {data.dtype}", small=True)]
    if brief:
        return [Line(f"{what} norm {short(norm_of(data))}"), *flag]
    lines.append(Line(f"{short(np.min(data))} … {short(np.max(data))}", small=True))
    share = float(np.mean(data == 0))
    return lines + ([Line(f"zeros {short(100 * share)} %", small=True)] if share else []) + flag


def norm_of(data: np.ndarray) -> float:
    """Return the Euclidean norm of an array."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.sum(np.square(data, dtype=np.float64))))


_MOST_ROWS, _MOST_COLUMNS = 8, 16  # of a heat map


def heat_of(data: Any) -> list[list[int]]:
    """Return the levels of colour of an array; of a large one, those of the first element of each block."""
    if data is None or data.__class__ is float or np.size(data) < 4:
        return []
    plane = data.reshape(-1, data.shape[-1])
    rows, columns = -(-plane.shape[0] // _MOST_ROWS), -(-plane.shape[1] // _MOST_COLUMNS)
    return levels(plane[::rows, ::columns], largest_of(plane)).tolist()


def has_nan(data: Any) -> bool:
    """Return whether there is a NaN in a number or an array."""
    return data is not None and bool(np.isnan(data).any())


def hint(node: Node, grad: Any) -> str:
    """Return a text with all facts about a node and with full numbers."""
    parts = [one_line(node.label) or (node.op.name if node.inputs else "leaf")]
    if node.inputs:
        parts.append(f"made by {node.op.name}")
        parts += [f"{name} = {cut(one_line(str(value)), 60)}" for name, value in node.params.items()]
    if site := node._note("site"):
        parts.append(f"at {site}")
    parts.append(hint_of("data", node._data))
    if node.op is not constant:
        parts.append(hint_of("grad", grad))
    return "\n".join(parts)


def hint_of(what: str, data: Any) -> str:
    """Return a number in full, a summary of an array, or a dash for what is not known."""
    if data is None:
        return f"{what} -"
    single = number(data)
    if single is not None:
        return f"{what} {single!r}"
    return f"{what} {data.dtype} {data.shape}, norm {norm_of(data)!r}"


def name_of(snapshot: Snapshot) -> str:
    """Return the name of the results: their labels or their operations."""
    roots = [snapshot.nodes[i] for i in snapshot.roots]
    return " and ".join(one_line(root.label) or (root.op.name if root.inputs else "a leaf") for root in roots)


def value_text(data: Any) -> str:
    """Return a number, or the shape and norm of an array, as text."""
    single = number(data)
    return short(single) if single is not None else f"an array {data.shape} of norm {short(norm_of(data))}"
