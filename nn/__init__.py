"""Neural networks of scalars, for study, and of arrays, for use; with losses, optimisers, training and plots."""

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

from . import datasets, demos, export, init, inspect, losses, metrics, optim, plots
from . import layers as _layers
from .arguments import near as _near
from .data import StandardScaler, TableEncoder, batches, split
from .demos.playground import linear_classifier_demo, playground
from .layers import *  # noqa: F403
from .layers import activations
from .losses import OutputDecoder
from .mlp import MLP, TensorMLP
from .module import Module
from .optim import *  # noqa: F403
from .optim import schedules
from .saving import load, notes, restore, save
from .state import buffer
from .training import (
    L1, L2, Callback, Checkpoint, CSVLog, EagerFallback, EarlyStopping, History, LivePlot, OptunaPruning, evaluate, fit,
)

__all__ = [
    "activations", "batches", "buffer", "Callback", "Checkpoint", "CSVLog", "datasets", "demos", "EagerFallback",
    "EarlyStopping", "evaluate", "export", "fit", "History", "init", "inspect", "L1", "L2", "linear_classifier_demo",
    "LivePlot", "load", "losses", "metrics", "MLP", "Module", "notes", "optim", "OptunaPruning", "OutputDecoder",
    "playground", "plots", "restore", "save", "schedules", "split", "StandardScaler", "TableEncoder", "TensorMLP",
]  # fmt: skip
__all__ += _layers.__all__
__all__ += optim.__all__

for _module in (activations, schedules):  # public by these names: `from chalkgrad.nn.schedules import Cosine`
    _sys.modules[f"{__name__}.{_module.__name__.rpartition('.')[2]}"] = _module


def __dir__() -> list[str]:
    return sorted([*__all__, "estimators"])


def __getattr__(name: str) -> _Any:
    if name == "estimators":  # needs scikit-learn, which takes a second to import: when it is first asked for
        return _import_module(".estimators", __name__)
    rooms = {room: globals()[room].__all__ for room in __all__ if hasattr(globals()[room], "__all__")}
    known = [*__all__, *(f"{room}.{each}" for room, names in rooms.items() for each in names)]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{_near(name, known)}")
