"""Data on its way into a net: arrays, parts to train and to test on, scaling, batches."""

from .arrays import StandardScaler as StandardScaler
from .arrays import batches as batches
from .arrays import split as split

__all__ = [
    "StandardScaler", "batches", "split",
]  # fmt: skip
