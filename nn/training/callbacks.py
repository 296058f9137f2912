"""Callbacks: what else happens while `nn.fit` trains. The names are those of Keras.

Write a subclass of `Callback` with the methods that you need. `fit` looks at which you have written: it stops for
every batch or every epoch only where someone asks for it.
"""

from __future__ import annotations

import csv
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from autograd import files

from ..arguments import count, one_of, optional, within
from ..module import Module
from ..optim.update_rules import Optimizer
from .history import History

Logs = dict[str, float]


@dataclass
class Training:
    """What a callback may look at and change: `self.training`.

    Attributes:
        model, optimizer: those of this training.
        history: what has happened so far; it has a list for each number of an epoch from the start.
        epochs: how many epochs there are to be.
        epoch: how many are done.
        steps: how many steps of the optimiser are done.
        state: gives all that training can be resumed from, for a checkpoint.
    """

    model: Module
    optimizer: Optimizer
    history: History
    epochs: int
    epoch: int = 0
    steps: int = 0
    state: Callable[[], dict[str, Any]] = dict
    _unwatched: ClassVar = frozenset({"state"})  # it leads to the stream of batches, which no step reads

    def stop(self, reason: str) -> None:
        """End the training when this epoch or batch is over; `history.stopped` will say why."""
        self.history.stopped = str(reason) or "stopped"


class Callback:
    """What callbacks share: they do nothing.

    Attributes:
        training: the `Training` that runs: its model, optimiser, history, and `stop(reason)`.
        last: whether it has its turn after those that are not, for it looks at what they have done.

    >>> from chalkgrad.nn import Linear, fit
    >>> class Tell(Callback):
    ...     def on_epoch_end(self, epoch, logs):
    ...         print(epoch, sorted(logs))
    >>> history = fit(Linear(1, 1, rng=0), [[1.0], [2.0]], [1.0, 2.0], epochs=2, callbacks=[Tell()])
    0 ['loss']
    1 ['loss']
    """

    training: Training
    last = False

    @property
    def model(self) -> Module:
        """The model that is trained."""
        return self.training.model

    def on_train_begin(self, logs: Logs) -> None:
        """Called before anything is changed; an error here ends the call with nothing done."""

    def on_train_end(self, logs: Logs) -> None:
        """Called at the end, also after Ctrl-C; `logs` are the numbers of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Called before each epoch; the first one is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Called after each epoch with its numbers: "loss", and where they are asked for "val_loss" and metrics.

        "loss" is the mean of the epoch's batches, weighted by their rows, each taken before its step. All others are
        taken now, after the last step.
        """

    def on_batch_begin(self, batch: int, logs: Logs) -> None:
        """Called before each batch; the first one of an epoch is 0."""

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """Called after each batch with its "loss"."""

    def epochs_ahead(self) -> int:
        """Return how many epochs may be taken before this callback is told of them, one by one."""
        return 1

    def state_dict(self) -> dict[str, Any]:
        """Return what has to be kept to go on later: numbers, texts, arrays, lists and dicts."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""


class _Function(Callback):
    """Your own function, called after each epoch."""

    def __init__(self, function: Callable[[int, Logs], Any]) -> None:
        self.function = function

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.function(epoch, logs)


def callbacks_of(callbacks: Any) -> list[Callback]:
    """Take a callback or several; a function `f(epoch, logs)` is called after each epoch."""
    given = callbacks if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    for callback in given:
        if isinstance(callback, type) or not (isinstance(callback, Callback) or callable(callback)):
            hint = f": write {callback.__name__}(...)" if isinstance(callback, type) else ""
            raise TypeError(
                "`callbacks` are Callbacks, such as EarlyStopping(), or functions of epoch and logs, "
                f"not {callback!r:.60}{hint}"
            )
    calls = [callback if isinstance(callback, Callback) else _Function(callback) for callback in given]
    return sorted(calls, key=lambda callback: callback.last)


def overrides(callbacks: list[Callback], *names: str) -> bool:
    """Return whether one of the callbacks has written one of these methods."""
    return any(getattr(type(callback), name) is not getattr(Callback, name) for callback in callbacks for name in names)


def needs_number(callback: Callback, name: str) -> None:
    """Check that the training has the number that a callback waits for."""
    if name not in callback.training.history:
        known = ", ".join(map(repr, callback.training.history))
        remedy = " Give `validation`." if name.startswith("val_") else ""
        raise ValueError(f"{type(callback).__name__} waits for {name!r}; this training has {known}.{remedy}")


class Monitor(Callback):
    """What callbacks that wait for a number to become better share.

    Args:
        monitor: the name of the number, such as "val_loss" or "val_accuracy".
        mode: "min" or "max", what is better; may be left out for losses, errors, accuracy and R2.
        min_delta: by how much it must be better to count.
    """

    def __init__(self, monitor: str = "val_loss", *, mode: str | None = None, min_delta: float = 0.0) -> None:
        if not isinstance(monitor, str):
            raise TypeError(f"`monitor` is the name of a number, such as 'val_loss', not {monitor!r:.60}")
        self.monitor, self.min_delta = monitor, within(min_delta, "min_delta")
        name = monitor.removeprefix("val_")
        known = {"accuracy": "max", "r2": "max", "loss": "min", "mae": "min", "mse": "min"}
        self.mode = known.get(name) if mode is None else mode
        if self.mode is None:
            raise ValueError(f"`mode` must say whether a better {monitor!r} is 'min' or 'max'")
        one_of(self.mode, ("min", "max"), "mode")
        self._start()

    def _start(self) -> None:
        self.best = math.inf if self.mode == "min" else -math.inf
        self.best_epoch = -1

    def on_train_begin(self, logs: Logs) -> None:
        """Begin anew, if there is such a number."""
        needs_number(self, self.monitor)
        self._start()

    def improves(self, epoch: int, logs: Logs) -> bool:
        """Return whether the number is better than the best one before, and note it then."""
        value = logs[self.monitor]
        ahead = self.best - value if self.mode == "min" else value - self.best
        if not ahead > self.min_delta:  # nor where it is NaN
            return False
        self.best, self.best_epoch = value, epoch
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return the best number, its epoch, and what is a better one."""
        settings = {"monitor": self.monitor, "mode": self.mode, "min_delta": self.min_delta}
        return {"best": self.best, "best_epoch": self.best_epoch, **settings}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        self.best, self.best_epoch = float(state["best"]), count(state["best_epoch"], "best_epoch", -1)


class EarlyStopping(Monitor):
    """End the training when a number has not become better for some epochs, and go back to the best parameters.

    The best parameters are those that had the best number: as they were at the end of that epoch, and for "loss", which
    is taken before each step, at its start.

    Args:
        monitor, mode, min_delta: as for `Monitor`.
        patience: how many epochs to wait for a better one.
        restore_best: whether the model ends with the parameters of the best epoch, also if all epochs were done
            or Ctrl-C was pressed.

    Attributes:
        best, best_epoch: the best number, and its epoch, from 0.

    Raises:
        ValueError, TypeError: an argument is not as above; or, from `nn.fit`, the training has no such number.

    Source: Prechelt (1998), Early Stopping - But When?; Goodfellow, Bengio and Courville (2016), section 7.8.

    >>> from chalkgrad.nn import Adam, TensorMLP, datasets, fit
    >>> stopping = EarlyStopping(patience=3)
    >>> history = fit(TensorMLP(2, [8, 1], rng=0), *datasets.checkerboard(50, rng=0), "bce_with_logits",
    ...               optimizer=Adam(lr=0.1), validation=0.3, epochs=1000, callbacks=[stopping], rng=0)
    >>> len(history["loss"]) == stopping.best_epoch + 1 + 3, history.stopped
    (True, "no better 'val_loss' for 3 epochs")
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        patience: int = 10,
        mode: str | None = None,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        self.patience, self.restore_best = count(patience, "patience"), restore_best

    def _start(self) -> None:
        super()._start()
        self.parameters: dict[str, Any] | None = None
        self._at_start: dict[str, Any] | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Keep the parameters that have the loss of this epoch."""
        if self.restore_best and self.monitor == "loss":
            self._at_start = self.model.state_dict()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Keep the parameters if they are the best, or stop if it has been long enough."""
        if self.improves(epoch, logs):
            self.parameters = (self._at_start or self.model.state_dict()) if self.restore_best else None
        elif epoch - self.best_epoch >= self.patience:
            self.training.stop(f"no better {self.monitor!r} for {self.patience} epochs")

    def epochs_ahead(self) -> int:
        """Return how many epochs are over at the earliest when it may end the training; it looks at the loss alone."""
        if type(self) is not EarlyStopping or self.restore_best:
            return 1
        return max(1, self.best_epoch + self.patience - self.training.epoch + 1)

    def on_train_end(self, logs: Logs) -> None:
        """Go back to the best parameters."""
        if self.parameters is not None:
            own = self.model.state_dict()  # arrays that `forward` collects may have changed their number since
            self.model.load_state_dict(own | {name: x for name, x in self.parameters.items() if name in own})

    def state_dict(self) -> dict[str, Any]:
        """Return the best number, its epoch, its parameters, and the settings."""
        return {**super().state_dict(), "patience": self.patience, "parameters": self.parameters}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        super().load_state_dict(state)
        parameters = state["parameters"]
        if parameters is not None:
            parameters = dict(self.model.named_buffers()) | parameters
            if wrong := self.model.misfits(parameters):
                raise ValueError("; ".join(wrong))
        self.parameters = parameters


class OptunaPruning(Callback):
    """Report a number to a trial of Optuna after each epoch, and end the training if the trial is to be pruned.

    Args:
        trial: the `optuna.Trial` that your objective is given.
        monitor: the name of the number, such as "loss", "val_loss" or "val_accuracy"; the direction is the study's.

    Raises:
        optuna.TrialPruned: from `nn.fit`, where Optuna waits for it.
        TypeError: `trial` is no trial.

    Source: Akiba et al. (2019), Optuna; the median rule is that of Golovin et al. (2017), Google Vizier.

    >>> import optuna
    >>> from chalkgrad.nn import Adam, TensorMLP, datasets, fit
    >>> def objective(trial):
    ...     model = TensorMLP(2, [trial.suggest_int("width", 2, 16), 1], rng=0)
    ...     adam = Adam(lr=trial.suggest_float("lr", 1e-4, 1e-1, log=True))
    ...     history = fit(model, *datasets.xor(), optimizer=adam, epochs=5, callbacks=[OptunaPruning(trial, "loss")])
    ...     return history["loss"][-1]
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=2))
    >>> study.optimize(objective, n_trials=4)
    """

    def __init__(self, trial: Any, monitor: str = "val_loss") -> None:
        if not hasattr(trial, "report") or not hasattr(trial, "should_prune"):
            raise TypeError(f"`trial` is the optuna.Trial that your objective is given, not {trial!r:.60}")
        self.trial, self.monitor = trial, monitor

    def on_train_begin(self, logs: Logs) -> None:
        """Find out whether there is such a number."""
        needs_number(self, self.monitor)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Report the number; ask whether to go on."""
        self.trial.report(logs[self.monitor], epoch)
        if self.trial.should_prune():
            from optuna import TrialPruned

            raise TrialPruned(f"pruned after epoch {epoch} with {self.monitor} {logs[self.monitor]:.4g}")


class CSVLog(Callback):
    """Write the numbers of each epoch to a CSV file, a row as soon as the epoch is over.

    A resumed training goes on with the rows before.

    Args:
        path: of the file; one that is there is replaced.

    Raises:
        TypeError: `path` is no name of a file.
        OSError: from `nn.fit`, where the file cannot be written.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from chalkgrad.nn import Linear, fit
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     history = fit(Linear(1, 1, rng=0), [[1.0]], [2.0], epochs=2, callbacks=[CSVLog(f"{folder}/log.csv")])
    ...     Path(f"{folder}/log.csv").read_text().split()[0]
    'epoch,loss'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"`path` is the name of a file, not {path!r:.60}")
        self.path = Path(path)

    def on_train_begin(self, logs: Logs) -> None:
        """Find out whether the file can be written."""
        files.place(self.path)
        self._written = 0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Add a row; before the first one the names, and the rows of what is resumed."""
        history = self.training.history
        with self.path.open("a" if self._written else "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if not self._written:
                rows.writerow(["epoch", *history])
            rows.writerows([i, *(row[i] for row in history.values())] for i in range(self._written, epoch + 1))
        self._written = epoch + 1


class LivePlot(Callback):
    """Draw the learning curve while it grows: in a notebook, or in a window of matplotlib where it can open one.

    Args:
        seconds: how long to wait at least before it is drawn again.

    Raises:
        ImportError: from `nn.fit`, where matplotlib is missing.

    >>> from chalkgrad.nn import Linear, fit
    >>> plot = LivePlot()
    >>> history = fit(Linear(1, 1, rng=0), [[1.0], [2.0]], [1.0, 2.0], epochs=2, callbacks=[plot])
    >>> [line.get_label() for line in plot.ax.lines]
    ['loss']
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds

    def on_train_begin(self, logs: Logs) -> None:
        """Make the axes."""
        self._pyplot = optional("matplotlib.pyplot", "LivePlot")
        self.figure, self.ax = self._pyplot.subplots(figsize=(5.5, 4), layout="constrained")
        self._drawn, self._shown = -math.inf, None
        if "ipykernel" in sys.modules:  # in a notebook
            from IPython.display import display

            self._shown = display(self.figure, display_id=True)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Draw, if it is time."""
        if time.monotonic() - self._drawn >= self.seconds:
            self._draw()

    def on_train_end(self, logs: Logs) -> None:
        """Draw the last state; in a notebook it stays."""
        if self.training.history.last():
            self._draw()
        if self._shown is not None:
            self._pyplot.close(self.figure)  # or the notebook would show it once more

    def _draw(self) -> None:
        self.ax.clear()
        self.training.history.plot(self.ax)
        self._drawn = time.monotonic()
        if self._shown is not None:
            self._shown.update(self.figure)
        elif self.figure.canvas.required_interactive_framework:
            self._pyplot.pause(0.001)
