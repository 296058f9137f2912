"""Training: `fit` goes through the data in batches, and each batch is one step of the optimiser."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import Node, display, without_collector

from .data import plain_array
from .losses import LOSSES, Loss, loss_of
from .module import Module
from .optim import Adam, Optimizer
from .randomness import Random, RandomLike, permutation, source
from .showing import curves

__all__ = ["History", "fit"]


class History(dict[str, list[float]], display.Shown):
    """What happened in training: lists with one number per epoch, by name; `history["loss"]`.

    Attributes:
        interrupted: whether training was ended by Ctrl-C.

    >>> History(loss=[1.0, 0.25])
    History(2 epochs; loss 1 -> 0.25)
    """

    interrupted = False

    def _html(self) -> str:
        return curves(repr(self).partition(";")[0] + ")", self)

    def __repr__(self) -> str:
        epochs = max(map(len, self.values()), default=0)
        ends = [f"{name} {row[0]:.4g} -> {row[-1]:.4g}" for name, row in self.items() if row]
        stopped = ["interrupted"] if self.interrupted else []
        return f"History({'; '.join([f'{epochs} epochs', *ends, *stopped])})"


def fit(
    model: Module,
    X: Any,
    y: Any,
    loss: str | Loss = "mse",
    *,
    optimizer: Optimizer | None = None,
    epochs: int = 100,
    batch_size: int | None = 32,
    shuffle: bool = True,
    progress: bool | None = None,
    rng: RandomLike = None,
) -> History:
    """Train `model` so that the loss of its outputs for `X` against `y` becomes small.

    Ctrl-C ends the training after the step that is running, and gives back what has been reached.

    Args:
        model: a Module, of Tensors or of Values.
        X: the inputs, shape `(n, fan_in)`. Neither `X` nor `y` is changed.
        y: the targets, `n` of them, as the loss takes them. Where the model gives one number per row, shape
            `(n, 1)`, targets of shape `(n,)` are handed on as a column.
        loss: "mse", "bce_with_logits", "cross_entropy", "hinge", or a function of outputs and targets that gives
            a single number.
        optimizer: such as `SGD(lr=0.1)`; with parameters or without. `Adam()` if left out.
        epochs: how often to go through the data.
        batch_size: the number of rows in a step; None for all of them.
        shuffle: whether to go through the rows in a new order in each epoch.
        progress: whether to show a bar; if None, where standard error is a terminal and tqdm is installed.
        rng: a seed, a generator or None, for the order of the rows.

    Returns:
        A History with the list "loss": the mean of the loss over each epoch, before its steps.

    Raises:
        ValueError, TypeError: an argument is not as above; nothing has been changed then.
        FloatingPointError: the loss became NaN or infinite; the parameters are those before that step.
        ImportError: `progress` is True, and tqdm is missing.

    >>> from nn import MLP, SGD, datasets
    >>> X, y = datasets.xor()
    >>> model = MLP(2, [4, 1], "tanh", rng=1)
    >>> history = fit(model, X, y, "mse", optimizer=SGD(lr=0.2), epochs=200, batch_size=None)
    >>> model.outputs(X).round().ravel()
    array([0., 1., 1., 0.])
    """
    if not isinstance(model, Module):
        raise TypeError(f"`model` is a Module, such as `MLP(2, [16, 1])`, not {model!r:.60}")
    X, y = _data(X, y)
    epochs = _count(epochs, "epochs")
    size = len(X) if batch_size is None else min(_count(batch_size, "batch_size"), len(X))
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"`shuffle` is True or False, not {shuffle!r:.60}")
    loss, optimizer, random = loss_of(loss), _optimizer(optimizer, model), source(rng)
    _rehearse(model, loss, X, y)
    optimizer.bind(model.parameters())  # last of all: after an error it can be used for another model
    take_step = eager_step(model, loss, optimizer)
    history = History(loss=[])
    modes = [(module, module.training) for _, module in model.named_modules()]
    model.train()
    try:
        with _bar(progress, epochs * math.ceil(len(X) / size)) as advance, _patience() as interrupted:
            for _ in range(epochs):
                total, rows = 0.0, 0
                for batch in _batches(len(X), size, shuffle, random):
                    with without_collector():  # the graph of a step is gone at its end
                        value = take_step(X[batch], y[batch])
                    total += value * len(batch)
                    rows += len(batch)
                    advance(total / rows)
                    if interrupted:
                        break
                history["loss"].append(total / rows)
                if interrupted:
                    history.interrupted = True
                    break
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        for module, mode in modes:
            module.training = mode
    return history


Step = Callable[[np.ndarray, np.ndarray], float]
"""Takes a batch of inputs and targets, changes the parameters, and gives the loss before that."""


def eager_step(model: Module, loss: Loss, optimizer: Optimizer) -> Step:
    """Make the step that runs node by node: forward, backward, update."""

    def step(X: np.ndarray, y: np.ndarray) -> float:
        outputs = model.forward_rows(X)
        objective = _single(loss(outputs, _beside(outputs.shape, y)))
        value = float(objective.data)
        if not math.isfinite(value):
            raise FloatingPointError(
                f"the loss became {value} in step {optimizer.steps}: try a smaller `lr`, or inputs of size about 1; "
                "`autograd.detect_anomaly()` finds the operation"
            )
        optimizer.zero_grad()
        objective.backward()
        optimizer.step()
        return value

    return step


def _rehearse(model: Module, loss: Loss, X: np.ndarray, y: np.ndarray) -> None:
    """Let the model see one row, and a loss of ours all targets, so that what is wrong is said before any step."""
    shape = (len(X), *model.outputs(X[:1]).shape[1:])
    if loss in LOSSES.values():
        loss(np.zeros(shape), _beside(shape, y))


def _beside(shape: tuple[int, ...], y: np.ndarray) -> np.ndarray:
    """Make `y` a column where the outputs of this `shape` are one."""
    return y[:, None] if y.ndim == 1 and shape == (len(y), 1) else y


def _single(objective: Any) -> Any:
    if not isinstance(objective, Node) or math.prod(objective.shape) != 1:
        what = f"shape {objective.shape}" if isinstance(objective, Node) else type(objective).__name__
        raise TypeError(f"`loss` must give a single number as a Value or Tensor, not {what}: take the mean")
    if objective.is_leaf:
        raise ValueError("`loss` gave a number that does not depend on the outputs: compute it of them, not of `.data`")
    return objective


def _data(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Check inputs and targets; arrays of floats and of numbers."""
    X, y = (plain_array(x, name) for x, name in ((X, "X"), (y, "y")))
    if X.ndim < 2:
        raise ValueError(f"`X` has shape {X.shape}; it needs rows and columns, (n, fan_in): see `X.reshape(-1, 1)`")
    if y.ndim == 0 or len(X) != len(y):
        raise ValueError(f"`X` has {len(X)} rows and `y` has shape {y.shape}; there must be one target for each row")
    if not X.size:
        raise ValueError(f"`X` has shape {X.shape}: there is nothing to learn from")
    return X if X.dtype.kind == "f" else X.astype(np.float64), y


def _count(n: Any, name: str) -> int:
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ValueError(f"`{name}` is a whole number from 1, not {n!r:.60}")
    return int(n)


def _optimizer(optimizer: Any, model: Module) -> Optimizer:
    if not model.parameters():
        raise ValueError(f"`model`, {model!r:.60}, has no parameters: there is nothing to train")
    if optimizer is None:
        optimizer = Adam()
    if not isinstance(optimizer, Optimizer):
        hint = f": write {optimizer.__name__}(lr=0.1)" if isinstance(optimizer, type) else ""
        raise TypeError(f"`optimizer` is an optimiser such as SGD(lr=0.1), not {optimizer!r:.60}{hint}")
    return optimizer


def _batches(n: int, size: int, shuffle: bool, rng: Random) -> Iterator[np.ndarray]:
    """Give the numbers of the rows of each batch; the last may be smaller."""
    order = permutation(rng, n) if shuffle else np.arange(n)
    for start in range(0, n, size):
        yield order[start : start + size]


@contextmanager
def _patience() -> Iterator[list[int]]:
    """Note the first Ctrl-C in the list that is given, so that a step is not torn apart; the second one raises."""
    noted: list[int] = []
    usual = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if not usual:
        yield noted
        return

    def note(number: int, frame: Any) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _bar(progress: bool | None, steps: int) -> Iterator[Callable[[float], None]]:
    """Show a bar of steps; gives the function that moves it on and shows the loss."""
    if progress is False or (progress is None and not sys.stderr.isatty()):
        yield lambda loss: None
        return
    try:
        from tqdm import tqdm
    except ImportError:
        if progress:
            raise ImportError(
                '`progress=True` needs tqdm, which is missing: pip install "chalkgrad[progress]"'
            ) from None
        yield lambda loss: None
        return
    with tqdm(total=steps, unit="step", dynamic_ncols=True) as bar:

        def advance(loss: float) -> None:
            bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
            bar.update()

        yield advance
