"""Data on its way into a net: arrays, parts to train and to test on, scaling, batches."""

from .arrays import StandardScaler, batches, split

__all__ = [
    "StandardScaler", "batches", "split",
]  # fmt: skip
