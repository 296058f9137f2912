"""Layers: of Tensors, of Values, activations, random layers and features."""

from .activations import (
    ELU, GELU, Abs, Activation, Identity, LeakyReLU, LogSoftmax, PReLU, ReLU, Sigmoid, Sign, SiLU, Softmax, Softplus,
    Step, Tanh,
)
from .features import Features
from .layers import Flatten, Linear, Maxout, Residual, Sequential
from .neurons import Layer, Neuron
from .noise import Dropout, Noise

__all__ = [
    "ELU", "GELU", "Abs", "Activation", "Identity", "LeakyReLU", "LogSoftmax", "PReLU", "ReLU", "Sigmoid", "Sign",
    "SiLU", "Softmax", "Softplus", "Step", "Tanh", "Features", "Flatten", "Linear", "Maxout", "Residual",
    "Sequential", "Layer", "Neuron", "Dropout", "Noise",
]  # fmt: skip
