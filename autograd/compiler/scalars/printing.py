"""Write a program of single numbers as text: its nodes, or for a large program its calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.instructions import FLOAT64, IR, Instruction
from ..printing import on_one_line, printed
from .dataflow import Dataflow
from .structure_of_arrays import CONSTANT, LEAF

LISTED = 200
"""Nodes of a program above which its calls are listed, and not its nodes."""


def call_text(kernel: tuple[str, str, str], operands: dict[str, Any]) -> str:
    """Return a call with its sizes, by the names of its operands, and how it reads."""
    sizes = [f"{name}={x}" for name, x in operands.items() if isinstance(x, (int, np.integer)) and "_" not in name]
    how = ["bias"] * ("bias" in operands) + ["gathered"] * (kernel[2] == "at")
    return f"{kernel[0]}({', '.join(sizes + how)})"


def printed_calls(leaves: int, calls: Sequence[Any], notes: Sequence[str]) -> str:
    """Return a large program of single numbers as text, with a line for each call."""
    size = len(str(len(calls)))
    text = [f"{leaves} leaves", *(f"{i:>{size}}  {call_text(*call)}" for i, call in enumerate(calls, 1))]
    return "\n".join([*text, *(f"# {note}" for note in notes)])


def printed_flow(flow: Dataflow, results: Sequence[str]) -> str:
    """Return a program of single numbers as text, with a line for each node."""
    instructions, names = list[Instruction](), dict[int, str]()
    for i, (code, number) in enumerate(zip(flow.code.tolist(), flow.origin.tolist(), strict=True)):
        name = {CONSTANT: "constant", LEAF: "input"}.get(code) or flow.codes.names[code]
        label = flow.labels.get(number, "")
        if number in flow.gradients:
            label = f"∂{names.get(number - flow.gradients.start, f'%{i}')}"
        names[number] = f"{label}%{i}" if not label or label in names.values() else on_one_line(label)
        operands = tuple(flow.operands[flow.start[i] : flow.start[i + 1]].tolist())
        data = flow.data[i : i + 1] if code == CONSTANT else None
        instructions.append(Instruction(name, None, operands, {}, (), FLOAT64, True, names[number], data))
    return printed(IR(instructions, [], flow.outputs.tolist(), flow.notes), results)
