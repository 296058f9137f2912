"""A thousand nets 2-3-1 on the data of XOR, trained side by side: the contenders."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import autograd as ag
import nn

from .harness import Work

__all__ = ["many_jax", "many_loop", "many_pytorch"]

NETS, STEPS = 1000, 1000


def xor() -> tuple[np.ndarray, np.ndarray]:
    X, y = nn.datasets.xor()
    return np.asarray(X, float), np.ravel(y).astype(float)


def many_weights(nets: int) -> np.ndarray:
    """Give the 13 parameters of each net 2-3-1: shape `(13, nets)`."""
    return np.random.default_rng(3).normal(size=(13, nets))


def many_loop() -> Work:
    """Ours: the formulas of one net of single numbers, given arrays with a lane for each net, in a `Loop`."""
    X, y = xor()

    def step(w: list[Any], _: Any, __: Any) -> Any:
        loss = 0.0
        for (x1, x2), target in zip(X.tolist(), y.tolist(), strict=True):
            hidden = [ag.tanh(w[3 * i] * x1 + w[3 * i + 1] * x2 + w[3 * i + 2]) for i in range(3)]
            score = w[9] * hidden[0] + w[10] * hidden[1] + w[11] * hidden[2] + w[12]
            loss = loss + ag.square(score - target)
        loss = loss * 0.25
        grads = ag.gradients(ag.sum(loss), w)
        return [a - 0.1 * g for a, g in zip(w, grads, strict=True)], [loss]

    loop = ag.Loop(step, list(many_weights(NETS)))

    def start() -> None:
        loop.state = list(many_weights(NETS))

    def check() -> Any:
        start()
        _, (losses,) = loop.run(50)
        return [losses[-1, :20]]

    return Work(loop.run, check, start, STEPS)


def many_jax() -> Work:
    """JAX: one net, vmap over the nets, lax.scan over the steps."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    X, y = map(jnp.asarray, xor())

    def objective(p: Any) -> Any:
        W1, b1, w2, b2 = p
        return ((jnp.tanh(X @ W1 + b1) @ w2 + b2 - y) ** 2).mean()

    def step(p: Any, _: Any) -> Any:
        loss, grads = jax.value_and_grad(objective)(p)
        return jax.tree.map(lambda a, g: a - 0.1 * g, p, grads), loss

    def train(p: Any, steps: int) -> Any:
        return jax.lax.scan(step, p, length=steps)

    many = jax.jit(lambda p, steps: jax.vmap(partial(train, steps=steps))(p), static_argnames="steps")
    w = many_weights(NETS)
    first = w[:9].reshape(3, 3, NETS)  # unit, (x1, x2, bias), net
    start = jax.tree.map(
        jnp.asarray, (first[:, :2].transpose(2, 1, 0), first[:, 2].T, w[9:12].T, w[12])
    )  # (net, 2, 3), (net, 3), (net, 3), (net,)

    def run(steps: int) -> Any:
        return jax.block_until_ready(many(start, steps=steps))

    return Work(run, lambda: [run(50)[1][:20, -1]], steps=STEPS)


def many_pytorch() -> Work:
    """PyTorch: one net after the other in a Python loop; 20 nets and 50 steps are run, and the rest extrapolated."""
    import torch

    torch.set_num_threads(1)
    X, y = map(torch.tensor, xor())
    w = many_weights(NETS)

    def train(net: int, steps: int) -> float:
        first = w[:9, net].reshape(3, 3)
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
        with torch.no_grad():
            for p, own in zip(model.parameters(), (first[:, :2], first[:, 2], w[9:12, net], w[12, net]), strict=True):
                p.copy_(torch.tensor(own).reshape(p.shape))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(X)[:, 0], y)
            loss.backward()
            optimizer.step()
        return loss.item()

    def run(steps: int) -> None:
        """A step of all nets takes as long as `NETS` steps of one."""
        train(0, steps * NETS)

    return Work(run, lambda: [[train(net, 50) for net in range(20)]], steps=1)
