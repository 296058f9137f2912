"""Training: `fit`, its callbacks, checkpoints and history, and the evaluation of a model."""

from .callbacks import Callback, CSVLog, EarlyStopping, LivePlot, OptunaPruning
from .checkpoint import Checkpoint
from .compiled_runner import EagerFallback
from .evaluation import evaluate
from .fit import fit
from .history import History
from .penalties import L1, L2

__all__ = [
    "Callback", "CSVLog", "EarlyStopping", "LivePlot", "Checkpoint", "EagerFallback", "evaluate", "fit", "History",
    "OptunaPruning", "L1", "L2",
]  # fmt: skip
