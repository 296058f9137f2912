"""Passes over the IR: each rewrites the instructions, keeps the results, and adds a note that says what it did."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ...primitives import TABLE
from ...shapes import expand as expanded
from .instructions import IR, Instruction
from .rules import ABSORBING, NEUTRAL, SELF_INVERSE, TRANSPARENT, is_neutral


def optimize(ir: IR) -> IR:
    """Return the IR after all passes. Each pass prepares work for the next."""
    for each in (expand, simplify, fuse, dead_code):
        ir = each(ir)
    return ir


Rule = Callable[[int, Instruction, list[Instruction]], Instruction | int]
"""Given the number of an instruction, itself with operands among the new ones, and these: what takes its place."""


def _rewritten(ir: IR, rule: Rule, note: Callable[[], str]) -> IR:
    """Replace each instruction by the result of a rule, an instruction or the index of a new one, and add the note.

    The operands of later instructions are updated. The index -1 marks an instruction without uses."""
    new: list[Instruction] = []
    place: list[int] = []
    for number, instr in enumerate(ir.instructions):
        made = rule(number, instr.moved(tuple(place[i] for i in instr.inputs)), new)
        if isinstance(made, Instruction):
            new.append(made)
            made = len(new) - 1
        place.append(made)
    return IR(new, [place[i] for i in ir.inputs], [place[i] for i in ir.outputs],
                   [*ir.notes, note()])  # fmt: skip


def dead_code(ir: IR) -> IR:
    """Remove instructions that no result needs. Inputs stay."""
    needed = set(ir.inputs) | set(ir.outputs)
    for number in range(len(ir.instructions) - 1, -1, -1):
        if number in needed:
            needed.update(ir.instructions[number].inputs)
    gone = len(ir.instructions) - len(needed)
    return _rewritten(ir, lambda number, instr, new: instr if number in needed else -1,
                      lambda: f"dead code: left out {_count(gone)}")  # fmt: skip


def expand(ir: IR) -> IR:
    """Expand what shares instructions with others: a logsumexp, of which its softmax has parts, and the step of what
    has a ReLU, as that of the ReLU: x > 0 exactly where relu(x) > 0, and NaN stays NaN."""
    rectified = {x.inputs[0]: x for x in ir.instructions if _is(x, "relu")}
    found = 0

    def rule(number: int, instr: Instruction, new: list[Instruction]) -> Instruction | int:
        nonlocal found
        before = ir.instructions[number].inputs
        if _is(instr, "step") and before[0] in rectified:
            new.append(rectified[before[0]].moved(instr.inputs))
            return instr.moved((len(new) - 1,))
        if _is(instr, "logsumexp"):
            found += 1
            _write_out(new, instr)
            return len(new) - 1
        return instr

    return _rewritten(ir, rule, lambda: f"expanded: {found} logsumexp")


def _write_out(new: list[Instruction], instr: Instruction) -> None:
    """Write top + log(sum(exp(x - top))), with the instructions that the rule of logsumexp has as well."""
    x, axis = instr.inputs[0], instr.params["axis"]
    shape, reduced = new[x].shape, expanded(new[x].shape, axis)
    keeping = {"axis": axis, "keepdims": True}

    def add(name: str, shape: tuple[int, ...], /, *inputs: int, **params: Any) -> int:
        new.append(Instruction(name, TABLE[name], inputs, params, shape, instr.dtype, False))
        return len(new) - 1

    top = add("anchor", reduced, add("max", reduced, x, **keeping))
    spread = top if reduced == shape else add("broadcast_to", shape, top, shape=shape)
    total = add("sum", reduced, add("exp", shape, add("sub", shape, x, spread)), **keeping)
    out = add("add", reduced, top, add("log", reduced, total))
    if instr.shape != reduced:
        add("reshape", instr.shape, out, shape=instr.shape)
    new[-1].single, new[-1].label = instr.single, instr.label


def simplify(ir: IR) -> IR:
    """Fold constants, apply the local rewrite rules, and merge common subexpressions. Inputs are never merged."""
    first: dict[Any, int] = {}
    computed = left_out = merged = 0

    def rule(number: int, instr: Instruction, new: list[Instruction]) -> Instruction | int:
        nonlocal computed, left_out, merged
        operands = [new[i] for i in instr.inputs]
        if (data := _computed(instr, operands)) is not None:
            instr = _constant(instr, data)
            computed += 1
        elif (same := _unchanged(instr, operands)) is not None:
            left_out += 1
            return same
        elif (known := _absorbed(instr, operands)) is not None:
            instr = _constant(instr, known)
            left_out += 1
        key = _key(instr)
        if key is None or first.setdefault(key, len(new)) == len(new):
            return instr
        merged += 1
        return first[key]

    return _rewritten(
        ir, rule, lambda: f"constant folding: computed {_count(computed)}; local rules: left out {left_out}; "
        f"common subexpressions: merged {_count(merged)}"
    )  # fmt: skip


def _key(instr: Instruction) -> Any:
    """Return a key that is equal for equal computations, or None if the instruction must not be merged."""
    if instr.name == "input":
        return None
    if instr.name == "constant":
        return (instr.single, instr.dtype, instr.shape, instr.data.tobytes()) if instr.data.size <= 16 else None
    try:
        settings = pickle.dumps(sorted(instr.params.items())) if instr.params else b""
    except Exception:  # not every object of a user can be pickled
        return None
    return instr.op, instr.inputs, settings, instr.shape, instr.dtype, instr.single


def _computed(instr: Instruction, operands: list[Instruction]) -> np.ndarray | None:
    """Return the result of `instr` where all operands are constants, and small."""
    if instr.op is None or not operands or any(x.name != "constant" for x in operands):
        return None
    if sum(x.data.size for x in operands) > 4096:
        return None
    data = instr.op.evaluate([float(x.data) if x.single else x.data for x in operands], instr.params)
    return np.array(data, dtype=instr.dtype).reshape(instr.shape)


def _constant(instr: Instruction, data: np.ndarray) -> Instruction:
    return replace(instr, name="constant", op=None, inputs=(), params={}, data=data)


def _is_filled(instr: Instruction, number: float) -> bool:
    """Return whether an instruction is a constant whose elements are all `number`."""
    if instr.name != "constant" or not instr.data.size:
        return False
    numbers = instr.data.reshape(-1)
    return bool(is_neutral(numbers[0], number) and is_neutral(numbers, number).all())  # most differ in the first


def _absorbed(instr: Instruction, operands: list[Instruction]) -> np.ndarray | None:
    """Return the constant result of `instr` if one operand alone determines it."""
    for place, x in enumerate(operands):
        zero, known = ABSORBING.get((instr.name, place), (None, None))
        if zero is not None and instr.op is TABLE.get(instr.name) and _is_filled(x, zero):
            return np.full(instr.shape, known, instr.dtype)
    return None


def _unchanged(instr: Instruction, operands: list[Instruction]) -> int | None:
    """Return the operand that is bitwise equal to the result of `instr`, if there is one."""
    if instr.op is not TABLE.get(instr.name):
        return None
    for i, x in enumerate(operands):
        if instr.name in SELF_INVERSE and _is(x, instr.name):
            return x.inputs[0]
        if x.shape != instr.shape or x.dtype != instr.dtype or x.single != instr.single:
            continue
        neutral = NEUTRAL.get((instr.name, 1 - i))
        chosen = operands[0].data if _is(instr, "where") and operands[0].name == "constant" and i else None
        if (
            instr.name in TRANSPARENT
            or (neutral is not None and _is_filled(operands[1 - i], neutral))
            or (chosen is not None and (chosen != 0 if i == 1 else chosen == 0).all())
        ):
            return instr.inputs[i]
    return None


FUSIONS: list[tuple[str, tuple[int, ...], str, str, dict[str, Any], str]] = [
    ("add", (0, 1), "matmul", "linear", {}, "bias"),
    ("relu", (0,), "linear", "linear", {"relu": True}, "ReLU"),
    ("mul", (1, 0), "step", "times_step", {}, "pair"),
    ("add", (1, 0), "mul", "add_product", {}, "pair"),
    ("sub", (1,), "mul", "sub_product", {}, "pair"),
]
"""An outer operation, which of its operands an inner one makes, their fusion with its settings, and what it is."""


def fuse(ir: IR) -> IR:
    """Compute an operation and the one that makes its operand by one kernel, where nothing else uses that operand: a
    matrix product with its bias and its ReLU, and pairs of operations."""
    uses, found = ir.uses(), Counter[str]()

    def rule(number: int, instr: Instruction, new: list[Instruction]) -> Instruction:
        for outer, places, inner, name, params, what in FUSIONS:
            for place in places if _is(instr, outer) else ():
                x, others = new[instr.inputs[place]], (*instr.inputs[:place], *instr.inputs[place + 1 :])
                if _is(x, inner) and uses[instr.inputs[place]] == 1 and _fits(instr, x, others, new):
                    inputs = (*x.inputs, *others) if name == "linear" else (*others, *x.inputs)
                    instr = replace(instr, name=name, op=None, inputs=inputs, params=params)
                    found[what] += 1
                    break
        return instr

    return _rewritten(
        ir, rule, lambda: f"fusion: {found['bias']} matrix products with their bias, {found['ReLU']} with their "
        f"ReLU; {found['pair']} pairs of operations"
    )  # fmt: skip


def _fits(instr: Instruction, x: Instruction, others: tuple[int, ...], new: list[Instruction]) -> bool:
    """Return whether a fusion can take up `x`, an operand of `instr` beside others: a product needs matrices, and a
    bias for each column."""
    if (x.shape, x.dtype) != (instr.shape, instr.dtype):
        return False
    if x.name != "matmul":
        return not instr.single and not x.params
    if any(len(shape) != 2 for shape in (instr.shape, *(new[i].shape for i in x.inputs))):
        return False
    return new[others[0]].shape in (instr.shape[1:], (1, *instr.shape[1:]))


def _is(instr: Instruction, name: str) -> bool:
    """Return whether an instruction is the table's primitive, or the fusion, of that name: not a user's primitive."""
    return instr.name == name and instr.op is TABLE.get(name)


def _count(n: int) -> str:
    return f"{n} instruction" if n == 1 else f"{n} instructions"
