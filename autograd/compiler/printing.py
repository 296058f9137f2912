"""The program as text: one instruction a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .ir.instructions import FLOAT64, Instruction, Listing
from .scalars.dataflow import Flow
from .scalars.structure_of_arrays import CONSTANT, LEAF

LISTED = 200
"""Nodes of a program of single numbers above which its calls are listed, and not its nodes."""


def printed(listing: Listing, result_names: Sequence[str]) -> str:
    """List a program: its inputs, its instructions, its results, and what the passes did."""
    names = _names(listing)
    rows = []
    for line, name in zip(listing.lines, names, strict=True):
        kind = ("" if line.single else f"  {line.dtype}{list(line.shape)}") + "  # in Python" * line.in_python
        kind += f"  # in {line.parts} parts" * (line.parts > 1)
        if line.name == "constant" and line.data.size == 1:
            continue
        rows.append((name, f"= {_formula(line, names)}", kind))
    left, middle = (max((len(row[i]) for row in rows), default=0) for i in (0, 1))
    text = [f"{a:<{left}} {b:<{middle}}{c}".rstrip() for a, b, c in rows]
    text += _results(result_names, [names[i] for i in listing.outputs])
    slow = dict.fromkeys(line.name for line in listing.lines if line.in_python)
    notes = [*listing.notes, *([f"no kernel, so Python runs them: {', '.join(slow)}"] if slow else [])]
    return "\n".join([*text, *(f"# {note}" for note in notes)])


def _results(words: Sequence[str], names: Sequence[str]) -> list[str]:
    return [f"{_on_one_line(what)}: {name}" for what, name in zip(words, names, strict=True)]


def _on_one_line(label: str) -> str:
    return label.replace("\n", " ")


def _names(listing: Listing) -> list[str]:
    names, taken = [], set()
    for number, line in enumerate(listing.lines):
        name = _on_one_line(line.label) if line.label else f"%{number}"
        if line.name == "constant" and line.data.size == 1:
            name = f"{float(line.data.reshape(-1)[0]):g}"
        elif name in taken:
            name = f"{name}%{number}"
        taken.add(name)
        names.append(name)
    return names


def _formula(line: Instruction, names: list[str]) -> str:
    if line.name in ("input", "constant"):
        return line.name
    operands = [names[i] for i in line.inputs]
    if line.name == "plain_sums":
        return " + ".join(operands)
    if line.name == "sums":
        return " + ".join(a if b == "1" else f"{a}*{b}" for a, b in zip(operands[::2], operands[1::2], strict=True))
    if line.name == "add_product":
        return f"{operands[0]} + {operands[1]}*{operands[2]}"
    settings = [f"{key}={_short(x)}" for key, x in line.params.items() if x is not None and x is not False]
    if line.name == "linear":  # as the kernel of matrix products calls its operands
        operands[2], settings = f"{line.params.get('gate', 'bias')}={operands[2]}", settings * ("relu" in line.params)
    return f"{line.name}({', '.join(operands + settings)})"


def _short(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"array{list(x.shape)}"
    text = ", ".join(map(_short, x)) if isinstance(x, tuple) else repr(x)
    return text if len(text) < 40 else text[:37] + "..."


def printed_groups(leaves: int, groups: Sequence[Any], notes: Sequence[str]) -> str:
    """List a large program of single numbers by its calls."""
    size = len(str(len(groups)))
    text = [f"{leaves} leaves", *(f"{i:>{size}}  {group.text}" for i, group in enumerate(groups, 1))]
    return "\n".join([*text, *(f"# {note}" for note in notes)])


def printed_flow(flow: Flow, results: Sequence[str]) -> str:
    """List a program of single numbers by its nodes."""
    lines, names = list[Instruction](), dict[int, str]()
    for i, (code, number) in enumerate(zip(flow.code.tolist(), flow.origin.tolist(), strict=True)):
        name = {CONSTANT: "constant", LEAF: "input"}.get(code) or flow.rows.names[code]
        label = flow.labels.get(number, "")
        if number in flow.gradients:
            label = f"∂{names.get(number - flow.gradients.start, f'%{i}')}"
        names[number] = f"{label}%{i}" if not label or label in names.values() else _on_one_line(label)
        operands = tuple(flow.operands[flow.start[i] : flow.start[i + 1]].tolist())
        data = flow.data[i : i + 1] if code == CONSTANT else None
        lines.append(Instruction(name, None, operands, {}, (), FLOAT64, True, names[number], data))
    return printed(Listing(lines, [], flow.outputs.tolist(), flow.notes), results)
