"""Data on its way into a net: arrays, parts to train and to test on, scaling, batches."""

from .arrays import StandardScaler, batches, split
from .tables import TableEncoder

__all__ = [
    "StandardScaler", "TableEncoder", "batches", "split",
]  # fmt: skip
