"""Chalkgrad's nets: of single numbers, to be looked at, and of arrays, to be used; and what it takes to train them."""

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import Any as _Any

import autograd as _autograd

if __name__ == "nn" and not hasattr(_autograd, "_clash"):  # another library, or what uninstalling one has left
    raise ImportError(
        f"`import autograd` finds {_autograd.__file__ or list(_autograd.__path__)}, not Chalkgrad's. Remedy: use the "
        "checkout in an environment of its own; or install it as a wheel, "
        f"`pip install {_Path(__file__).resolve().parents[1]}`, and `import chalkgrad` outside the checkout."
    )

from . import activations as activations
from . import datasets as datasets
from . import demos as demos
from . import exercises as exercises
from . import export as export
from . import init as init
from . import inspect as inspect
from . import losses as losses
from . import metrics as metrics
from . import optim as optim
from . import plots as plots
from . import schedules as schedules
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
from .callbacks import Callback as Callback
from .callbacks import CSVLog as CSVLog
from .callbacks import EarlyStopping as EarlyStopping
from .callbacks import LivePlot as LivePlot
from .checkpoint import Checkpoint as Checkpoint
from .checks import near as _near
from .compiled import EagerFallback as EagerFallback
from .data import StandardScaler as StandardScaler
from .data import batches as batches
from .data import split as split
from .descent import descend as descend
from .descent import newton as newton
from .evaluation import evaluate as evaluate
from .features import Features as Features
from .history import History as History
from .layers import Flatten as Flatten
from .layers import Linear as Linear
from .layers import Maxout as Maxout
from .layers import Residual as Residual
from .layers import Sequential as Sequential
from .mlp import MLP as MLP
from .mlp import Layer as Layer
from .mlp import Neuron as Neuron
from .mlp import TensorMLP as TensorMLP
from .module import Module as Module
from .noise import Dropout as Dropout
from .noise import Noise as Noise
from .optim import SGD as SGD
from .optim import Adagrad as Adagrad
from .optim import Adam as Adam
from .optim import AdamW as AdamW
from .optim import ClipNorm as ClipNorm
from .optim import ClipValue as ClipValue
from .optim import Groups as Groups
from .optim import NAdam as NAdam
from .optim import Optimizer as Optimizer
from .optim import RMSprop as RMSprop
from .pages.playground import linear_classifier_demo as linear_classifier_demo
from .pages.playground import playground as playground
from .penalties import L1 as L1
from .penalties import L2 as L2
from .pruning import OptunaPruning as OptunaPruning
from .quasi_newton import minimize as minimize
from .reading import Reading as Reading
from .saving import load as load
from .saving import notes as notes
from .saving import restore as restore
from .saving import save as save
from .state import buffer as buffer
from .training import fit as fit

__all__ = [
    "Module",
    "Neuron",
    "Layer",
    "MLP",
    "Linear",
    "Maxout",
    "Flatten",
    "Features",
    "Dropout",
    "Noise",
    "Residual",
    "Sequential",
    "TensorMLP",
    "Abs",
    "Activation",
    "ELU",
    "GELU",
    "Identity",
    "LeakyReLU",
    "LogSoftmax",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Sign",
    "Softmax",
    "Softplus",
    "Step",
    "Tanh",
    "Adagrad",
    "Adam",
    "AdamW",
    "ClipNorm",
    "ClipValue",
    "Groups",
    "NAdam",
    "Optimizer",
    "RMSprop",
    "descend",
    "minimize",
    "newton",
    "L1",
    "L2",
    "SGD",
    "StandardScaler",
    "batches",
    "split",
    "EagerFallback",
    "History",
    "fit",
    "load",
    "notes",
    "restore",
    "save",
    "buffer",
    "evaluate",
    "Reading",
    "Callback",
    "CSVLog",
    "Checkpoint",
    "EarlyStopping",
    "LivePlot",
    "OptunaPruning",
    "activations",
    "datasets",
    "demos",
    "exercises",
    "export",
    "init",
    "inspect",
    "losses",
    "metrics",
    "optim",
    "linear_classifier_demo",
    "playground",
    "plots",
    "schedules",
]


def __getattr__(name: str) -> _Any:
    if name == "estimators":  # needs scikit-learn, which takes a second to import: when it is first asked for
        return _import_module(".estimators", __name__)
    rooms = {room: globals()[room].__all__ for room in __all__ if hasattr(globals()[room], "__all__")}
    known = [*__all__, *(f"{room}.{each}" for room, names in rooms.items() for each in names)]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_near(name, known)}")
