"""The program as text: one instruction a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .ir.instructions import FLOAT64, IR, Instruction
from .scalars.dataflow import Dataflow
from .scalars.structure_of_arrays import CONSTANT, LEAF

LISTED = 200
"""Nodes of a program of single numbers above which its calls are listed, and not its nodes."""


def printed(ir: IR, result_names: Sequence[str]) -> str:
    """List a program: its inputs, its instructions, its results, and what the passes did."""
    names = _names(ir)
    rows = []
    for instr, name in zip(ir.instructions, names, strict=True):
        kind = ("" if instr.single else f"  {instr.dtype}{list(instr.shape)}") + "  # in Python" * instr.in_python
        kind += f"  # in {instr.parts} parts" * (instr.parts > 1)
        if instr.name == "constant" and instr.data.size == 1:
            continue
        rows.append((name, f"= {_formula(instr, names)}", kind))
    left, middle = (max((len(row[i]) for row in rows), default=0) for i in (0, 1))
    text = [f"{a:<{left}} {b:<{middle}}{c}".rstrip() for a, b, c in rows]
    text += _results(result_names, [names[i] for i in ir.outputs])
    slow = dict.fromkeys(instr.name for instr in ir.instructions if instr.in_python)
    notes = [*ir.notes, *([f"no kernel, so Python runs them: {', '.join(slow)}"] if slow else [])]
    return "\n".join([*text, *(f"# {note}" for note in notes)])


def _results(words: Sequence[str], names: Sequence[str]) -> list[str]:
    return [f"{_on_one_line(what)}: {name}" for what, name in zip(words, names, strict=True)]


def _on_one_line(label: str) -> str:
    return label.replace("\n", " ")


def _names(ir: IR) -> list[str]:
    names, taken = [], set()
    for number, instr in enumerate(ir.instructions):
        name = _on_one_line(instr.label) if instr.label else f"%{number}"
        if instr.name == "constant" and instr.data.size == 1:
            name = f"{float(instr.data.reshape(-1)[0]):g}"
        elif name in taken:
            name = f"{name}%{number}"
        taken.add(name)
        names.append(name)
    return names


def _formula(instr: Instruction, names: list[str]) -> str:
    if instr.name in ("input", "constant"):
        return instr.name
    operands = [names[i] for i in instr.inputs]
    if instr.name == "plain_sums":
        return " + ".join(operands)
    if instr.name == "sums":
        return " + ".join(a if b == "1" else f"{a}*{b}" for a, b in zip(operands[::2], operands[1::2], strict=True))
    if instr.name == "add_product":
        return f"{operands[0]} + {operands[1]}*{operands[2]}"
    settings = [f"{key}={_short(x)}" for key, x in instr.params.items() if x is not None and x is not False]
    if instr.name == "linear":  # as the kernel of matrix products calls its operands
        operands[2], settings = f"{instr.params.get('gate', 'bias')}={operands[2]}", settings * ("relu" in instr.params)
    return f"{instr.name}({', '.join(operands + settings)})"


def _short(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"array{list(x.shape)}"
    text = ", ".join(map(_short, x)) if isinstance(x, tuple) else repr(x)
    return text if len(text) < 40 else text[:37] + "..."


def call_text(kernel: tuple[str, str, str], operands: dict[str, Any]) -> str:
    """Return a call with its sizes, by the names of its operands, and how it reads."""
    sizes = [f"{name}={x}" for name, x in operands.items() if isinstance(x, (int, np.integer)) and "_" not in name]
    how = ["bias"] * ("bias" in operands) + ["gathered"] * (kernel[2] == "at")
    return f"{kernel[0]}({', '.join(sizes + how)})"


def printed_calls(leaves: int, calls: Sequence[Any], notes: Sequence[str]) -> str:
    """List a large program of single numbers by its calls."""
    size = len(str(len(calls)))
    text = [f"{leaves} leaves", *(f"{i:>{size}}  {call_text(*call)}" for i, call in enumerate(calls, 1))]
    return "\n".join([*text, *(f"# {note}" for note in notes)])


def printed_flow(flow: Dataflow, results: Sequence[str]) -> str:
    """List a program of single numbers by its nodes."""
    instructions, names = list[Instruction](), dict[int, str]()
    for i, (code, number) in enumerate(zip(flow.code.tolist(), flow.origin.tolist(), strict=True)):
        name = {CONSTANT: "constant", LEAF: "input"}.get(code) or flow.codes.names[code]
        label = flow.labels.get(number, "")
        if number in flow.gradients:
            label = f"∂{names.get(number - flow.gradients.start, f'%{i}')}"
        names[number] = f"{label}%{i}" if not label or label in names.values() else _on_one_line(label)
        operands = tuple(flow.operands[flow.start[i] : flow.start[i + 1]].tolist())
        data = flow.data[i : i + 1] if code == CONSTANT else None
        instructions.append(Instruction(name, None, operands, {}, (), FLOAT64, True, names[number], data))
    return printed(IR(instructions, [], flow.outputs.tolist(), flow.notes), results)
