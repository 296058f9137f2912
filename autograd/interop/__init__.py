"""Functions and arrays of other libraries as functions of nodes and operands."""

from .jax import from_jax as from_jax
from .torch import from_torch as from_torch

__all__ = ["from_jax", "from_torch"]
