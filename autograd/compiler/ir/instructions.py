"""The IR (intermediate representation) of a program: a list of instructions in an order in which they can run.

The nodes of a graph become instructions. An instruction refers to its operands by their indices in the list. So a
program can be printed, rewritten by passes, and compiled to calls of kernels.
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
        name: the name of the primitive or of a fused operation (`linear`), or "input", or "constant".
        op: the primitive, or None for inputs, constants and fused operations.
        inputs: the indices of the operands.
        params: the settings of the operation.
        shape, dtype: the shape and dtype of the result. A Value is a float64 of shape ().
        single: whether the result belongs to a Value and not to a Tensor.
        label: the label of the node.
        data: the data of a constant.
        in_python: whether Python evaluates the operation, because it has no kernel.
        parts: the number of parts of its largest call, for several threads.
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
        """Return the same instruction with other operand indices."""
        return Instruction(
            self.name, self.op, inputs, self.params, self.shape, self.dtype, self.single, self.label, self.data
        )


@dataclass(slots=True)
class IR:
    """A list of instructions with its inputs and outputs, and a note from each pass.

    Attributes:
        instructions: the instructions, each after its operands.
        inputs: the indices of the instructions whose data are set before every run.
        outputs: the indices of the instructions of the results.
        notes: a sentence for each pass.
    """

    instructions: list[Instruction]
    inputs: list[int]
    outputs: list[int]
    notes: list[str] = field(default_factory=list)

    def uses(self) -> list[int]:
        """Return the number of uses of each instruction, as an operand or a result."""
        count = [0] * len(self.instructions)
        for instr in self.instructions:
            for i in instr.inputs:
                count[i] += 1
        for i in self.outputs:
            count[i] += 1
        return count


def ir_of(outputs: Sequence[Node], inputs: Sequence[Node]) -> IR:
    """Return the instructions that compute `outputs` from `inputs`. All other leaves are constants."""
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
