"""Training: `fit` goes through the data in batches, and each batch is one step of the optimiser."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import cycle, islice
from operator import mul
from typing import Any

import numpy as np

from ..arguments import count, flag, hinted, one_of
from ..data.arrays import batch_sizes, batches, parts_of
from ..losses.formulas import LOSSES, Loss, loss_of
from ..losses.output_decoder import Reading
from ..metrics import Metric
from ..module import Module
from ..optim.schedules import OnPlateau
from ..optim.update_rules import RULES, Adam, Optimizer
from ..randomness import RandomLike, seed, source
from ..saving.files import PathLike
from . import checkpoint
from .callbacks import Callback, Training, callbacks_of, overrides
from .compiled_runner import CompiledRunner, compiled_runner
from .evaluation import Rows, class_numbers, class_weights, meet, metrics_of, needs_weights, twice_activated, unscaled
from .history import History
from .progress import Pace, bar, meter, patience
from .runner import Objective, Runner, eager_runner

__all__ = ["fit"]


@hinted
def fit(
    model: Module,
    X: Any,
    y: Any,
    loss: str | Loss = "mse",
    *,
    optimizer: Optimizer | str | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    batch_size: int | None = 32,
    shuffle: bool = True,
    drop_last: bool = False,
    validation: Any = None,
    metrics: Sequence[str | Metric] = (),
    penalty: Callable[[Module], Any] | None = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    callbacks: Any = (),
    resume: bool | PathLike = False,
    progress: bool | None = None,
    compiled: bool | None = None,
    rng: RandomLike = None,
) -> History:
    """Train `model` so that the loss of its outputs for `X` against `y` becomes small.

    Ctrl-C ends the training after the step that is running, and gives back what has been reached. Afterwards the model
    knows what its outputs mean: `model.predict(X)`, `model.predict_proba(X)`.

    Args:
        model: a Module, of Tensors or of Values.
        X: the inputs, shape `(n, fan_in)`: an array, lists, a frame. Neither `X` nor `y` is changed. The model keeps
            the names of a frame's columns: `predict` takes them by name, and refuses a frame that lacks one.
        y: the targets, `n` of them. For a loss between classes they are labels of any type (numbers, strings,
            bools); for another, numbers as the loss takes them. Where the model gives one number per row, shape
            `(n, 1)`, targets of shape `(n,)` are handed on as a column.
        loss: the name of one of `nn.losses`, such as "mse", "bce_with_logits", "cross_entropy", "hinge", or a
            function of outputs and targets that gives a single number.
        optimizer: such as `SGD(lr=0.1)`; with parameters or without; or a name, such as "adam", for one with the
            settings that it has by itself. `Adam()` if left out.
        epochs: how often to go through the data; 100 times if `steps` is left out as well.
        steps: instead of `epochs`, how many steps to take.
        batch_size: the number of rows in a step; None for all of them.
        shuffle: whether to go through the rows in a new order in each epoch, where there are several batches.
        drop_last: whether to leave out the last batch of an epoch where it is smaller.
        validation: data to look at after each epoch, `(X, y)` or `(X, y, sample_weight)`; or the share of the rows,
            drawn by chance, to keep for it: of each class about that share, where `y` holds labels. The history gets
            "val_loss", the objective on them, with dropout and noise off.
        metrics: names, such as "accuracy" or "r2", or functions of truth and predictions that give a number, as those
            of scikit-learn. They are taken after each epoch, of the rows to train on and of those to validate on.
        penalty: a function of the model that gives a number, such as `L2(1e-4)`: it is added to the loss.
        sample_weight: how much each row is worth, `n` numbers from 0; the losses of `nn.losses` take it.
        class_weight: how much a row of each class is worth, times its `sample_weight`: a dict from labels (1 for one
            that is left out), a list in the order of the classes, or "balanced", by which all classes are worth the
            same, $n / (k\\,n_j)$ a row. It counts in the objective on validation data as well.
        callbacks: Callbacks, such as `EarlyStopping()`, or functions of the epoch and its numbers.
        resume: the file of a `Checkpoint`, to go on from it as if nothing had happened, until there are as many
            epochs in all; or True for the file of the Checkpoint among the callbacks, if it is there already. Which
            other arguments must be as before, and which are used anew, stands in a table at `Checkpoint`.
        progress: whether to show a bar; if None, where standard error is a terminal and tqdm is installed.
        compiled: whether to take the steps natively, as compiled programs, with the same numbers but for rounding
            (about 1e-12 of them for float64). If None, `fit` does so where a program can follow all that the model,
            the loss, the penalty and the optimiser do in Python; otherwise it warns once, with `EagerFallback`, and
            trains eagerly. `history.compiled` says which it was.
        rng: a seed, a generator (of which one number is drawn) or None, for the order of the rows and the share.

    Returns:
        A History with a list for each number of an epoch. As in Keras, "loss" is the running mean: of the objective of
        the epoch's batches, weighted by their rows, each taken before its step, while the parameters change, with
        dropout on. With a single batch it is the objective of the parameters that the epoch began with. "val_loss"
        and the metrics are taken after the last step of the epoch, with dropout and noise off.

    Warns:
        UserWarning: `model` ends with the sigmoid or softmax that `loss` applies itself; or the columns of `X` differ
            so much in scale that training would crawl: see `StandardScaler`. Each says so once for a call, with the
            remedy; `warnings.filterwarnings` can silence them.

    Raises:
        ValueError, TypeError: an argument is not as above; nothing has been changed then.
        RuntimeError, ValueError: `compiled` is True, and a program cannot follow the step.
        FloatingPointError: the loss became NaN or infinite; the parameters are those before that step.
        ImportError: `progress` is True, and tqdm is missing.

    >>> from chalkgrad.nn import TensorMLP, datasets
    >>> X, y = datasets.iris(names=True)
    >>> model = TensorMLP(4, [8, 3], "tanh", rng=1)
    >>> history = fit(model, X, y, "cross_entropy", optimizer=Adam(lr=0.02), epochs=50, metrics=["accuracy"], rng=1)
    >>> history["accuracy"][-1] > 0.95, model.predict(X[:2])
    (True, array(['setosa', 'setosa'], dtype='<U10'))
    """
    function, named = loss_of(loss), metrics_of(metrics)
    reading, rows = meet(model, X, y, function, weights=sample_weight)
    each = None
    if class_weight is not None:
        needs_weights(function, "class_weight")
        each = class_weights(class_weight, reading, rows.targets)
        rows = rows.weighed(reading, each)
    hints = [twice_activated(model, function, rows.X), unscaled(model, rows.X)]
    objective = Objective(function, penalty)
    calls = callbacks_of(callbacks)
    path = _file(resume, calls)
    found = None if path is None else checkpoint.read(path)
    key = seed(source(rng))
    if found is not None and not isinstance(rng, (int, np.integer)):
        key = found["settings"]["key"]
    stratify = found is None or "validation" in found["settings"]  # the first version drew from all rows alike
    rows, held_out = _parts(model, function, reading, rows, validation, key, stratify)
    if each is not None and held_out is not None and not isinstance(validation, (float, np.floating)):
        held_out = held_out.weighed(reading, each)
    sizes = batch_sizes(len(rows.X), batch_size, flag(drop_last, "drop_last"))
    total = _steps(epochs, steps, len(sizes))
    if found is not None and found["steps"] % found["settings"]["batches"] and found["steps"] < total:
        raise ValueError(f"{str(path)!r} was written in the middle of an epoch, where `steps` ended: it cannot go on")
    order = np.random.default_rng(key)
    stream = _stream(len(rows.X), sizes, flag(shuffle, "shuffle"), order)
    optimizer = _optimizer(optimizer, model)

    def measure() -> dict[str, float]:
        numbers = rows.measure(model, reading, None, named)
        if held_out is not None:
            found = held_out.measure(model, reading, objective, named)
            numbers |= {f"val_{name}": number for name, number in found.items()}
        return {name: _number(name, number) for name, number in numbers.items()}

    with model.untouched():
        history = History({name: [] for name in ("loss", *measure())})  # what is wrong with a metric is said here
    for rate in _rates(optimizer):
        if isinstance(rate, OnPlateau):
            _watched(rate, history)
    training = Training(model, optimizer, history, epochs=-(-total // len(sizes)))
    settings: dict[str, Any] = {}
    if found is not None or any(isinstance(callback, checkpoint.Checkpoint) for callback in calls):
        settings = checkpoint.settings_of(
            training, function, rows, held_out, sizes, key=key, shuffle=bool(shuffle), drop_last=bool(drop_last),
            rng=int(rng) if isinstance(rng, (int, np.integer)) else None,
            share=float(validation) if isinstance(validation, (float, np.floating)) else None,
        )  # fmt: skip
    training.state = lambda: checkpoint.snapshot(training, calls, order, settings)
    for callback in calls:
        callback.training = training
        callback.on_train_begin({})
    shows = meter(progress)
    run = _runner(compiled, model, objective, optimizer, *rows)
    if path is not None and found is not None:
        checkpoint.resume(path, found, training, calls, order, settings)
    for hint in filter(None, hints):
        warnings.warn(hint, UserWarning, stacklevel=3)
    optimizer.bind(model.parameters())  # last of all: after an error it can be used for another model
    model.reading = reading
    try:
        with patience() as interrupted, model.mode(True), bar(shows, total, training.steps) as advance:
            loop = _Loop(training, calls, run, stream, sizes, total, measure, advance)
            if (base := getattr(function, "base", None) or function) in (LOSSES["bce"], LOSSES["nll"]):
                better = "bce_with_logits" if base is LOSSES["bce"] else "cross_entropy"
                loop.remedy = (
                    f"{base!r} is infinite where a probability is 0 and wrong; leave the last activation of the model "
                    f"out and train with {better!r}; or "
                )
            try:
                while loop.more() and not interrupted:
                    loop.go()
            except KeyboardInterrupt:
                interrupted.append(0)
                history.trim()
            history.compiled = isinstance(run, CompiledRunner) and not run.refused
            history.interrupted = bool(interrupted)
            for callback in calls:
                callback.on_train_end(history.last())
    except KeyboardInterrupt:
        history.interrupted = True
    return history


class _Loop:
    """The loop of `fit`: hands rows to the runner, and serves whoever asks for batches and epochs."""

    def __init__(
        self,
        training: Training,
        callbacks: list[Callback],
        run: Runner,
        stream: Iterator[np.ndarray],
        sizes: list[int],
        total: int,
        measure: Callable[[], dict[str, float]],
        advance: Callable[[int, str], None],
    ) -> None:
        self.training, self.callbacks, self.run, self.stream = training, callbacks, run, stream
        self.sizes, self.total, self.measure, self.advance = sizes, total, measure, advance
        self.each_batch = overrides(callbacks, "on_batch_begin", "on_batch_end")
        self.plateaus = [rate for rate in _rates(training.optimizer) if isinstance(rate, OnPlateau)]
        asked = overrides(callbacks, "on_epoch_begin", "on_epoch_end") or len(training.history) > 1
        self.each_epoch = asked or bool(self.plateaus)
        if isinstance(run, CompiledRunner):
            run.watches_data = self.each_epoch or self.each_batch
        self.losses: list[float] = []  # of the epoch that has begun
        self.remedy = ""
        self.pace = Pace()

    def more(self) -> bool:
        """Say whether there is more to do."""
        return self.training.steps < self.total and not self.training.history.stopped

    def go(self) -> None:
        """Take as many steps as nobody minds at once."""
        training, place = self.training, len(self.losses)
        if place == 0:
            self._tell("on_epoch_begin", training.epoch, {})
        left = self.total - training.steps
        if self.each_batch:
            left = 1
            self._tell("on_batch_begin", place, {})
        elif self.each_epoch:
            left = min(left, len(self.sizes) - place)
        rows = list(islice(self.stream, min(left, self.pace.count)))
        losses = self.pace.time(self.run, rows)
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
        numbers = training.history.last() or {"loss": math.fsum(self.losses) / len(self.losses)}
        text = ", ".join(f"{name} {number:.4g}" for name, number in numbers.items())
        self.advance(len(losses), f"epoch {training.epoch}/{training.epochs}, {text}")

    def _close(self) -> None:
        """Write down the epochs that are over; where `steps` were asked for, the last one may be shorter."""
        training, n, start = self.training, len(self.sizes), 0
        while (left := len(self.losses) - start) >= n or (left and training.steps == self.total):
            part = self.losses[start : start + n]
            logs = {"loss": math.fsum(map(mul, part, self.sizes)) / sum(self.sizes[: len(part)])}
            if self.each_epoch:
                logs |= self.measure()
            for name, number in logs.items():
                training.history[name].append(number)
            start += len(part)
            training.epoch += 1
            for plateau in self.plateaus:
                plateau.observe(logs[_watched(plateau, logs)])
            self._tell("on_epoch_end", training.epoch - 1, logs)
        del self.losses[:start]

    def _tell(self, event: str, number: int, logs: dict[str, float]) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(number, dict(logs))


def _parts(
    model: Module, loss: Loss, reading: Reading, rows: Rows, validation: Any, key: int, stratify: bool
) -> tuple[Rows, Rows | None]:
    """Give the rows to train on, and those to validate on."""
    if validation is None:
        return rows, None
    if isinstance(validation, (tuple, list)) and len(validation) in (2, 3):
        X, y, *weights = validation
        return rows, meet(model, X, y, loss, reading, " of validation", *weights)[1]
    if not isinstance(validation, (float, np.floating)):
        raise TypeError(
            f"`validation` is `(X, y)` or a share between 0 and 1, or `(X, y, sample_weight)`, not {validation!r:.60}"
        )
    labels = class_numbers(reading, rows.targets) if stratify else None
    train, kept = parts_of(len(rows.X), float(validation), source(key), "validation", labels)
    return rows.take(train), rows.take(kept)


def _number(name: str, number: Any) -> float:
    if np.ndim(number) or not isinstance(number, (int, float, np.number, np.bool_)):
        raise TypeError(
            f"metric {name!r} gave {number!r:.60}; a history holds one number for each epoch: see `nn.evaluate`"
        )
    return float(number)


def _file(resume: Any, callbacks: list[Callback]) -> PathLike | None:
    """Find the file to go on from; None to begin anew."""
    if resume is None or resume is False:
        return None
    if resume is not True:
        return resume
    paths = [callback.path for callback in callbacks if isinstance(callback, checkpoint.Checkpoint)]
    if len(paths) != 1:
        raise ValueError("`resume=True` goes on from the file of the Checkpoint among the `callbacks`: give one")
    return paths[0] if paths[0].exists() else None


def _steps(epochs: Any, steps: Any, batches: int) -> int:
    if epochs is not None and steps is not None:
        raise ValueError("give `epochs` or `steps`, not both")
    if steps is not None:
        return count(steps, "steps")
    return count(100 if epochs is None else epochs, "epochs") * batches


def _optimizer(optimizer: Any, model: Module) -> Optimizer:
    if not model.parameters():
        raise ValueError(f"`model`, {model!r:.60}, has no parameters: there is nothing to train")
    if not model.count(trainable=True):
        raise ValueError(f"all parameters of `model`, {model!r:.60}, are frozen: `unfreeze` some to train them")
    if optimizer is None:
        optimizer = Adam()
    if isinstance(optimizer, str):
        optimizer = RULES[one_of(optimizer.lower(), RULES, "optimizer")]()
    if not isinstance(optimizer, Optimizer):
        hint = f": write {optimizer.__name__}(lr=0.1)" if isinstance(optimizer, type) else ""
        raise TypeError(f"`optimizer` is an optimiser such as SGD(lr=0.1), not {optimizer!r:.60}{hint}")
    return optimizer


def _rates(optimizer: Optimizer) -> list[Any]:
    """List the learning rates, or their schedules, of all groups."""
    return [group.lr for group in getattr(optimizer, "optimizers", [optimizer])]


def _watched(plateau: OnPlateau, names: Iterable[str]) -> str:
    """Choose the number that tells whether training has come to a plateau: the loss, or the metric to be large."""
    if plateau.mode == "min":
        return "val_loss" if "val_loss" in names else "loss"
    metrics = [name for name in names if name not in ("loss", "val_loss")]
    if not metrics:
        raise ValueError("OnPlateau with `mode='max'` waits for a metric to grow: give `metrics`")
    return next((name for name in metrics if name.startswith("val_")), metrics[0])


def _stream(n: int, sizes: list[int], shuffle: bool, order: np.random.Generator) -> Iterator[np.ndarray]:
    """Give the rows of one batch after the other, epoch after epoch; the order of an epoch is drawn when it begins."""
    if len(sizes) == 1 or not shuffle:
        yield from cycle(islice(batches(n, sizes[0], shuffle=False), len(sizes)))
    while True:
        yield from islice(batches(n, sizes[0], rng=order), len(sizes))


def _runner(compiled: Any, *parts: Any) -> Runner:
    """Choose who takes the steps."""
    if compiled is not None and not isinstance(compiled, (bool, np.bool_)):
        raise TypeError(f"`compiled` is True, False or None, not {compiled!r:.60}")
    return eager_runner(*parts) if compiled is False else compiled_runner(*parts, needed=bool(compiled))
