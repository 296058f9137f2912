"""Training on handwritten digits until a share of unseen ones is read: the contenders."""

from __future__ import annotations

from typing import Any

import numpy as np

import nn

from .harness import Missing, Work

__all__ = ["TARGET", "ours", "pytorch", "sklearn_"]

TARGET, BATCH, RATE, EPOCHS = 0.96, 32, 1e-3, 200


def parts() -> tuple[Any, ...]:
    """Give the inputs and labels to train on, and those to test."""
    X, y = nn.datasets.digits()
    X, X_test, y, y_test = nn.split(np.asarray(X), np.asarray(y), 0.3, rng=0)
    return X.astype(np.float32), X_test.astype(np.float32), y, y_test


class _Until(nn.Callback):
    """Stops at the target."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        if logs["val_accuracy"] >= TARGET:
            self.training.stop("target")


def _training(train: Any) -> Work:
    """A step is a whole training, each from another seed; what counts as equal is that all reach the target."""

    def run(steps: int) -> None:
        for _ in range(steps):
            seeds.append(train(len(seeds)))

    def check() -> Any:
        run(1)
        return [float(seeds[-1] < EPOCHS)]

    seeds: list[int] = []
    return Work(run, check, steps=1)


def ours() -> Work:
    """Ours: `nn.fit` with Adam and validation after each epoch."""
    X, X_test, y, y_test = parts()

    def train(seed: int) -> int:
        model = nn.TensorMLP(64, [64, 10], dtype="float32", rng=seed)
        history = nn.fit(
            model, X, y, "cross_entropy", optimizer=nn.Adam(lr=RATE), epochs=EPOCHS, batch_size=BATCH,
            validation=(X_test, y_test), metrics=["accuracy"], callbacks=[_Until()], progress=False, rng=seed,
        )  # fmt: skip
        return len(history["loss"])

    return _training(train)


def sklearn_() -> Work:
    """scikit-learn: MLPClassifier with Adam, an epoch by `partial_fit`, as its users watch a score."""
    try:
        from sklearn.neural_network import MLPClassifier
    except ImportError as error:
        raise Missing("scikit-learn is not installed") from error
    X, X_test, y, y_test = parts()

    def train(seed: int) -> int:
        model = MLPClassifier((64,), batch_size=BATCH, learning_rate_init=RATE, alpha=0.0, random_state=seed)
        for epoch in range(EPOCHS):
            model.partial_fit(X, y, classes=np.unique(y))
            if model.score(X_test, y_test) >= TARGET:
                return epoch + 1
        return EPOCHS

    return _training(train)


def pytorch() -> Work:
    """PyTorch: Adam and a DataLoader."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    torch.set_num_threads(1)
    X, X_test, y, y_test = map(torch.tensor, parts())

    def train(seed: int) -> int:
        torch.manual_seed(seed)
        model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
        loader = DataLoader(TensorDataset(X, y), batch_size=BATCH, shuffle=True)
        for epoch in range(EPOCHS):
            for rows, labels in loader:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(rows), labels).backward()
                optimizer.step()
            with torch.no_grad():
                if (model(X_test).argmax(1) == y_test).float().mean() >= TARGET:
                    return epoch + 1
        return EPOCHS

    return _training(train)
