"""Trained nets for other programs: as ONNX, as a state_dict of PyTorch, as plain Python or JavaScript."""

from .javascript import to_javascript as to_javascript
from .onnx import to_onnx as to_onnx
from .pytorch import load_torch as load_torch
from .pytorch import to_torch as to_torch
from .source import to_python as to_python

__all__ = ["load_torch", "to_javascript", "to_onnx", "to_python", "to_torch"]
