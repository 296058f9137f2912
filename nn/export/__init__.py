"""Trained nets for other programs: as ONNX, as a state_dict of PyTorch, as plain Python or JavaScript."""

from .javascript import to_javascript
from .onnx import to_onnx
from .pytorch import load_torch, to_torch
from .source import to_python

__all__ = ["load_torch", "to_javascript", "to_onnx", "to_python", "to_torch"]
