"""tinygrad: a training step as its documentation writes it. It compiles its kernels with clang."""

from __future__ import annotations

import shutil
from itertools import pairwise
from typing import Any

from .harness import Missing, Work
from .tasks import Task
from .trainers import training

__all__ = ["tinygrad_"]


def tinygrad_(task: Task) -> Work:
    """tinygrad: layers, SGD and a step under TinyJit, on its CPU device."""
    from tinygrad import Tensor, TinyJit, dtypes, nn
    from tinygrad.helpers import Context

    if shutil.which("clang") is None:
        raise Missing("tinygrad is here, but clang, which compiles its kernels, is not")
    dtype = getattr(dtypes, task.dtype)
    X, y = (Tensor(part).realize() for part in task.data())
    layers = [nn.Linear(left, right) for left, right in pairwise(task.widths)]
    parameters = [p for layer in layers for p in (layer.weight, layer.bias)]
    turned = [w.T.copy() for w in task.weights()]
    for p, w in zip(parameters, turned, strict=True):
        p.replace(Tensor(w, dtype=dtype).realize())
    optimizer = nn.optim.SGD(parameters, lr=task.lr)

    def objective() -> Any:
        h = X
        for layer in layers[:-1]:
            h = layer(h).relu() if task.activation == "relu" else layer(h).tanh()
        z = layers[-1](h)
        if task.loss == "hinge":
            return (1 - y * z).relu().mean()
        return ((z - y) ** 2).mean() if task.loss == "mse" else z.sparse_categorical_crossentropy(y)

    @TinyJit
    def step() -> Any:
        with Context(TRAINING=1):
            optimizer.zero_grad()
            loss = objective().backward()
            return loss.realize(*optimizer.schedule_step())

    def start() -> None:
        for p, w in zip(parameters, turned, strict=True):
            p.assign(Tensor(w, dtype=dtype)).realize()

    def run(steps: int) -> None:
        loss = None
        for _ in range(steps):
            loss = step()
        loss.numpy()  # waits for all that is under way

    return training(start, run, lambda: [p.numpy().T for p in parameters])
