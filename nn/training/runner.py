"""Runners: what takes the steps of training. `fit` decides which rows come in which step; a runner takes the steps.

    run(batches) -> losses

`batches` is a sequence of arrays of row numbers, one for each step; a batch of all rows has them in order. The runner
takes one step of the optimiser for each, and gives the value of the objective before each step, as floats. Where that
is not finite, it does not take the step, gives the number as the last one, and leaves the others. Should Ctrl-C reach
it as KeyboardInterrupt, it gives the losses of the steps that it has finished.

How `fit` cuts the steps into calls depends on the time they take, so what comes out must not depend on it. While a
call lasts, neither Ctrl-C nor the bar is served; so `fit` hands over as many as take about a tenth of a second.

A runner is made before anything has been changed, so it says then what it cannot do; by its first call the optimiser
has its parameters, and both may have been set anew from a checkpoint.
Parameters, the state of the optimiser and its count of steps must be true when a call is over: callbacks read them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import Node, without_collector

from ..losses.formulas import Loss
from ..module import Module
from ..optim.update_rules import Optimizer
from .preparation import Dataset

Runner = Callable[[Sequence[np.ndarray]], list[float]]


@dataclass(frozen=True)
class Objective:
    r"""What training makes small: the mean loss over the rows of a batch, and the penalty $\alpha\Omega$ of the model.

    Attributes:
        loss: a function of outputs and targets that gives a single number.
        penalty: a function of the model that gives a single number, or None.
    """

    loss: Loss
    penalty: Callable[[Module], Any] | None = None

    def __post_init__(self) -> None:
        if self.penalty is not None and (not callable(self.penalty) or isinstance(self.penalty, type)):
            raise TypeError(f"`penalty` is a function of the model, such as L2(1e-4), not {self.penalty!r:.60}")

    def __call__(self, model: Module, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Any:
        """Return the objective of a batch as a node: inputs, targets and, where there are any, the weights of its rows.

        Raises:
            TypeError, ValueError: the loss does not give a single number that depends on the outputs.
        """
        return self.of(model, model.forward_rows(X), y, weights)

    def of(self, model: Module, outputs: Any, y: np.ndarray, weights: np.ndarray | None = None) -> Any:
        """Return the objective of outputs that are there already; of plain outputs a plain number."""
        settings: dict[str, Any] = {} if weights is None else {"sample_weight": weights}
        loss = self.loss(outputs, y, **settings)
        if isinstance(outputs, Node):
            _check_single(loss)
        if self.penalty is None:
            return loss
        penalty = self.penalty(model)
        shape = penalty.shape if isinstance(penalty, Node) else np.shape(penalty)  # not of `.data`: no program reads it
        if shape != ():
            raise TypeError(f"`penalty` must give a single number, not shape {shape}: take the sum")
        return loss + penalty


def eager_runner(model: Module, objective: Objective, optimizer: Optimizer, data: Dataset) -> Runner:
    """Make the runner that works node by node: forward, backward, update.

    Args:
        model, optimizer: what changes.
        objective: a function of the model and the inputs, targets and weights of a batch.
        data: all rows; never changed.
    """

    def run(batches: Sequence[np.ndarray]) -> list[float]:
        losses: list[float] = []
        before = optimizer.steps
        try:
            with without_collector():  # the graph of a step is gone at its end
                for rows in batches:
                    value = objective(model, *data.take(rows))
                    losses.append(float(value.data))
                    if not math.isfinite(losses[-1]):
                        break
                    optimizer.zero_grad()
                    value.backward()
                    optimizer.step()
        except KeyboardInterrupt:
            del losses[optimizer.steps - before :]
        return losses

    return run


def _check_single(loss: Any) -> None:
    if not isinstance(loss, Node) or math.prod(loss.shape) != 1:
        what = f"shape {loss.shape}" if isinstance(loss, Node) else type(loss).__name__
        raise TypeError(f"`loss` must give a single number as a Value or Tensor, not {what}: take the mean")
    if loss.is_leaf:
        raise ValueError("`loss` gave a number that does not depend on the outputs: compute it of them, not of `.data`")
