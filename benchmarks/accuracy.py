"""Training until a share of unseen examples is named rightly: the contenders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import nn

from .harness import Missing, Work

__all__ = ["DIGITS", "MNIST_1D", "Goal", "ours", "pytorch", "sklearn_"]

BATCH, RATE, EPOCHS = 32, 1e-3, 200


@dataclass(frozen=True)
class Goal:
    """What is to be learnt, and how well.

    Attributes:
        name: what the row is called.
        target: the share of the unseen examples that ends the training.
        hidden: widths of the hidden layers; between the inputs and ten outputs, with ReLU.
        load: gives `X_train, X_test, y_train, y_test`.
    """

    name: str
    target: float
    hidden: tuple[int, ...]
    load: Callable[[], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]

    def parts(self) -> tuple[Any, ...]:
        """Give the data, the inputs in float32."""
        X, X_test, y, y_test = self.load()
        return X.astype(np.float32), X_test.astype(np.float32), y, y_test


def _digits() -> Any:
    X, y = nn.datasets.digits()
    return nn.split(np.asarray(X), np.asarray(y), 0.3, rng=0)


DIGITS = Goal("digits until 96% of 539 unseen are right, 64-64-10", 0.96, (64,), _digits)
MNIST_1D = Goal("MNIST-1D until 60% of 1,000 unseen are right, 40-100-100-10", 0.6, (100, 100), nn.datasets.mnist1d)


class _Until(nn.Callback):
    """Stops at the target."""

    def __init__(self, target: float) -> None:
        self.target = target

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if logs["val_accuracy"] >= self.target:
            self.training.stop("target")


def _training(train: Callable[[int], int]) -> Work:
    """A step is a whole training, each from another seed; what counts as equal is that all reach the target."""

    def run(steps: int) -> None:
        for _ in range(steps):
            epochs.append(train(len(epochs)))

    def check() -> Any:
        run(1)
        return [float(epochs[-1] < EPOCHS)]

    epochs: list[int] = []
    return Work(run, check, steps=1)


def ours(goal: Goal) -> Work:
    """Ours: `nn.fit` with Adam and validation after each epoch."""
    X, X_test, y, y_test = goal.parts()

    def train(seed: int) -> int:
        model = nn.TensorMLP(X.shape[1], [*goal.hidden, 10], dtype="float32", rng=seed)
        history = nn.fit(
            model, X, y, "cross_entropy", optimizer=nn.Adam(lr=RATE), epochs=EPOCHS, batch_size=BATCH,
            validation=(X_test, y_test), metrics=["accuracy"], callbacks=[_Until(goal.target)], progress=False,
            rng=seed,
        )  # fmt: skip
        return len(history["loss"])

    return _training(train)


def sklearn_(goal: Goal) -> Work:
    """scikit-learn: MLPClassifier with Adam, an epoch by `partial_fit`, as its users watch a score."""
    try:
        from sklearn.neural_network import MLPClassifier
    except ImportError as error:
        raise Missing("scikit-learn is not installed") from error
    X, X_test, y, y_test = goal.parts()

    def train(seed: int) -> int:
        model = MLPClassifier(goal.hidden, batch_size=BATCH, learning_rate_init=RATE, alpha=0.0, random_state=seed)
        for epoch in range(EPOCHS):
            model.partial_fit(X, y, classes=np.unique(y))
            if model.score(X_test, y_test) >= goal.target:
                return epoch + 1
        return EPOCHS

    return _training(train)


def pytorch(goal: Goal) -> Work:
    """PyTorch: Adam and a DataLoader."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    torch.set_num_threads(1)
    X, X_test, y, y_test = map(torch.tensor, goal.parts())

    def train(seed: int) -> int:
        torch.manual_seed(seed)
        layers: list[Any] = []
        for left, right in zip((X.shape[1], *goal.hidden), (*goal.hidden, 10), strict=True):
            layers += [torch.nn.Linear(left, right), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        loader = DataLoader(TensorDataset(X, y), batch_size=BATCH, shuffle=True)
        for epoch in range(EPOCHS):
            for rows, labels in loader:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(rows), labels).backward()
                optimizer.step()
            with torch.no_grad():
                if (model(X_test).argmax(1) == y_test).float().mean() >= goal.target:
                    return epoch + 1
        return EPOCHS

    return _training(train)
