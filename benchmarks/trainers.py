"""The contenders that train a net, each as its own users would write it. Each gives `Work` for a `Task`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import autograd as ag
import nn

from .foreign import hips
from .harness import Missing, Work
from .tasks import Task

__all__ = ["fit", "hips_", "jax_jit", "jax_scan", "loop", "numpy_", "one_step", "pytorch", "training"]

CHECKED = 10
"""Steps after which the weights must agree."""

Weights = Callable[[], list[Any]]


def training(start: Callable[[], Any], run: Callable[[int], Any], weights: Weights, steps: int | None = None) -> Work:
    """Give a contender that trains; its weights are compared."""

    def check() -> list[Any]:
        start()
        run(CHECKED)
        return [np.array(w) for w in weights()]

    return Work(run, check, start, steps)


# Ours ----------------------------------------------------------------------------------------------------------


def _loop(task: Task) -> Any:
    activation, loss_of, lr = getattr(ag, task.activation), getattr(nn.losses, task.loss), task.lr
    X, y = task.data()
    if task.loss == "cross_entropy":
        y = np.eye(task.widths[-1], dtype=task.dtype)[y]

    def step(weights: Any, _: Any, batch: Any) -> Any:
        h, y = batch
        for i in range(0, len(weights), 2):
            h = h @ weights[i] + weights[i + 1]
            h = activation(h) if i < len(weights) - 2 else h
        loss = loss_of(h, y)
        grads = ag.gradients(loss, weights)
        return [w - lr * g for w, g in zip(weights, grads, strict=True)], [loss]

    return ag.Loop(step, task.weights(), data=[X, y])


def loop(task: Task) -> Work:
    """Ours: a `Loop`, many steps in one native call, as `nn.fit` runs them."""
    made = _loop(task)

    def start() -> None:
        made.state = task.weights()

    return training(start, made.run, lambda: made.state, task.steps)


def one_step(task: Task) -> Work:
    """Ours: the same, called for each step."""
    made = _loop(task)

    def start() -> None:
        made.state = task.weights()

    def run(steps: int) -> None:
        for _ in range(steps):
            made.run(1)

    return training(start, run, lambda: made.state)


def fit(task: Task) -> Work:
    """Ours: `nn.fit` on a TensorMLP, with all that it does around the steps."""
    X, y = task.data()
    model = nn.TensorMLP(task.widths[0], list(task.widths[1:]), task.activation, dtype=task.dtype, rng=1)
    targets = y if task.loss == "cross_entropy" else y[:, 0]

    def start() -> None:
        for p, w in zip(model.parameters(), task.weights(), strict=True):
            p.data = w

    def run(steps: int) -> None:
        nn.fit(model, X, targets, task.loss, optimizer=nn.SGD(lr=task.lr), steps=steps, batch_size=None, progress=False)

    return training(start, run, lambda: [p.data for p in model.parameters()], task.steps * 4)


# Peers ---------------------------------------------------------------------------------------------------------


def pytorch(task: Task, threads: int | None = 1, compiled: bool = False) -> Work:
    """PyTorch: Sequential and SGD, eager or with torch.compile; `threads` may be those that it chooses, None."""
    import torch

    if compiled and not (shutil.which("g++") or shutil.which("clang++")):
        raise Missing("PyTorch is here, but a C++ compiler, which torch.compile calls, is not")
    if threads is not None:
        torch.set_num_threads(threads)
    dtype, (X, y) = getattr(torch, task.dtype), map(torch.tensor, task.data())
    activation = torch.nn.ReLU if task.activation == "relu" else torch.nn.Tanh
    layers: list[Any] = []
    for left, right in pairwise(task.widths):
        layers += [torch.nn.Linear(left, right, dtype=dtype), activation()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=task.lr)
    losses = {
        "hinge": lambda z, y: torch.relu(1 - y * z).mean(),
        "mse": torch.nn.functional.mse_loss,
        "cross_entropy": torch.nn.functional.cross_entropy,
    }
    loss = losses[task.loss]
    turned = [torch.tensor(w.T.copy()) for w in task.weights()]

    def objective() -> Any:
        return loss(model(X), y)

    if compiled:
        objective = torch.compile(objective)

    def start() -> None:
        with torch.no_grad():
            for p, w in zip(model.parameters(), turned, strict=True):
                p.copy_(w)

    def run(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            objective().backward()
            optimizer.step()

    return training(start, run, lambda: [p.detach().numpy().T for p in model.parameters()])


def hips_(task: Task) -> Work:
    """HIPS autograd: value_and_grad of a loss written with its NumPy."""
    X, y = task.data()
    return hips(
        "net", X=X, y=y, weights=task.weights(), loss=task.loss, activation=task.activation, lr=task.lr, steps=CHECKED
    )


def _jax(task: Task) -> tuple[Any, Any, Any]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y = map(jnp.asarray, task.data())
    activation = jax.nn.relu if task.activation == "relu" else jnp.tanh

    def objective(weights: Any, X: Any, y: Any) -> Any:
        h = X
        for W, b in weights[:-1]:
            h = activation(h @ W + b)
        z = h @ weights[-1][0] + weights[-1][1]
        if task.loss == "hinge":
            return jax.nn.relu(1 - y * z).mean()
        if task.loss == "mse":
            return ((z - y) ** 2).mean()
        return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1).mean()

    def step(weights: Any, X: Any, y: Any) -> Any:
        loss, grads = jax.value_and_grad(objective)(weights, X, y)
        return jax.tree.map(lambda w, g: w - task.lr * g, weights, grads), loss

    return step, X, y


def _pairs(task: Task) -> Any:
    import jax.numpy as jnp

    flat = [jnp.asarray(w) for w in task.weights()]
    return list(zip(flat[::2], flat[1::2], strict=True))


def jax_jit(task: Task) -> Work:
    """JAX: a jitted step, called for each step."""
    import jax

    step, X, y = _jax(task)
    step = jax.jit(step)
    state: list[Any] = [None]

    def start() -> None:
        state[0] = jax.block_until_ready(_pairs(task))

    def run(steps: int) -> None:
        weights = state[0]
        for _ in range(steps):
            weights, _ = step(weights, X, y)
        state[0] = jax.block_until_ready(weights)

    return training(start, run, lambda: [x for pair in state[0] for x in pair])


def jax_scan(task: Task) -> Work:
    """JAX: all steps inside one jitted lax.scan."""
    import jax

    step, X, y = _jax(task)
    state: list[Any] = [None]

    def many(weights: Any, X: Any, y: Any, steps: int) -> Any:
        return jax.lax.scan(lambda w, _: step(w, X, y), weights, length=steps)

    many = jax.jit(many, static_argnames="steps")

    def start() -> None:
        state[0] = jax.block_until_ready(_pairs(task))

    def run(steps: int) -> None:
        state[0], _ = jax.block_until_ready(many(state[0], X, y, steps=steps))

    return training(start, run, lambda: [x for pair in state[0] for x in pair], task.steps)


def numpy_(task: Task) -> Work:
    """NumPy by hand: forward, backward and update written out."""
    X, y = task.data()
    weights: list[Any] = []
    hot = np.eye(task.widths[-1], dtype=task.dtype)[y] if task.loss == "cross_entropy" else y
    n, relu = len(X), task.activation == "relu"

    def start() -> None:
        weights[:] = task.weights()

    def run(steps: int) -> None:
        last = len(weights) - 2
        for _ in range(steps):
            hidden = [X]
            for i in range(0, last, 2):
                z = hidden[-1] @ weights[i]
                z += weights[i + 1]
                hidden.append(np.maximum(z, 0, out=z) if relu else np.tanh(z, out=z))
            z = hidden[-1] @ weights[last] + weights[last + 1]
            if task.loss == "hinge":
                margin = 1 - y * z
                np.maximum(margin, 0).mean()
                d = np.where(margin > 0, -y / n, 0).astype(task.dtype)
            elif task.loss == "mse":
                d = z - y
                np.square(d).mean()
                d *= 2 / n
            else:
                z -= z.max(axis=1, keepdims=True)
                d = np.exp(z)
                total = d.sum(axis=1, keepdims=True)
                (np.log(total)[:, 0] - z[np.arange(n), y]).mean()
                d /= total
                d -= hot
                d /= n
            for i in range(last, -1, -2):
                h = hidden.pop()
                W, b = weights[i], weights[i + 1]
                back = d @ W.T if i else None
                W -= task.lr * (h.T @ d)
                b -= task.lr * d.sum(axis=0)
                if back is not None:
                    back *= (h > 0) if relu else (1 - h * h)
                    d = back

    return training(start, run, lambda: weights)
