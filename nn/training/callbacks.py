"""Callbacks: objects whose methods `nn.fit` calls during training. The methods have the names of Keras.

Write a subclass of `Callback` with the methods that you need. `fit` returns to Python after each batch or each epoch
only if a callback defines a method for it.
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
    """The state of a training, which a callback reads and changes as `self.training`.

    Attributes:
        model, optimizer: the model that is trained, and its optimiser.
        history: the `History` so far, with one list for each number that is measured per epoch.
        epochs: the planned number of epochs.
        epoch: the number of finished epochs.
        steps: the number of finished optimiser steps.
        state: a function that returns everything a checkpoint needs to resume this training.
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
        """End the training after the current epoch or batch, and store `reason` in `history.stopped`."""
        self.history.stopped = str(reason) or "stopped"


class Callback:
    """The base class of callbacks. Its methods do nothing; a subclass overrides those that it needs.

    Attributes:
        training: the `Training` that runs: its model, optimiser, history, and `stop(reason)`.
        last: whether `fit` calls this callback after all callbacks whose `last` is False. Set it to True for a
            callback that reads what the others have changed, such as a checkpoint.

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
        """Called before training changes anything. An exception here leaves model and optimiser unchanged."""

    def on_train_end(self, logs: Logs) -> None:
        """Called at the end, also after Ctrl-C, with the numbers of the last epoch as `logs`."""

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Called before each epoch; the first one is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Called after each epoch with its numbers: "loss", and, if requested, "val_loss" and the metrics.

        "loss" is the mean over the batches of the epoch, weighted by their numbers of rows. The loss of a batch is
        computed before its step. All other numbers are computed after the last step of the epoch.
        """

    def on_batch_begin(self, batch: int, logs: Logs) -> None:
        """Called before each batch; the first one of an epoch is 0."""

    def on_batch_end(self, batch: int, logs: Logs) -> None:
        """Called after each batch with its "loss"."""

    def epochs_ahead(self) -> int:
        """Return how many epochs `fit` may run before it calls `on_epoch_end` for each of them."""
        return 1

    def state_dict(self) -> dict[str, Any]:
        """Return the state that a resumed training needs: numbers, strings, arrays, lists and dicts."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""


class _Function(Callback):
    """Your own function, called after each epoch."""

    def __init__(self, function: Callable[[int, Logs], Any]) -> None:
        self.function = function

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        self.function(epoch, logs)


def callbacks_of(callbacks: Any) -> list[Callback]:
    """Return the given callback or callbacks as a list. A function `f(epoch, logs)` is called after each epoch."""
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
    """Return whether one of the callbacks overrides one of these methods."""
    return any(getattr(type(callback), name) is not getattr(Callback, name) for callback in callbacks for name in names)


def needs_number(callback: Callback, name: str) -> None:
    """Check that the training measures the number that a callback monitors."""
    if name not in callback.training.history:
        known = ", ".join(map(repr, callback.training.history))
        remedy = " Give `validation`." if name.startswith("val_") else ""
        raise ValueError(f"{type(callback).__name__} waits for {name!r}; this training has {known}.{remedy}")


class Monitor(Callback):
    """The base class of callbacks that watch one number and remember its best value.

    Args:
        monitor: the name of the number, such as "val_loss" or "val_accuracy".
        mode: "min" if smaller is better, "max" if larger is better. It is known for losses, errors, accuracy and R2.
        min_delta: the smallest change that counts as an improvement.
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
        """Forget the best value, and check that the training measures the number."""
        needs_number(self, self.monitor)
        self._start()

    def improves(self, epoch: int, logs: Logs) -> bool:
        """Return whether the number is better than the best one so far. If it is, store it and its epoch."""
        value = logs[self.monitor]
        ahead = self.best - value if self.mode == "min" else value - self.best
        if not ahead > self.min_delta:  # also if the number is NaN
            return False
        self.best, self.best_epoch = value, epoch
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return the best number, its epoch, and the settings."""
        settings = {"monitor": self.monitor, "mode": self.mode, "min_delta": self.min_delta}
        return {"best": self.best, "best_epoch": self.best_epoch, **settings}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned.

        Raises:
            KeyError, TypeError, ValueError: `state` was not returned by `state_dict`.
        """
        self.best, self.best_epoch = float(state["best"]), count(state["best_epoch"], "best_epoch", -1)


class EarlyStopping(Monitor):
    """End the training when a number has not improved for `patience` epochs, and restore the best parameters.

    The best parameters are those at the end of the best epoch. For "loss" they are those at its start, because the
    training loss is computed before each step.

    Args:
        monitor, mode, min_delta: as for `Monitor`.
        patience: the number of epochs to wait for an improvement.
        restore_best: whether the model ends with the parameters of the best epoch. This holds also if all epochs were
            run, or Ctrl-C was pressed.

    Attributes:
        best, best_epoch: the best number, and its epoch, counted from 0.

    Raises:
        ValueError, TypeError: an argument is invalid; or, from `nn.fit`, the training does not measure `monitor`.

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
        """Store the parameters at the start of the epoch, if "loss" is monitored."""
        if self.restore_best and self.monitor == "loss":
            self._at_start = self.model.state_dict()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Store the parameters if the number improved. Stop if it has not improved for `patience` epochs."""
        if self.improves(epoch, logs):
            self.parameters = (self._at_start or self.model.state_dict()) if self.restore_best else None
        elif epoch - self.best_epoch >= self.patience:
            self.training.stop(f"no better {self.monitor!r} for {self.patience} epochs")

    def epochs_ahead(self) -> int:
        """Return how many epochs must still run before this callback could end the training."""
        if type(self) is not EarlyStopping or self.restore_best:
            return 1
        return max(1, self.best_epoch + self.patience - self.training.epoch + 1)

    def on_train_end(self, logs: Logs) -> None:
        """Restore the best parameters."""
        if self.parameters is not None:
            own = self.model.state_dict()  # `forward` may have added or removed buffers since
            self.model.load_state_dict(own | {name: x for name, x in self.parameters.items() if name in own})

    def state_dict(self) -> dict[str, Any]:
        """Return the best number, its epoch, its parameters, and the settings."""
        return {**super().state_dict(), "patience": self.patience, "parameters": self.parameters}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned."""
        super().load_state_dict(state)
        parameters = state["parameters"]
        if parameters is not None:
            parameters = dict(self.model.named_buffers()) | parameters
            if wrong := self.model.misfits(parameters):
                raise ValueError("; ".join(wrong))
        self.parameters = parameters


class OptunaPruning(Callback):
    """Report a number to an Optuna trial after each epoch, and end the training if Optuna prunes the trial.

    Args:
        trial: the `optuna.Trial` that Optuna passes to your objective function.
        monitor: the name of the number, such as "loss", "val_loss" or "val_accuracy". The study sets its direction.

    Raises:
        optuna.TrialPruned: from `nn.fit`, if the trial is pruned. Optuna catches it.
        TypeError: `trial` is not a trial.

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
        """Check that the training measures the number."""
        needs_number(self, self.monitor)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Report the number, and raise `TrialPruned` if Optuna prunes the trial."""
        self.trial.report(logs[self.monitor], epoch)
        if self.trial.should_prune():
            from optuna import TrialPruned

            raise TrialPruned(f"pruned after epoch {epoch} with {self.monitor} {logs[self.monitor]:.4g}")


class CSVLog(Callback):
    """Write the numbers of each epoch as a row of a CSV file, at the end of the epoch.

    A resumed training writes the rows of the earlier epochs first.

    Args:
        path: the path of the file. An existing file is replaced.

    Raises:
        TypeError: `path` is not a path.
        OSError: from `nn.fit`, if the file cannot be written.

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
        """Check that the file can be written."""
        files.place(self.path)
        self._written = 0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Append a row. The first call also writes the header, and the rows of the epochs before a resume."""
        history = self.training.history
        with self.path.open("a" if self._written else "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            if not self._written:
                rows.writerow(["epoch", *history])
            rows.writerows([i, *(row[i] for row in history.values())] for i in range(self._written, epoch + 1))
        self._written = epoch + 1


class LivePlot(Callback):
    """Draw the learning curve during training, in a notebook or in a window of matplotlib.

    Args:
        seconds: the minimum time between two drawings, in seconds.

    Raises:
        ImportError: from `nn.fit`, if matplotlib is not installed.

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
        """Draw, if the last drawing is at least `seconds` old."""
        if time.monotonic() - self._drawn >= self.seconds:
            self._draw()

    def on_train_end(self, logs: Logs) -> None:
        """Draw the final curve, which stays in the notebook."""
        if self.training.history.last():
            self._draw()
        if self._shown is not None:
            self._pyplot.close(self.figure)  # otherwise the notebook shows it twice

    def _draw(self) -> None:
        self.ax.clear()
        self.training.history.plot(self.ax)
        self._drawn = time.monotonic()
        if self._shown is not None:
            self._shown.update(self.figure)
        elif self.figure.canvas.required_interactive_framework:
            self._pyplot.pause(0.001)
