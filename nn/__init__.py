"""Chalkgrad's nets: of single numbers, to be looked at, and of arrays, to be used; and what it takes to train them."""

import sys as _sys
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

from . import datasets as datasets
from . import demos as demos
from . import export as export
from . import init as init
from . import inspect as inspect
from . import losses as losses
from . import metrics as metrics
from . import optim as optim
from . import plots as plots
from .arguments import near as _near
from .data import StandardScaler as StandardScaler
from .data import batches as batches
from .data import split as split
from .demos import linear_classifier_demo as linear_classifier_demo
from .demos import playground as playground
from .layers import ELU as ELU
from .layers import GELU as GELU
from .layers import Abs as Abs
from .layers import Activation as Activation
from .layers import Dropout as Dropout
from .layers import Features as Features
from .layers import Flatten as Flatten
from .layers import Identity as Identity
from .layers import Layer as Layer
from .layers import LeakyReLU as LeakyReLU
from .layers import Linear as Linear
from .layers import LogSoftmax as LogSoftmax
from .layers import Maxout as Maxout
from .layers import Neuron as Neuron
from .layers import Noise as Noise
from .layers import PReLU as PReLU
from .layers import ReLU as ReLU
from .layers import Residual as Residual
from .layers import Sequential as Sequential
from .layers import Sigmoid as Sigmoid
from .layers import Sign as Sign
from .layers import SiLU as SiLU
from .layers import Softmax as Softmax
from .layers import Softplus as Softplus
from .layers import Step as Step
from .layers import Tanh as Tanh
from .layers import activations as activations
from .losses import Reading as Reading
from .mlp import MLP as MLP
from .mlp import TensorMLP as TensorMLP
from .module import Module as Module
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
from .optim import descend as descend
from .optim import minimize as minimize
from .optim import newton as newton
from .optim import schedules as schedules
from .saving import load as load
from .saving import notes as notes
from .saving import restore as restore
from .saving import save as save
from .state import buffer as buffer
from .training import L1 as L1
from .training import L2 as L2
from .training import Callback as Callback
from .training import Checkpoint as Checkpoint
from .training import CSVLog as CSVLog
from .training import EagerFallback as EagerFallback
from .training import EarlyStopping as EarlyStopping
from .training import History as History
from .training import LivePlot as LivePlot
from .training import OptunaPruning as OptunaPruning
from .training import evaluate as evaluate
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


_FORMER = {
    "layers": ("activations", "features", "neurons", "noise"),
    "losses": ("criterion", "targets"),
    "optim": ("clipping", "optimizer", "schedules"),
    "training": ("callbacks", "checkpoint", "history", "penalties"),
}
"""Files that lay in `nn` itself before: programs and pickles still find them there, as `nn.schedules`."""

for _room, _names in _FORMER.items():
    for _name in _names:
        _sys.modules[f"{__name__}.{_name}"] = _import_module(f".{_room}.{_name}", __name__)
_sys.modules[f"{__name__}.reading"] = _import_module(".losses.output_decoder", __name__)


def __getattr__(name: str) -> _Any:
    if name == "estimators":  # needs scikit-learn, which takes a second to import: when it is first asked for
        return _import_module(".estimators", __name__)
    rooms = {room: globals()[room].__all__ for room in __all__ if hasattr(globals()[room], "__all__")}
    known = [*__all__, *(f"{room}.{each}" for room, names in rooms.items() for each in names)]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_near(name, known)}")
