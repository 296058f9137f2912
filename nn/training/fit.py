"""Training: `fit` divides the data into batches, and takes one optimiser step for each batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arguments import hinted, one_of, warn
from ..losses.formulas import Loss, loss_of
from ..metrics import Metric
from ..module import Module, brief
from ..optim.update_rules import RULES, Adam, Optimizer
from ..randomness import RandomLike, seed, source
from ..saving.files import PathLike
from . import checkpoint
from .callbacks import Training, callbacks_of
from .compiled_runner import CompiledRunner
from .evaluation import EpochMeasurement, metrics_of
from .hints import hints, remedy
from .history import History
from .preparation import prepare
from .progress import bar, interrupt_guard, meter
from .runner import Objective
from .steps import Plan, Steps


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
    """Train `model` by minimising the loss between its outputs for `X` and the targets `y`.

    Ctrl-C ends the training after the current step, and `fit` returns the history so far. After training,
    `model.predict(X)` and `model.predict_proba(X)` return predictions in the form of `y`.

    Args:
        model: a Module, of Tensors or of Values.
        X: the inputs, shape `(n, fan_in)`: an array, lists, or a data frame. `fit` does not change `X` or `y`. The
            model stores the column names of a frame: `predict` selects columns by name, and rejects a frame without
            one of them.
        y: the `n` targets. A classification loss takes labels of any type (numbers, strings, bools). Other losses
            take numbers. If the model returns one number per row, shape `(n, 1)`, targets of shape `(n,)` are
            reshaped to a column.
        loss: the name of one of `nn.losses`, such as "mse", "bce_with_logits", "cross_entropy", "hinge", or a
            function of outputs and targets that returns a single number.
        optimizer: an optimiser such as `SGD(lr=0.1)`, with or without parameters; or a name such as "adam", for its
            default settings. The default is `Adam()`.
        epochs: the number of passes through the data; 100 if `steps` is left out as well.
        steps: the number of optimiser steps, instead of `epochs`.
        batch_size: the number of rows in a batch; None for all rows.
        shuffle: whether to shuffle the rows before each epoch, if there are several batches.
        drop_last: whether to skip the last batch of an epoch if it is smaller than the others.
        validation: validation data, `(X, y)` or `(X, y, sample_weight)`; or the fraction of the rows to hold out at
            random, stratified by class if `y` holds labels. The history gets "val_loss", the objective on these
            rows, with dropout and noise off.
        metrics: names, such as "accuracy" or "r2", or functions of truth and predictions that return a number, as in
            scikit-learn. They are computed after each epoch, on the training rows and on the validation rows.
        penalty: a function of the model that returns a number, such as `L2(1e-4)`. It is added to the loss.
        sample_weight: the weight of each row, `n` numbers from 0. The losses of `nn.losses` accept it.
        class_weight: the weight of a row of each class, multiplied by its `sample_weight`: a dict from labels to
            weights (1 for a missing label), a list in the order of the classes, or "balanced". "balanced" gives all
            classes the same total weight, $n / (k\\,n_j)$ per row. It applies to the validation objective as well.
        callbacks: Callbacks, such as `EarlyStopping()`, or functions of the epoch and its numbers.
        resume: the file of a `Checkpoint`. Training continues from it, with the same numbers as without the
            interruption, up to `epochs` epochs in total. True means the file of the Checkpoint among the callbacks,
            if it exists. The table at `Checkpoint` lists the other arguments that must be the same as before.
        progress: whether to show a progress bar; if None, if standard error is a terminal and tqdm is installed.
        compiled: whether to run the steps as compiled programs, with the same numbers up to rounding (a relative
            difference of about 1e-12 for float64). If None, `fit` does so if the model, the loss, the penalty and
            the optimiser can be traced; otherwise it warns once, with `EagerFallback`, and trains eagerly.
            `history.compiled` is True if the steps were compiled.
        rng: a seed, a generator (`fit` draws one number) or None, for shuffling and for the held-out rows.

    Returns:
        A History with a list for each number that is measured per epoch. As in Keras, "loss" is the mean of the
        objective over the batches of the epoch, weighted by their numbers of rows. The objective of a batch is
        computed before its step, with dropout on. "val_loss" and the metrics are computed after the last step of the
        epoch, with dropout and noise off.

    Warns:
        UserWarning: `model` ends with the sigmoid or softmax that `loss` applies itself; or the scales of the columns
            of `X` differ so much that training would be slow (see `StandardScaler`). Each warning names the remedy,
            and appears once per call.

    Raises:
        ValueError, TypeError: an argument is invalid; nothing has been changed then.
        RuntimeError, ValueError: `compiled` is True, and the step cannot be traced.
        FloatingPointError: the loss became NaN or infinite. The parameters are those before that step.
        ImportError: `progress` is True, and tqdm is not installed.

    >>> from chalkgrad.nn import TensorMLP, datasets
    >>> X, y = datasets.iris(names=True)
    >>> model = TensorMLP(4, [8, 3], "tanh", rng=1)
    >>> history = fit(model, X, y, "cross_entropy", optimizer=Adam(lr=0.02), epochs=50, metrics=["accuracy"], rng=1)
    >>> history["accuracy"][-1] > 0.95, model.predict(X[:2])
    (True, array(['setosa', 'setosa'], dtype='<U10'))
    """
    function, named = loss_of(loss), metrics_of(metrics)
    data = prepare(model, X, y, function, validation, sample_weight, class_weight)
    warned = hints(model, function, data.train.X)
    objective, calls = Objective(function, penalty), callbacks_of(callbacks)
    path = checkpoint.file_of(resume, calls)
    found = None if path is None else checkpoint.read(path)
    given = int(rng) if isinstance(rng, (int, np.integer)) else None
    key = seed(source(rng))
    if found is not None and given is None:
        key = found["settings"]["key"]
    data = data.split(key, stratify=found is None or "validation" in found["settings"])  # not in the first version
    plan = Plan(len(data.train.X), batch_size, epochs, steps, shuffle=shuffle, drop_last=drop_last, key=key)
    optimizer = _optimizer(optimizer, model)
    if compiled is not None and not isinstance(compiled, (bool, np.bool_)):
        raise TypeError(f"`compiled` is True, False or None, not {compiled!r:.60}")
    measure = EpochMeasurement(model, data, objective, named, compiled=compiled is None or bool(compiled))
    with model.untouched():
        history = History({name: [] for name in ("loss", *measure(0))})  # what is wrong with a metric is said here
    training = Training(model, optimizer, history, plan.epochs)
    loop = Steps(training, calls, plan, measure, remedy(function))
    settings: dict[str, Any] = {}
    if found is not None or any(isinstance(callback, checkpoint.Checkpoint) for callback in calls):
        settings = checkpoint.settings_of(training, function, data, plan, given)
    training.state = lambda: checkpoint.snapshot(loop, settings)
    for callback in calls:
        callback.training = training
        callback.on_train_begin({})
    shows = meter(progress)
    run = CompiledRunner(model, objective, optimizer, data.train, compiled)
    run.watches = loop.each_epoch or loop.each_batch
    if path is not None and found is not None:
        checkpoint.resume(path, found, loop, settings)
    for hint in warned:
        warn(hint)
    optimizer.bind(model.parameters())  # last of all: after an error it can be used for another model
    model.output_decoder = data.decoder
    try:
        with interrupt_guard() as interrupted, model.mode(True), bar(shows, plan.total, training.steps) as shown:
            try:
                while loop.left() and not interrupted:
                    loop.take(run, shown)
            except KeyboardInterrupt:
                interrupted.append(0)
                history.trim()
            history.compiled = not run.refused
            history.interrupted = bool(interrupted)
            for callback in calls:
                callback.on_train_end(history.last())
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        run.park()
    return history


def _optimizer(optimizer: Any, model: Module) -> Optimizer:
    if not model.parameters():
        raise ValueError(f"`model`, {brief(model)}, has no parameters: there is nothing to train")
    if not model.num_parameters(trainable=True):
        raise ValueError(f"all parameters of `model`, {brief(model)}, are frozen: `unfreeze` some to train them")
    if optimizer is None:
        optimizer = Adam()
    if isinstance(optimizer, str):
        optimizer = RULES[one_of(optimizer.lower(), RULES, "optimizer")]()
    if not isinstance(optimizer, Optimizer):
        hint = f": write {optimizer.__name__}(lr=0.1)" if isinstance(optimizer, type) else ""
        raise TypeError(f"`optimizer` is an optimiser such as SGD(lr=0.1), not {optimizer!r:.60}{hint}")
    return optimizer
