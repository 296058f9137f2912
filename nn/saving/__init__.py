"""Saving: models, optimisers and notes in files of arrays."""

from .saving import load, notes, restore, save

__all__ = [
    "load", "notes", "restore", "save",
]  # fmt: skip
