"""`python -m benchmarks.experiments [NAME ...] [--to FOLDER]`: the experiments of the course, run to the end.

Each writes a small file, `results/NAME.json`, after every single run, and the same command goes on from there. The
notebooks show short versions live, and the whole from these files. Random labels have a script of their own,
`benchmarks.random_labels`.

- `depth`: MNIST-1D, test accuracy against depth with equal parameters, and against parameters for one and three layers
  (Goodfellow, Bengio and Courville, Deep Learning, figures 6.6 and 6.7).
- `regions`: the most linear regions against parameters, for 1 and 10 inputs (Prince, figure 4.7).
- `activation_race`: epochs to a loss of 0.05 on two moons and of 0.5 on MNIST-1D (Krizhevsky et al. 2012 report a
  factor of six between ReLU and tanh).
- `bias_variance`: both on a noisy sine, against the number of hidden units.
- `double_descent`: MNIST-1D with a fifth of the labels wrong, test error against the width.
- `dropout`: the mean of many thinned nets against the scaled net, on digits.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from math import comb, log10
from pathlib import Path
from typing import Any

import numpy as np

import nn

from .environment import described

Setting = dict[str, Any]

RESULTS = Path(__file__).parent / "results"
SEEDS = 3


# Each experiment: the settings of its runs, and what one of them gives. ----------------------------------------


def depth_settings() -> Iterator[Setting]:
    """List nets of about 15,000 parameters and one to six layers, then wider and wider ones of one and three."""
    for depth in range(1, 7):
        yield {"kind": "same parameters", "depth": depth, "width": _widest(depth, 15_000)}
    for depth in (1, 3):
        for most in (1_000, 3_000, 10_000, 30_000, 100_000):
            yield {"kind": "wider", "depth": depth, "width": _widest(depth, most)}


def depth(setting: Setting) -> Setting:
    X, X_test, y, y_test = nn.datasets.mnist1d()
    right = []
    for seed in range(SEEDS):
        model = _net(setting, seed)
        nn.fit(model, X, y, "cross_entropy", optimizer=nn.Adam(lr=0.005), epochs=30, batch_size=100, rng=seed)
        right.append(round(float(np.mean(model.predict(X_test) == y_test)), 4))
    return {"parameters": model.num_parameters(), "right": right}


def regions_settings() -> Iterator[Setting]:
    for inputs, widths in ((1, (3, 10, 30, 100, 300)), (10, (10, 30, 100, 300))):
        for layers in (1, 2, 3, 5):
            yield from ({"inputs": inputs, "layers": layers, "width": width} for width in widths)


def regions(setting: Setting) -> Setting:
    d, k, w = setting["inputs"], setting["layers"], setting["width"]
    most = (w // d + 1) ** (d * (k - 1)) * sum(comb(w, j) for j in range(d + 1))
    return {"parameters": (d + 1) * w + (k - 1) * w * (w + 1) + w + 1, "log10_regions": round(log10(most), 3)}


def activation_race_settings() -> Iterator[Setting]:
    for task in ("moons", "mnist1d"):
        for activation in ("sigmoid", "tanh", "relu", "leaky_relu"):
            yield from ({"task": task, "activation": activation, "seed": seed} for seed in range(SEEDS))


def activation_race(setting: Setting) -> Setting:
    seed, activation = setting["seed"], setting["activation"]
    if setting["task"] == "moons":
        (X, y), sizes, loss, goal = nn.datasets.moons(200, noise=0.1, rng=0), [2, 16, 16, 1], "bce_with_logits", 0.05
        batch, optimizer = 20, nn.SGD(lr=0.3)
    else:
        X, _, y, _ = nn.datasets.mnist1d()
        sizes, loss, goal, batch, optimizer = [40, 100, 100, 10], "cross_entropy", 0.5, 100, nn.SGD(lr=0.05)
    model = nn.TensorMLP(sizes[0], sizes[1:], activation, rng=seed)
    run = nn.fit(model, X, y, loss, optimizer=optimizer, epochs=1000, batch_size=batch, rng=seed)
    below = np.flatnonzero(np.array(run["loss"]) < goal)
    return {"goal": goal, "epochs": int(below[0]) + 1 if len(below) else None}


def bias_variance_settings() -> Iterator[Setting]:
    yield from ({"units": units} for units in (1, 2, 3, 5, 10, 30))


def bias_variance(setting: Setting) -> Setting:
    grid, noise = np.linspace(-1, 1, 101)[:, None], 0.3
    fits = []
    for seed in range(30):
        X, y = nn.datasets.curve("sin", 20, noise=noise, rng=seed)
        model = nn.TensorMLP(1, [setting["units"], 1], "tanh", initializer="he_normal", rng=seed)
        nn.fit(model, X, y, "mse", optimizer=nn.Adam(lr=0.02), epochs=1500, batch_size=None)
        fits.append(model.outputs(grid)[:, 0])
    truth, mean = np.sin(np.pi * grid[:, 0]), np.mean(fits, axis=0)
    bias, variance = float(np.mean((mean - truth) ** 2)), float(np.var(fits, axis=0).mean())
    return {"bias": round(bias, 4), "variance": round(variance, 4)}


def double_descent_settings() -> Iterator[Setting]:
    yield from ({"depth": 1, "width": width} for width in (2, 5, 10, 15, 20, 30, 50, 100, 200, 400))


def double_descent(setting: Setting) -> Setting:
    X, X_test, y, y_test = nn.datasets.mnist1d()
    rng = np.random.default_rng(0)
    X, y = X[:1000], np.where(rng.random(1000) < 0.2, rng.integers(0, 10, 1000), y[:1000])
    model = _net(setting, 0)
    nn.fit(model, X, y, "cross_entropy", optimizer=nn.Adam(lr=0.003), epochs=600, batch_size=100, rng=0)
    wrong = [round(float(np.mean(model.predict(x) != t)), 4) for x, t in ((X, y), (X_test, y_test))]
    return {"parameters": model.num_parameters(), "train": wrong[0], "test": wrong[1]}


def dropout_settings() -> Iterator[Setting]:
    yield from ({"nets": nets} for nets in (1, 3, 10, 30, 100, 300))


def dropout(setting: Setting) -> Setting:
    X, y = nn.datasets.digits()
    X, X_test, y, y_test = nn.split(X, y, 0.25, rng=0)
    model = nn.TensorMLP(64, [64, 64, 10], dropout=0.5, rng=0)
    nn.fit(model, X, y, "cross_entropy", optimizer=nn.Adam(lr=0.003), epochs=60, rng=0)
    scaled = float(np.mean(model.predict(X_test) == y_test))
    model.train()
    chances = np.zeros((len(X_test), 10))
    for _ in range(setting["nets"]):
        scores = np.asarray(model(X_test).data)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances += powers / powers.sum(axis=1, keepdims=True)
    mean = float(np.mean(chances.argmax(axis=1) == y_test))
    return {"mean_of_thinned": round(mean, 4), "scaled": round(scaled, 4)}


EXPERIMENTS: dict[str, tuple[Callable[[], Iterator[Setting]], Callable[[Setting], Setting]]] = {
    "depth": (depth_settings, depth),
    "regions": (regions_settings, regions),
    "activation_race": (activation_race_settings, activation_race),
    "bias_variance": (bias_variance_settings, bias_variance),
    "double_descent": (double_descent_settings, double_descent),
    "dropout": (dropout_settings, dropout),
}


def _net(setting: Setting, seed: int) -> nn.TensorMLP:
    sizes = [*[setting["width"]] * setting["depth"], 10]
    return nn.TensorMLP(40, sizes, initializer="he_normal", dtype="float32", rng=seed)


def _widest(layers: int, most: int) -> int:
    """Return the largest width with which a net of MNIST-1D has at most so many parameters."""
    return max(w for w in range(1, 2000) if 41 * w + (layers - 1) * w * (w + 1) + 10 * (w + 1) <= most)


def resume(name: str, folder: Path) -> None:
    """Run what is missing in the file of an experiment; write the file after each run."""
    settings, run = EXPERIMENTS[name]
    path = folder / f"{name}.json"
    runs = json.loads(path.read_text())["runs"] if path.exists() else []
    for setting in settings():
        if any(setting.items() <= old.items() for old in runs):
            continue
        runs.append({**setting, **run(setting)})
        lines = ",\n".join(json.dumps(row) for row in runs)
        path.write_text(f'{{"environment": {json.dumps(described())},\n"runs": [\n{lines}\n]}}\n')
        print(name, runs[-1], flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.experiments", description="The experiments of the course.")
    parser.add_argument("name", nargs="*", help=f"of {', '.join(EXPERIMENTS)}; all if left out")
    parser.add_argument("--to", type=Path, default=RESULTS, metavar="FOLDER", help="where the files are")
    given = parser.parse_args(arguments)
    if unknown := set(given.name) - set(EXPERIMENTS):
        parser.error(f"no experiment {', '.join(sorted(unknown))} among {', '.join(EXPERIMENTS)}")
    given.to.mkdir(parents=True, exist_ok=True)
    for name in given.name or EXPERIMENTS:
        resume(name, given.to)


if __name__ == "__main__":
    main()
