"""Pruning: a search by Optuna ends the trainings that do not look good."""

from __future__ import annotations

from typing import Any

from .callbacks import Callback, Logs, needs_number


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
