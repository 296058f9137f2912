"""Passes: each rewrites the list of instructions, keeps its results, and says in a sentence what it did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...primitives import TABLE
from ...shapes import expand
from .instructions import Instruction, Listing
from .rules import ABSORBING, NEUTRAL, SELF_INVERSE, TRANSPARENT, is_neutral


def optimize(listing: Listing) -> Listing:
    """Run all passes, in the order in which one makes work for the next."""
    for each in (expand_logsumexp, constant_folding, cse, fuse, dead_code):
        listing = each(listing)
    return listing


def _substituted(listing: Listing, place: list[int]) -> Listing:
    """Let every use of line `i` be a use of line `place[i]`."""
    lines = [
        line if all(place[i] == i for i in line.inputs) else line.moved(tuple(place[i] for i in line.inputs))
        for line in listing.lines
    ]
    return Listing(lines, listing.inputs, [place[i] for i in listing.outputs], listing.notes)


def dead_code(listing: Listing) -> Listing:
    """Leave out what no result needs; inputs stay."""
    needed = set(listing.inputs) | set(listing.outputs)
    for number in range(len(listing.lines) - 1, -1, -1):
        if number in needed:
            needed.update(listing.lines[number].inputs)
    place: dict[int, int] = {}
    lines: list[Instruction] = []
    for number, line in enumerate(listing.lines):
        if number in needed:
            place[number] = len(lines)
            lines.append(line.moved(tuple(place[i] for i in line.inputs)))
    gone = len(listing.lines) - len(lines)
    note = f"dead code: left out {_count(gone)}"
    return Listing(lines, [place[i] for i in listing.inputs], [place[i] for i in listing.outputs],
                   [*listing.notes, note])  # fmt: skip


def expand_logsumexp(listing: Listing) -> Listing:
    """Write out each logsumexp whose softmax is computed too, by its rule: they share all but the last lines."""
    maxima = {(x.inputs[0], x.params["axis"]) for x in listing.lines if _is(x, "max") and x.params["keepdims"]}
    lines: list[Instruction] = []
    place: list[int] = []
    found = 0
    for line in listing.lines:
        moved = line.moved(tuple(place[i] for i in line.inputs))
        if _is(line, "logsumexp") and (line.inputs[0], line.params["axis"]) in maxima:
            _open(lines, moved)
            found += 1
        else:
            lines.append(moved)
        place.append(len(lines) - 1)
    note = f"expanded: {found} logsumexp whose softmax is needed too"
    return Listing(lines, [place[i] for i in listing.inputs], [place[i] for i in listing.outputs],
                   [*listing.notes, note])  # fmt: skip


def _open(lines: list[Instruction], line: Instruction) -> None:
    """Write top + log(sum(exp(x - top))), with the lines that the rule of logsumexp has as well."""
    x, axis = line.inputs[0], line.params["axis"]
    shape, reduced = lines[x].shape, expand(lines[x].shape, axis)
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


def cse(listing: Listing) -> Listing:
    """Compute once what is written twice: the same row on the same operands. Inputs are never merged."""
    place: list[int] = []
    first: dict[Any, int] = {}
    merged = 0
    for number, line in enumerate(listing.lines):
        key = _key(line, tuple(place[i] for i in line.inputs))
        if key is None or first.setdefault(key, number) == number:
            place.append(number)
        else:
            place.append(first[key])
            merged += 1
    out = _substituted(listing, place)
    out.notes = [*out.notes, f"common subexpressions: merged {_count(merged)}"]
    return out


def _key(line: Instruction, inputs: tuple[int, ...]) -> Any:
    if line.name == "input":
        return None
    if line.name == "constant":
        return (line.single, line.dtype, line.shape, line.data.tobytes()) if line.data.size <= 16 else None
    try:
        settings = tuple(sorted((name, _hashable(x)) for name, x in line.params.items()))
        hash(settings)
    except TypeError:
        return None
    return line.op, inputs, settings, line.shape, line.dtype, line.single


def _hashable(x: Any) -> Any:
    if isinstance(x, slice):
        return ("slice", x.start, x.stop, x.step)
    if isinstance(x, np.ndarray):
        return (x.shape, str(x.dtype), x.tobytes())
    return tuple(_hashable(y) for y in x) if isinstance(x, (tuple, list)) else x


def constant_folding(listing: Listing) -> Listing:
    """Compute what depends on constants alone, and leave out what the local rules say to be an operand."""
    lines = list(listing.lines)
    place = list(range(len(lines)))
    computed = left_out = 0
    for number, line in enumerate(lines):
        inputs = tuple(place[i] for i in line.inputs)
        if line.op is None:
            continue
        operands = [lines[i] for i in inputs]
        line = lines[number] = line.moved(inputs)
        if operands and all(x.name == "constant" for x in operands) and sum(x.data.size for x in operands) <= 4096:
            assert line.op is not None
            data = line.op.evaluate([float(x.data) if x.single else x.data for x in operands], line.params)
            lines[number] = _constant(line, np.array(data, dtype=line.dtype).reshape(line.shape))
            computed += 1
        elif (same := _unchanged(line, inputs, lines)) is not None:
            place[number] = same
            left_out += 1
        elif (known := _absorbed(line, operands)) is not None:
            lines[number] = _constant(line, np.full(line.shape, known, line.dtype))
            left_out += 1
    out = Listing(lines, listing.inputs, [place[i] for i in listing.outputs], listing.notes)
    out = _substituted(out, place)
    out.notes = [*out.notes, f"constant folding: computed {_count(computed)}; local rules: left out {left_out}"]
    return out


def _constant(line: Instruction, data: np.ndarray) -> Instruction:
    return replace(line, name="constant", op=None, inputs=(), params={}, data=data)


def _is_filled(line: Instruction, number: float) -> bool:
    """Return whether a line is a constant whose elements are all `number`."""
    if line.name != "constant" or not line.data.size:
        return False
    numbers = line.data.reshape(-1)
    return bool(is_neutral(numbers[0], number) and is_neutral(numbers, number).all())  # most differ in the first


def _absorbed(line: Instruction, operands: list[Instruction]) -> float | None:
    """Return the number that the result of `line` is, whatever its other operand is."""
    for place, x in enumerate(operands):
        zero, known = ABSORBING.get((line.name, place), (None, None))
        if zero is not None and line.op is TABLE.get(line.name) and _is_filled(x, zero):
            return known
    return None


def _unchanged(line: Instruction, inputs: tuple[int, ...], lines: list[Instruction]) -> int | None:
    """Return the line that the result of `line` is equal to, in every bit, if there is one among the operands."""
    if line.op is not TABLE.get(line.name):
        return None
    for i, number in enumerate(inputs):
        x, other = lines[number], lines[inputs[1 - i]] if len(inputs) == 2 else None
        if line.name in SELF_INVERSE and _is(x, line.name):
            return x.inputs[0]
        if x.shape != line.shape or x.dtype != line.dtype or x.single != line.single:
            continue
        if line.name in TRANSPARENT:
            return number
        neutral = NEUTRAL.get((line.name, 1 - i))
        if neutral is not None and other is not None and _is_filled(other, neutral):
            return number
        if _is(line, "where") and lines[inputs[0]].name == "constant" and i:
            chosen = lines[inputs[0]].data != 0
            if chosen.all() if i == 1 else not chosen.any():
                return number
    return None


def fuse(listing: Listing) -> Listing:
    """Join a matrix product with the bias that is added and the ReLU behind; take a step of what ReLU gave."""
    lines = list(listing.lines)
    place = list(range(len(lines)))
    rectified = {line.inputs[0]: number for number, line in enumerate(lines) if _is(line, "relu")}
    for number, line in enumerate(lines):
        if _is(line, "step") and line.inputs[0] in rectified:  # x > 0 exactly where relu(x) > 0; NaN stays NaN
            lines[number] = line.moved((rectified[line.inputs[0]],))
    lines, place = _in_order(lines)
    out = Listing(lines, [place[i] for i in listing.inputs], [place[i] for i in listing.outputs], listing.notes)
    biases = _with_bias(out)
    rectifiers = _with_relu(out)
    pairs = sum(_pair(out, *names) for names in PAIRS)
    gates = _with_gate(out)
    note = (
        f"fusion: {biases} matrix products with their bias, {rectifiers} with their ReLU, {gates} with a step; "
        f"{pairs} pairs of rows"
    )
    out.notes = [*out.notes, note]
    return out


def _in_order(lines: list[Instruction]) -> tuple[list[Instruction], list[int]]:
    """Sort lines so that each comes after its operands, and otherwise as they were."""
    place = [-1] * len(lines)
    sorted_lines: list[Instruction] = []
    for root in range(len(lines)):
        stack = [root]
        while stack:
            number = stack[-1]
            missing = [i for i in lines[number].inputs if place[i] < 0]
            if missing and place[number] < 0:
                stack.extend(reversed(missing))
                continue
            stack.pop()
            if place[number] < 0:
                place[number] = len(sorted_lines)
                line = lines[number]
                sorted_lines.append(line.moved(tuple(place[i] for i in line.inputs)))
    return sorted_lines, place


def _is(line: Instruction, name: str) -> bool:
    return line.name == name and line.op is TABLE[name]


def _with_bias(listing: Listing) -> int:
    """Turn `a @ b + bias` into one line `linear`, where the product has no other use."""
    uses, lines, found = listing.uses(), listing.lines, 0
    for number, line in enumerate(lines):
        if not _is(line, "add"):
            continue
        for i, j in ((0, 1), (1, 0)):
            product, bias = lines[line.inputs[i]], lines[line.inputs[j]]
            if (
                _is(product, "matmul")
                and uses[line.inputs[i]] == 1
                and len(line.shape) == 2
                and product.shape == line.shape
                and product.dtype == line.dtype
                and len(lines[product.inputs[0]].shape) == len(lines[product.inputs[1]].shape) == 2
                and bias.shape in ((line.shape[1],), (1, line.shape[1]))
                and line.inputs[i] != line.inputs[j]
            ):
                lines[number] = replace(line, name="linear", op=None, inputs=(*product.inputs, line.inputs[j]))
                found += 1
                break
    return found


def _with_relu(listing: Listing) -> int:
    """Let `linear` apply the ReLU behind it, where nothing else needs what comes before."""
    uses, lines, found = listing.uses(), listing.lines, 0
    for number, line in enumerate(lines):
        if _is(line, "relu"):
            before = lines[line.inputs[0]]
            if before.name == "linear" and not before.params and uses[line.inputs[0]] == 1:
                lines[number] = replace(line, name="linear", op=None, inputs=before.inputs, params={"relu": True})
                found += 1
    return found


def _with_gate(listing: Listing) -> int:
    """Let a matrix product apply the step of a ReLU behind it: what the layer before gets back."""
    uses, lines, found = listing.uses(), listing.lines, 0
    for number, line in enumerate(lines):
        if line.name not in GATES or line.op is not None:
            continue
        product, opening = (lines[i] for i in line.inputs)
        if (
            _is(product, "matmul")
            and uses[line.inputs[0]] == 1
            and len(line.shape) == 2
            and line.shape[1] > 1
            and product.shape == opening.shape == line.shape
            and product.dtype == opening.dtype == line.dtype
            and len(lines[product.inputs[0]].shape) == len(lines[product.inputs[1]].shape) == 2
        ):
            inputs = (*product.inputs, line.inputs[1])
            lines[number] = replace(line, name="linear", op=None, inputs=inputs, params={"gate": line.name})
            found += 1
    return found


GATES = ("times_step", "gated_step")
"""The fusions that a matrix product can apply to its result."""

PAIRS = [
    ("mul", 1, "step", "times_step"),
    ("gated", 1, "step", "gated_step"),
    ("add", 1, "mul", "add_product"),
    ("sub", 1, "mul", "sub_product"),
]
"""An outer row, which of its operands the inner row makes, and the kernel of both."""


def _pair(listing: Listing, outer: str, place: int, inner: str, name: str) -> int:
    """Compute a row and the one that makes its operand in one loop, where nothing else needs what lies between."""
    uses, lines, found = listing.uses(), listing.lines, 0
    for number, line in enumerate(lines):
        if not _is(line, outer):
            continue
        orders = [line.inputs, line.inputs[::-1]] if outer in ("add", "mul") else [line.inputs]
        for inputs in orders:
            between = lines[inputs[place]]
            if (
                _is(between, inner)
                and uses[inputs[place]] == 1
                and between.shape == line.shape
                and between.dtype == line.dtype
                and not line.single
            ):
                lines[number] = replace(line, name=name, op=None, inputs=(inputs[0], *between.inputs))
                found += 1
                break
    return found


def _count(n: int) -> str:
    return f"{n} line" if n == 1 else f"{n} lines"
