"""Training: `fit` goes through the data in batches, and each batch is one step of the optimiser."""

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
        sample_weight: the weight of each row, `n` numbers from 0; the losses of `nn.losses` take it.
        class_weight: the weight of a row of each class, times its `sample_weight`: a dict from labels (1 for one
            that is left out), a list in the order of the classes, or "balanced", by which all classes have the same
            total weight, $n / (k\\,n_j)$ a row. It counts in the objective on validation data as well.
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
