"""The nets that are trained in the races: full-batch gradient descent, each contender from the same weights."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

import nn

__all__ = ["BIG", "DIGITS", "LARGEST", "MOONS", "RANDOM_LABELS", "WIDE", "XOR", "Task"]


@dataclass(frozen=True)
class Task:
    """A net of dense layers with ReLU or tanh between them, and the batch that every step sees.

    Attributes:
        name: what the row is called.
        widths: of the inputs, the hidden layers and the outputs.
        batch: the number of rows.
        loss: "hinge" of one output and labels -1 and 1, "mse" of one output, or "cross_entropy" of logits.
        lr: the learning rate of plain SGD.
        dtype: of everything.
        activation: of the hidden layers.
        steps: how many steps a run of a native loop takes.
    """

    name: str
    widths: tuple[int, ...]
    batch: int
    loss: str
    lr: float
    dtype: str
    activation: str
    steps: int

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Give the inputs, and the targets: a column, or whole numbers."""
        if self.loss == "hinge":
            X, y = nn.datasets.moons(self.batch, noise=0.1, rng=1)
            X, y = X, 2.0 * y[:, None] - 1.0
        elif self.loss == "mse":
            X, y = nn.datasets.xor()
            y = np.reshape(y, (-1, 1))
        else:  # timing does not ask what the pixels show
            rng = np.random.default_rng(1)
            X, y = rng.random((self.batch, self.widths[0])), rng.integers(0, self.widths[-1], self.batch)
        return X.astype(self.dtype), y if self.loss == "cross_entropy" else y.astype(self.dtype)

    def weights(self) -> list[np.ndarray]:
        """Give weight `(left, right)` and bias of one layer after the other."""
        rng = np.random.default_rng(2)
        out: list[Any] = []
        for left, right in pairwise(self.widths):
            out += [rng.normal(size=(left, right)) * np.sqrt(2 / left), 0.1 * rng.normal(size=right)]
        return [x.astype(self.dtype) for x in out]


MOONS = Task("moons, 2-16-16-1, batch 100, float32, hinge", (2, 16, 16, 1), 100, "hinge", 0.05, "float32", "relu", 1000)
XOR = Task("XOR, 2-2-1, batch 4, float64, squared error", (2, 2, 1), 4, "mse", 0.1, "float64", "tanh", 5000)
DIGITS = Task(
    "digits' size, 64-64-10, batch 32, float32, cross-entropy",
    (64, 64, 10), 32, "cross_entropy", 0.1, "float32", "relu", 500,
)  # fmt: skip
WIDE = Task(
    "784-128-10, batch 128, float32, cross-entropy",
    (784, 128, 10), 128, "cross_entropy", 0.05, "float32", "relu", 20,
)  # fmt: skip
BIG = Task(
    "784-512-512-10, batch 128, float32, cross-entropy",
    (784, 512, 512, 10), 128, "cross_entropy", 0.05, "float32", "relu", 4,
)  # fmt: skip
LARGEST = Task(
    "784-1024-1024-10, batch 256, float32, cross-entropy",
    (784, 1024, 1024, 10), 256, "cross_entropy", 0.05, "float32", "relu", 2,
)  # fmt: skip
RANDOM_LABELS = [
    Task(
        f"random labels, 40-{'-'.join([str(width)] * depth)}-10, batch 4,000, float32, cross-entropy",
        (40, *[width] * depth, 10), 4000, "cross_entropy", 0.0025, "float32", "relu", 4,
    )
    for depth, width in ((1, 298), (2, 100), (3, 75), (4, 63))
]  # fmt: skip
"""The same number of parameters, one to four layers deep, full batch: the experiment on depth and fitting."""
