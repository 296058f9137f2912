"""Write a program as text, with one instruction per line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .ir.instructions import IR, Instruction


def printed(ir: IR, result_names: Sequence[str]) -> str:
    """Return a program as text: its inputs, instructions, results, and the notes of the passes."""
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
    text += [f"{on_one_line(what)}: {names[i]}" for what, i in zip(result_names, ir.outputs, strict=True)]
    slow = dict.fromkeys(instr.name for instr in ir.instructions if instr.in_python)
    notes = [*ir.notes, *([f"no kernel, so Python runs them: {', '.join(slow)}"] if slow else [])]
    return "\n".join([*text, *(f"# {note}" for note in notes)])


def on_one_line(label: str) -> str:
    return label.replace("\n", " ")


def _names(ir: IR) -> list[str]:
    names, taken = [], set()
    for number, instr in enumerate(ir.instructions):
        name = on_one_line(instr.label) if instr.label else f"%{number}"
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
        operands[2] = f"bias={operands[2]}"
    return f"{instr.name}({', '.join(operands + settings)})"


def _short(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"array{list(x.shape)}"
    text = ", ".join(map(_short, x)) if isinstance(x, tuple) else repr(x)
    return text if len(text) < 40 else text[:37] + "..."
