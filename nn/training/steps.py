"""Steps: which rows come in which step of a training, and what happens between the steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, cycle, islice, repeat
from operator import mul
from typing import Any

import numpy as np

from ..arguments import count, flag
from ..data.arrays import batch_sizes, batches
from ..optim.schedules import OnPlateau
from .callbacks import Callback, Training, overrides
from .runner import Runner

BREATH = 0.1
"""Seconds for which training may be out of reach; less than a person notices."""


class Plan:
    """The batches of a training, in order; arguments as for `fit`.

    Attributes:
        sizes: the number of rows in each batch of an epoch.
        total: the number of steps of the training.
        epochs: the number of epochs, the last of which may be shorter.
        order: draws the order of the rows.
        stream: gives the rows of one batch after the other, without end.
    """

    def __init__(
        self, n: int, batch_size: Any, epochs: Any, steps: Any, *, shuffle: bool, drop_last: bool, key: int
    ) -> None:
        self.shuffle, self.drop_last, self.key = flag(shuffle, "shuffle"), flag(drop_last, "drop_last"), key
        self.sizes = batch_sizes(n, batch_size, self.drop_last)
        if epochs is not None and steps is not None:
            raise ValueError("give `epochs` or `steps`, not both")
        if steps is None:
            self.total = count(100 if epochs is None else epochs, "epochs") * len(self.sizes)
        else:
            self.total = count(steps, "steps")
        self.epochs = -(-self.total // len(self.sizes))
        self.order = np.random.default_rng(key)
        self.stream = self._stream(n)

    def _stream(self, n: int) -> Iterator[np.ndarray]:
        """Return an iterator over the rows of each batch; the order of an epoch is drawn when it begins."""
        size, number = self.sizes[0], len(self.sizes)
        if number == 1 or not self.shuffle:
            return cycle(islice(batches(n, size, shuffle=False), number))
        return chain.from_iterable(islice(batches(n, size, rng=self.order), number) for _ in repeat(None))


class Steps:
    """The loop of `fit`: hands rows to the runner, and serves whoever asks for batches and epochs."""

    def __init__(
        self, training: Training, callbacks: list[Callback], plan: Plan, measure: Callable[[int], dict[str, float]],
        remedy: str = "",
    ) -> None:  # fmt: skip
        self.training, self.callbacks, self.plan, self.measure = training, callbacks, plan, measure
        self.remedy = remedy
        self.each_batch = overrides(callbacks, "on_batch_begin", "on_batch_end")
        self.plateaus = [group.lr for group in training.optimizer.groups if isinstance(group.lr, OnPlateau)]
        for plateau in self.plateaus:
            _watched(plateau, training.history)
        self.served = [x for x in callbacks if overrides([x], "on_epoch_begin", "on_epoch_end")]
        self.measured = len(training.history) > 1 or bool(self.plateaus)
        self.each_epoch = self.measured or bool(self.served)
        self.losses: list[float] = []  # of the epoch that has begun
        self.at_once = 1  # how many steps a call takes

    def left(self) -> bool:
        """Return whether there are more steps to take."""
        return self.training.steps < self.plan.total and not self.training.history.stopped

    def take(self, run: Runner, shown: Any) -> None:
        """Take as many steps as no callback, no measurement and no user waits for; `shown` is a bar, or None."""
        training, place = self.training, len(self.losses)
        if place == 0:
            self._tell("on_epoch_begin", training.epoch, {})
        left = self.plan.total - training.steps
        if self.each_batch:
            left = 1
            self._tell("on_batch_begin", place, {})
        elif self.each_epoch:
            epochs = 1 if self.measured else min(callback.epochs_ahead() for callback in self.served)
            left = min(left, epochs * len(self.plan.sizes) - place)
        rows, start = list(islice(self.plan.stream, min(left, self.at_once))), time.perf_counter()
        losses = run(rows)
        seconds = max(time.perf_counter() - start, 1e-9)
        self.at_once = max(1, min(4 * self.at_once, int(len(rows) * BREATH / seconds)))
        if losses and not math.isfinite(losses[-1]):
            training.steps += len(losses) - 1
            raise FloatingPointError(
                f"the loss became {losses[-1]} in step {training.steps}: {self.remedy}try a smaller `lr`, or inputs "
                "of size about 1; `chalkgrad.detect_anomaly()` finds the operation"
            )
        training.steps += len(losses)
        self.losses += losses
        if self.each_batch and losses:
            self._tell("on_batch_end", place, {"loss": losses[-1]})
        self._close()
        if len(losses) < len(rows):
            raise KeyboardInterrupt
        if shown is not None:
            numbers = training.history.last() or {"loss": math.fsum(self.losses) / len(self.losses)}
            text = ", ".join(f"{name} {number:.4g}" for name, number in numbers.items())
            shown.set_postfix_str(f"epoch {training.epoch}/{training.epochs}, {text}", refresh=False)
            shown.update(len(losses))

    def _close(self) -> None:
        """Write down the epochs that are over; where `steps` were asked for, the last one may be shorter."""
        training, sizes = self.training, self.plan.sizes
        over = len(self.losses) // len(sizes) * len(sizes)
        if training.steps == self.plan.total:
            over = len(self.losses)
        losses, self.losses = self.losses[:over], self.losses[over:]
        if len(sizes) == 1:
            means = losses
        else:
            epochs = [losses[i : i + len(sizes)] for i in range(0, over, len(sizes))]
            means = [math.fsum(map(mul, epoch, sizes)) / sum(sizes[: len(epoch)]) for epoch in epochs]
        if not self.each_epoch:
            training.history["loss"] += means
            training.epoch += len(means)
            return
        for mean in means:
            logs = {"loss": mean, **self.measure(training.epoch)}
            for name, number in logs.items():
                training.history[name].append(number)
            training.epoch += 1
            for plateau in self.plateaus:
                plateau.observe(logs[_watched(plateau, logs)])
            self._tell("on_epoch_end", training.epoch - 1, logs)

    def _tell(self, event: str, number: int, logs: dict[str, float]) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(number, dict(logs))


def _watched(plateau: OnPlateau, names: Iterable[str]) -> str:
    """Choose the number that tells whether training has come to a plateau: the loss, or the metric to be large."""
    if plateau.mode == "min":
        return "val_loss" if "val_loss" in names else "loss"
    metrics = [name for name in names if name not in ("loss", "val_loss")]
    if not metrics:
        raise ValueError("OnPlateau with `mode='max'` waits for a metric to grow: give `metrics`")
    return next((name for name in metrics if name.startswith("val_")), metrics[0])
