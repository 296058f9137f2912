"""The program as text: one instruction a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .instructions import Instruction, Listing

__all__ = ["printed"]


def printed(listing: Listing, result_names: Sequence[str]) -> str:
    """List a program: its inputs, its instructions, its results, and what the passes did."""
    names = _names(listing)
    rows = []
    for line, name in zip(listing.lines, names, strict=True):
        kind = "" if line.single else f"  {line.dtype}{list(line.shape)}"
        if line.name == "constant" and line.data.size == 1:
            continue
        rows.append((name, f"= {_formula(line, names)}", kind))
    left, middle = (max((len(row[i]) for row in rows), default=0) for i in (0, 1))
    text = [f"{a:<{left}} {b:<{middle}}{c}".rstrip() for a, b, c in rows]
    text += [f"{what}: {names[i]}" for what, i in zip(result_names, listing.outputs, strict=True)]
    return "\n".join([*text, *(f"# {note}" for note in listing.notes)])


def _names(listing: Listing) -> list[str]:
    names, taken = [], set()
    for number, line in enumerate(listing.lines):
        name = line.label.replace("\n", " ") if line.label else f"%{number}"
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
    settings = [f"{key}={_short(x)}" for key, x in line.params.items() if x is not None and x is not False]
    return f"{line.name}({', '.join(operands + settings)})"


def _short(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"array{list(x.shape)}"
    text = ", ".join(map(_short, x)) if isinstance(x, tuple) else repr(x)
    return text if len(text) < 40 else text[:37] + "..."
