"""Compiled programs: the nodes of a graph become instructions (IR), and the instructions become calls of kernels."""

from .ir.instructions import Instruction, ir_of
from .ir.passes import dead_code, simplify
from .scalars.scalarize import MOVES

__all__ = ["MOVES", "Instruction", "dead_code", "ir_of", "simplify"]
