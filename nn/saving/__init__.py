"""Saving: models, optimisers and notes in files of arrays."""

from .saving import load as load
from .saving import notes as notes
from .saving import restore as restore
from .saving import save as save

__all__ = [
    "load", "notes", "restore", "save",
]  # fmt: skip
