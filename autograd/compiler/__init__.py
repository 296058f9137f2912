"""Compiled programs: from the nodes of a graph to instructions, and from these to what the machine runs."""

from .ir.instructions import Instruction, ir_of
from .ir.passes import dead_code, simplify
from .scalars.scalarize import MOVES

__all__ = ["MOVES", "Instruction", "dead_code", "ir_of", "simplify"]
