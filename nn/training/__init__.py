"""Training: `fit`, its callbacks, checkpoints and history, and the evaluation of a model."""

from .callbacks import Callback as Callback
from .callbacks import CSVLog as CSVLog
from .callbacks import EarlyStopping as EarlyStopping
from .callbacks import LivePlot as LivePlot
from .checkpoint import Checkpoint as Checkpoint
from .compiled_runner import EagerFallback as EagerFallback
from .evaluation import evaluate as evaluate
from .fit import fit as fit
from .history import History as History
from .optuna_callback import OptunaPruning as OptunaPruning
from .penalties import L1 as L1
from .penalties import L2 as L2

__all__ = [
    "Callback", "CSVLog", "EarlyStopping", "LivePlot", "Checkpoint", "EagerFallback", "evaluate", "fit", "History",
    "OptunaPruning", "L1", "L2",
]  # fmt: skip
