"""A program as data: a list of instructions, each an operation of the table, in an order in which it can run.

Made of the nodes of a graph. An instruction names its operands by their numbers in the list, so a program can be
printed, rewritten by passes, and laid out for the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...graph import Node, stop_gradient, topological
from ...primitive import Primitive

FLOAT64 = np.dtype(np.float64)


@dataclass(slots=True, eq=False)
class Instruction:
    """One instruction of a program.

    Attributes:
        name: of the primitive, or of a fusion (`linear`), or "input", "constant".
        op: the primitive; None for inputs, constants and fusions.
        inputs: the numbers of the operands.
        params: the settings of the operation.
        shape, dtype: of the result; a Value is a float64 of shape ().
        single: whether the result is that of a Value, and not an array.
        label: of the node.
        data: of a constant.
        in_python: whether Python evaluates it, since there is no kernel.
        parts: into how many parts its largest call is split, for several threads.
    """

    name: str
    op: Primitive | None
    inputs: tuple[int, ...]
    params: dict[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype
    single: bool
    label: str = ""
    data: Any = None
    in_python: bool = False
    parts: int = 1

    def moved(self, inputs: tuple[int, ...]) -> Instruction:
        """Return the same instruction with operands of other numbers."""
        return Instruction(
            self.name, self.op, inputs, self.params, self.shape, self.dtype, self.single, self.label, self.data
        )


@dataclass(slots=True)
class IR:
    """A list of instructions with its inputs and outputs, and what the passes say they did.

    Attributes:
        instructions: the instructions, each after its operands.
        inputs: for each node that is read at every run, its instruction.
        outputs: the instructions of the results.
        notes: a sentence for each pass.
    """

    instructions: list[Instruction]
    inputs: list[int]
    outputs: list[int]
    notes: list[str] = field(default_factory=list)

    def uses(self) -> list[int]:
        """Count how often each instruction is used, as an operand or a result."""
        count = [0] * len(self.instructions)
        for instr in self.instructions:
            for i in instr.inputs:
                count[i] += 1
        for i in self.outputs:
            count[i] += 1
        return count


def ir_of(outputs: Sequence[Node], inputs: Sequence[Node]) -> IR:
    """List what computes `outputs` from `inputs`; all other leaves are constants."""
    order, leaves = topological(*outputs)
    places: dict[Node, int] = {}
    instructions: list[Instruction] = []
    for node in inputs:
        places[node] = len(instructions)
        instructions.append(_instruction(node, "input", None, (), {}))
    for node in leaves:
        if node not in places:
            places[node] = len(instructions)
            instructions.append(_instruction(node, "constant", None, (), {}, np.array(node._data)))
    for node in reversed(order):
        if node.op is stop_gradient:
            places[node] = places[node.inputs[0]]
        elif node not in places:  # an input may be the result of something outside of the program
            operands = tuple(places[x] for x in node.inputs)
            places[node] = len(instructions)
            instructions.append(_instruction(node, node.op.name, node.op, operands, node.params))
    return IR(instructions, [places[x] for x in inputs], [places[x] for x in outputs])


def _instruction(
    node: Node, name: str, op: Any, inputs: tuple[int, ...], params: dict[str, Any], data: Any = None
) -> Instruction:
    single = node._data.__class__ is float
    dtype = FLOAT64 if single else node._data.dtype
    if dtype.kind != "f":  # booleans and whole numbers, such as the mask of dropout, beside floats of any width
        dtype = np.dtype(np.float32) if dtype.kind == "b" else FLOAT64
    return Instruction(name, op, inputs, params, tuple(node.shape), dtype, single, node._note("label"), data)
