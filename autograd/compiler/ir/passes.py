"""Passes: each rewrites the list of instructions, keeps its results, and says in a sentence what it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...primitives import TABLE
from ...shapes import expand as expanded
from .instructions import Instruction, Listing
from .rules import ABSORBING, NEUTRAL, SELF_INVERSE, TRANSPARENT, is_neutral


def optimize(listing: Listing) -> Listing:
    """Run all passes, in the order in which one makes work for the next."""
    for each in (expand, simplify, fuse, dead_code):
        listing = each(listing)
    return listing


Rule = Callable[[int, Instruction, list[Instruction]], Instruction | int]
"""Given the number of a line, the line with operands among the new lines, and these: what takes the line's place."""


def _rewritten(listing: Listing, rule: Rule, note: Callable[[], str]) -> Listing:
    """Let a rule put in the place of each line a line, or the number of a new one; `note` says at the end what it did.

    All uses follow. What has the number -1 is used by nothing."""
    lines: list[Instruction] = []
    place: list[int] = []
    for number, line in enumerate(listing.lines):
        made = rule(number, line.moved(tuple(place[i] for i in line.inputs)), lines)
        if isinstance(made, Instruction):
            lines.append(made)
            made = len(lines) - 1
        place.append(made)
    return Listing(lines, [place[i] for i in listing.inputs], [place[i] for i in listing.outputs],
                   [*listing.notes, note()])  # fmt: skip


def dead_code(listing: Listing) -> Listing:
    """Leave out what no result needs; inputs stay."""
    needed = set(listing.inputs) | set(listing.outputs)
    for number in range(len(listing.lines) - 1, -1, -1):
        if number in needed:
            needed.update(listing.lines[number].inputs)
    gone = len(listing.lines) - len(needed)
    return _rewritten(listing, lambda number, line, lines: line if number in needed else -1,
                      lambda: f"dead code: left out {_count(gone)}")  # fmt: skip


def expand(listing: Listing) -> Listing:
    """Write out what shares lines with others: a logsumexp whose softmax is computed too, by its rule, and the step of
    what has a ReLU, as that of the ReLU: x > 0 exactly where relu(x) > 0, and NaN stays NaN."""
    maxima = {(x.inputs[0], x.params["axis"]) for x in listing.lines if _is(x, "max") and x.params["keepdims"]}
    rectified = {x.inputs[0]: x for x in listing.lines if _is(x, "relu")}
    found = 0

    def rule(number: int, line: Instruction, lines: list[Instruction]) -> Instruction | int:
        nonlocal found
        before = listing.lines[number].inputs
        if _is(line, "step") and before[0] in rectified:
            lines.append(rectified[before[0]].moved(line.inputs))
            return line.moved((len(lines) - 1,))
        if _is(line, "logsumexp") and (before[0], line.params["axis"]) in maxima:
            found += 1
            _write_out(lines, line)
            return len(lines) - 1
        return line

    return _rewritten(listing, rule, lambda: f"expanded: {found} logsumexp whose softmax is needed too")


def _write_out(lines: list[Instruction], line: Instruction) -> None:
    """Write top + log(sum(exp(x - top))), with the lines that the rule of logsumexp has as well."""
    x, axis = line.inputs[0], line.params["axis"]
    shape, reduced = lines[x].shape, expanded(lines[x].shape, axis)
    keeping = {"axis": axis, "keepdims": True}

    def row(name: str, shape: tuple[int, ...], /, *inputs: int, **params: Any) -> int:
        lines.append(Instruction(name, TABLE[name], inputs, params, shape, line.dtype, False))
        return len(lines) - 1

    top = row("anchor", reduced, row("max", reduced, x, **keeping))
    spread = top if reduced == shape else row("broadcast_to", shape, top, shape=shape)
    total = row("sum", reduced, row("exp", shape, row("sub", shape, x, spread)), **keeping)
    out = row("add", reduced, top, row("log", reduced, total))
    if line.shape != reduced:
        row("reshape", line.shape, out, shape=line.shape)
    lines[-1].single, lines[-1].label = line.single, line.label


def simplify(listing: Listing) -> Listing:
    """Compute what depends on constants alone, leave out what the local rules say to be an operand or a constant, and
    compute once what is written twice. Inputs are never merged."""
    first: dict[Any, int] = {}
    computed = left_out = merged = 0

    def rule(number: int, line: Instruction, lines: list[Instruction]) -> Instruction | int:
        nonlocal computed, left_out, merged
        operands = [lines[i] for i in line.inputs]
        if (data := _computed(line, operands)) is not None:
            line = _constant(line, data)
            computed += 1
        elif (same := _unchanged(line, operands)) is not None:
            left_out += 1
            return same
        elif (known := _absorbed(line, operands)) is not None:
            line = _constant(line, known)
            left_out += 1
        key = _key(line)
        if key is None or first.setdefault(key, len(lines)) == len(lines):
            return line
        merged += 1
        return first[key]

    return _rewritten(
        listing, rule, lambda: f"constant folding: computed {_count(computed)}; local rules: left out {left_out}; "
        f"common subexpressions: merged {_count(merged)}"
    )  # fmt: skip


def _key(line: Instruction) -> Any:
    """Return what two lines have in common that compute the same; None if this one is not to be merged."""
    if line.name == "input":
        return None
    if line.name == "constant":
        return (line.single, line.dtype, line.shape, line.data.tobytes()) if line.data.size <= 16 else None
    try:
        settings = tuple(sorted((name, _hashable(x)) for name, x in line.params.items()))
        hash(settings)
    except TypeError:
        return None
    return line.op, line.inputs, settings, line.shape, line.dtype, line.single


def _hashable(x: Any) -> Any:
    if isinstance(x, slice):
        return ("slice", x.start, x.stop, x.step)
    if isinstance(x, np.ndarray):
        return (x.shape, str(x.dtype), x.tobytes())
    return tuple(_hashable(y) for y in x) if isinstance(x, (tuple, list)) else x


def _computed(line: Instruction, operands: list[Instruction]) -> np.ndarray | None:
    """Return the result of `line` where all operands are constants, and small."""
    if line.op is None or not operands or any(x.name != "constant" for x in operands):
        return None
    if sum(x.data.size for x in operands) > 4096:
        return None
    data = line.op.evaluate([float(x.data) if x.single else x.data for x in operands], line.params)
    return np.array(data, dtype=line.dtype).reshape(line.shape)


def _constant(line: Instruction, data: np.ndarray) -> Instruction:
    return replace(line, name="constant", op=None, inputs=(), params={}, data=data)


def _is_filled(line: Instruction, number: float) -> bool:
    """Return whether a line is a constant whose elements are all `number`."""
    if line.name != "constant" or not line.data.size:
        return False
    numbers = line.data.reshape(-1)
    return bool(is_neutral(numbers[0], number) and is_neutral(numbers, number).all())  # most differ in the first


def _absorbed(line: Instruction, operands: list[Instruction]) -> np.ndarray | None:
    """Return what the result of `line` is, whatever its other operand is."""
    for place, x in enumerate(operands):
        zero, known = ABSORBING.get((line.name, place), (None, None))
        if zero is not None and line.op is TABLE.get(line.name) and _is_filled(x, zero):
            return np.full(line.shape, known, line.dtype)
    return None


def _unchanged(line: Instruction, operands: list[Instruction]) -> int | None:
    """Return the line that the result of `line` is equal to, in every bit, if there is one among the operands."""
    if line.op is not TABLE.get(line.name):
        return None
    for i, x in enumerate(operands):
        if line.name in SELF_INVERSE and _is(x, line.name):
            return x.inputs[0]
        if x.shape != line.shape or x.dtype != line.dtype or x.single != line.single:
            continue
        neutral = NEUTRAL.get((line.name, 1 - i))
        chosen = operands[0].data if _is(line, "where") and operands[0].name == "constant" and i else None
        if (
            line.name in TRANSPARENT
            or (neutral is not None and _is_filled(operands[1 - i], neutral))
            or (chosen is not None and (chosen != 0 if i == 1 else chosen == 0).all())
        ):
            return line.inputs[i]
    return None


FUSIONS: list[tuple[str, tuple[int, ...], str, str, dict[str, Any], str]] = [
    ("add", (0, 1), "matmul", "linear", {}, "bias"),
    ("relu", (0,), "linear", "linear", {"relu": True}, "ReLU"),
    ("mul", (1, 0), "step", "times_step", {}, "pair"),
    ("gated", (1,), "step", "gated_step", {}, "pair"),
    ("add", (1, 0), "mul", "add_product", {}, "pair"),
    ("sub", (1,), "mul", "sub_product", {}, "pair"),
    ("times_step", (0,), "matmul", "linear", {"gate": "times_step"}, "step"),
    ("gated_step", (0,), "matmul", "linear", {"gate": "gated_step"}, "step"),
]
"""An outer row, which of its operands an inner row makes, the fusion of both with its settings, and what it is."""


def fuse(listing: Listing) -> Listing:
    """Compute a row and the one that makes its operand by one kernel, where nothing else needs what lies between: a
    matrix product with its bias, its ReLU, or the step of a ReLU behind it, and pairs of rows."""
    uses, found = listing.uses(), Counter[str]()

    def rule(number: int, line: Instruction, lines: list[Instruction]) -> Instruction:
        for outer, places, inner, name, params, what in FUSIONS:
            for place in places if _is(line, outer) else ():
                x, others = lines[line.inputs[place]], (*line.inputs[:place], *line.inputs[place + 1 :])
                if _is(x, inner) and uses[line.inputs[place]] == 1 and _fits(line, x, others, lines):
                    inputs = (*x.inputs, *others) if name == "linear" else (*others, *x.inputs)
                    line = replace(line, name=name, op=None, inputs=inputs, params=params)
                    found[what] += 1
                    break
        return line

    return _rewritten(
        listing, rule, lambda: f"fusion: {found['bias']} matrix products with their bias, {found['ReLU']} with their "
        f"ReLU, {found['step']} with a step; {found['pair']} pairs of rows"
    )  # fmt: skip


def _fits(line: Instruction, x: Instruction, others: tuple[int, ...], lines: list[Instruction]) -> bool:
    """Return whether a fusion can take up `x`, an operand of `line` beside others: a product needs matrices, and a bias
    for each column or a gate for each element."""
    if (x.shape, x.dtype) != (line.shape, line.dtype):
        return False
    if x.name != "matmul":
        return not line.single and not x.params
    if any(len(shape) != 2 for shape in (line.shape, *(lines[i].shape for i in x.inputs))):
        return False
    third, columns = lines[others[0]], line.shape[1]
    if line.name == "add":
        return third.shape in ((columns,), (1, columns))
    return (third.shape, third.dtype) == (line.shape, line.dtype) and columns > 1


def _is(line: Instruction, name: str) -> bool:
    """Return whether a line is a row of the table, or a fusion, of that name, and nobody else's row."""
    return line.name == name and line.op is TABLE.get(name)


def _count(n: int) -> str:
    return f"{n} line" if n == 1 else f"{n} lines"
