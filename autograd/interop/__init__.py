"""Other libraries' functions and arrays, and nodes: what makes them meet."""

from .jax import from_jax as from_jax
from .torch import from_torch as from_torch

__all__ = ["from_jax", "from_torch"]
