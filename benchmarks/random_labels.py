"""`python -m benchmarks.random_labels [--epochs N] [--to FILE]`: how depth helps a net to learn labels by heart.

Four nets of about 15,000 parameters, with one to four hidden layers of ReLU, learn the 4,000 examples of MNIST-1D with
labels drawn by chance, by plain gradient descent on all of them at once. There is nothing to understand, so the share
of labels still wrong says how easily each net bends. (Prince, Understanding Deep Learning, section 20.2.)

The nets take turns. After each turn the net and its curve are kept beside the results, and the same command goes on
from there. A net that knows every label is done.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import nn

from .environment import described

HIDDEN = [[298], [100, 100], [75, 75, 75], [63, 63, 63, 63]]
RATE, TURN, SEED = 0.0025, 1000, 0
RESULTS = Path(__file__).parent / "results" / "random_labels.json"


def data() -> tuple[np.ndarray, np.ndarray]:
    """Give the 4,000 series of 40 numbers, and a label for each that has nothing to do with it."""
    X, *_ = nn.datasets.mnist1d(5000)
    return X.astype(np.float32), np.random.default_rng(SEED).integers(0, 10, len(X))


def net(hidden: list[int]) -> nn.TensorMLP:
    return nn.TensorMLP(40, [*hidden, 10], "relu", initializer="he_normal", dtype="float32", rng=SEED)


def turn(hidden: list[int], epochs: int, folder: Path) -> dict[str, Any]:
    """Train a net until `epochs` or for a turn, from where its last one ended, and give its curve."""
    X, y = data()
    model, kept = net(hidden), folder / f"{len(hidden)}x{hidden[0]}.npz"
    curve: dict[str, Any] = {"epochs": [0], "errors": [_error(model, X, y)], "losses": []}
    if kept.exists():
        curve = nn.restore(model, kept)
    steps = min(TURN, epochs - curve["epochs"][-1])
    if steps <= 0 or curve["errors"][-1] == 0:
        return curve
    history = nn.fit(
        model, X, y, "cross_entropy", optimizer=nn.SGD(lr=RATE), epochs=steps, batch_size=None, compiled=True,
        progress=False,
    )  # fmt: skip
    curve["epochs"].append(curve["epochs"][-1] + steps)
    curve["errors"].append(_error(model, X, y))
    curve["losses"].append(round(history["loss"][-1], 5))
    nn.save(model, kept, also=curve)
    return curve


def _error(model: nn.TensorMLP, X: np.ndarray, y: np.ndarray) -> float:
    """Give the share of labels that the largest output misses."""
    return round(float(np.mean(np.argmax(np.asarray(model(X).data), axis=1) != y)), 5)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.random_labels", description="Depth, and labels learnt by heart.")
    parser.add_argument("--epochs", type=int, default=100_000, help="at most so many of each net (100,000)")
    parser.add_argument("--to", type=Path, default=RESULTS, metavar="FILE", help="the file of the curves")
    args = parser.parse_args()
    folder = args.to.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    setting = {
        "examples": 4000, "inputs": 40, "classes": 10, "rate": RATE, "initializer": "he_normal", "dtype": "float32",
    }  # fmt: skip
    before: list[Any] = []
    while True:
        nets = []
        for hidden in HIDDEN:
            curve = turn(hidden, args.epochs, folder)
            nets.append({"hidden": hidden, "parameters": sum(p.data.size for p in net(hidden).parameters()), **curve})
        if nets == before:
            break
        before = nets
        args.to.write_text(json.dumps({"environment": described(), "setting": setting, "nets": nets}) + "\n")
        print(*(f"{len(n['hidden'])} hidden: {n['epochs'][-1]} epochs, {n['errors'][-1]:.4f}" for n in nets), sep="; ")


if __name__ == "__main__":
    main()
