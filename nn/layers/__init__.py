"""Layers: of Tensors, of Values, activations, random layers and features."""

from .activations import ELU as ELU
from .activations import GELU as GELU
from .activations import Abs as Abs
from .activations import Activation as Activation
from .activations import Identity as Identity
from .activations import LeakyReLU as LeakyReLU
from .activations import LogSoftmax as LogSoftmax
from .activations import PReLU as PReLU
from .activations import ReLU as ReLU
from .activations import Sigmoid as Sigmoid
from .activations import Sign as Sign
from .activations import SiLU as SiLU
from .activations import Softmax as Softmax
from .activations import Softplus as Softplus
from .activations import Step as Step
from .activations import Tanh as Tanh
from .features import Features as Features
from .layers import Flatten as Flatten
from .layers import Linear as Linear
from .layers import Maxout as Maxout
from .layers import Residual as Residual
from .layers import Sequential as Sequential
from .neurons import Layer as Layer
from .neurons import Neuron as Neuron
from .noise import Dropout as Dropout
from .noise import Noise as Noise

__all__ = [
    "ELU", "GELU", "Abs", "Activation", "Identity", "LeakyReLU", "LogSoftmax", "PReLU", "ReLU", "Sigmoid", "Sign",
    "SiLU", "Softmax", "Softplus", "Step", "Tanh", "Features", "Flatten", "Linear", "Maxout", "Residual",
    "Sequential", "Layer", "Neuron", "Dropout", "Noise",
]  # fmt: skip
