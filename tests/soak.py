"""Random training runs for as long as you like: `python tests/soak.py --minutes 60 [--seed 0]`.

A run draws a net, data, a loss, an optimiser and all that goes with them, and trains the net three times: eagerly,
natively, and eagerly from parameters that differ by rounding. What must hold:

- native and eager training end alike: with one error and its words, or with numbers that differ no more than what
  rounding does to this training (the third run measures it);
- every number is finite, or the error says that it is not; no other error comes, and nothing of the caller's changes;
- a net that is saved comes back to the bit;
- the process does not grow.

The first failure ends the soak with its seed; `--seed N --runs 1` does that run again.
"""

from __future__ import annotations

import argparse
import copy
import gc
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import nn

ALLOWED = 50  # MB that the process may grow by, after all kernels have been loaded
SETTLED = 200  # runs until then

OVERFLOWS = ("the loss became", "infinite or NaN")

EXPECTED = (ValueError, TypeError, FloatingPointError)


def some(rng: np.random.Generator, *things: Any) -> Any:
    return things[rng.integers(len(things))]


def data(rng: np.random.Generator) -> tuple[np.ndarray, Any, str, int, bool]:
    """Draw inputs, targets, the name of a loss, the width of the last layer, and whether it ends in a sigmoid."""
    n, width = int(some(rng, 3, 8, 20, 61)), int(rng.integers(1, 6))
    X = rng.normal(size=(n, width)) * some(rng, 1.0, 1.0, 1.0, 1e-3, 30.0, 1e150)
    if rng.random() < 0.2:
        X = np.round(X, 0)
    if rng.random() < 0.2:
        X = X.astype(np.float32) if np.abs(X).max() < 1e30 else X
    if rng.random() < 0.03:
        X[rng.integers(n), rng.integers(width)] = some(rng, np.nan, np.inf)
    loss = some(rng, *nn.losses.LOSSES)
    score = X @ rng.normal(size=width)
    if loss in ("mse", "mae", "huber", "gaussian_nll"):
        outputs = int(some(rng, 1, 1, 3))
        y = np.tanh(np.stack([score] * outputs, axis=1)) + 0.1 * rng.normal(size=(n, outputs))
        return X, y[:, 0] if outputs == 1 and rng.random() < 0.5 else y, loss, outputs, False
    if loss in ("bce", "bce_with_logits", "hinge", "squared_hinge"):
        y = (score > np.median(score)).astype(int)
        return X, some(rng, y, y.astype(bool), np.array(["no", "yes"])[y]), loss, 1, loss == "bce"
    classes = int(some(rng, 2, 3, 5))
    if loss == "kl_divergence":
        return X, rng.dirichlet(np.ones(classes), n), loss, classes, False
    y = rng.integers(0, classes, n)
    y[:classes] = np.arange(classes)[:n]
    return X, y, loss, classes, False


def layers(rng: np.random.Generator, fan_in: int, fan_out: int, last: list[nn.Module]) -> nn.Module:
    """Draw a net, of Values or of Tensors."""
    seed = int(rng.integers(1000))
    name = some(rng, "relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "silu", "softplus")
    widths = [int(w) for w in rng.integers(1, 9, rng.integers(0, 3))]
    if not last and rng.random() < 0.15:
        return nn.MLP(fan_in, [*widths[:1], fan_out], name, rng=seed, dropout=some(rng, 0.0, 0.0, 0.3))
    parts: list[nn.Module] = []
    width, dtype = fan_in, some(rng, np.float64, np.float64, np.float32)
    for i, wide in enumerate(widths):
        hidden: list[nn.Module] = [nn.Linear(width, wide, rng=seed + i, dtype=dtype), nn.Activation(name)]
        if rng.random() < 0.1 and dtype is np.float64:
            hidden = [nn.Maxout(width, wide, rng=seed + i)]
        parts += hidden
        extra = rng.random()
        if extra < 0.15:
            parts.append(nn.Dropout(0.3, rng=seed))
        elif extra < 0.25:
            parts.append(nn.Noise(0.1, rng=seed))
        elif extra < 0.4:
            parts.append(nn.Residual(nn.Linear(wide, wide, rng=seed + 50, dtype=dtype)))
        elif extra < 0.45:
            parts.append(nn.PReLU())
        width = wide
    return nn.Sequential(*parts, nn.Linear(width, fan_out, rng=seed + 99, dtype=dtype), *last)


def optimiser(rng: np.random.Generator) -> nn.Optimizer:
    rate: Any = float(some(rng, 1e-3, 1e-2, 0.1, 1.0, 30.0))
    rate = some(rng, rate, rate, rate, nn.schedules.Cosine(rate, 20), nn.schedules.StepDecay(rate, 5),
                nn.schedules.OnPlateau(rate, patience=1))  # fmt: skip
    rest = {"weight_decay": float(some(rng, 0.0, 0.0, 0.01)),
            "clip": some(rng, None, None, nn.ClipNorm(1.0), nn.ClipValue(0.1))}  # fmt: skip
    kind = some(rng, nn.SGD, nn.SGD, nn.Adagrad, nn.RMSprop, nn.Adam, nn.AdamW)
    if kind is nn.SGD and rng.random() < 0.5:
        rest |= {"momentum": 0.9, "nesterov": bool(rng.random() < 0.5)}
    elif kind is not nn.SGD:
        rest["eps"] = 1e-4  # with less, a gradient that is 0 but for rounding would become a long step
    return kind(lr=rate, **rest)


class Outcome:
    """How one training ended: its error, or its numbers."""

    def __init__(self, model: nn.Module, X: Any, y: Any, arguments: dict[str, Any]) -> None:
        self.model, self.error, self.history = model, None, None
        try:
            self.history = nn.fit(model, X, y, **arguments)
        except EXPECTED as error:
            self.error = error
        self.numbers = np.concatenate([np.ravel(x) for x in model.state_dict().values()]).astype(float)


def apart(one: Outcome, other: Outcome) -> float:
    """Give the largest difference of numbers, in units of the largest number."""
    scale = np.abs(one.numbers).max(initial=1.0)
    return float(np.abs(one.numbers / scale - other.numbers / scale).max(initial=0.0))


def run(seed: int, folder: Path) -> str:
    """Do one run; gives the kind of its end. Raises AssertionError where something does not hold."""
    rng = np.random.default_rng(seed)
    X, y, loss, outputs, squashed = data(rng)
    last: list[nn.Module] = [nn.Sigmoid()] if squashed else []
    if loss in ("nll", "kl_divergence"):
        last = [nn.LogSoftmax()]
    model, optimizer = layers(rng, X.shape[1], outputs, last), optimiser(rng)
    arguments: dict[str, Any] = {
        "loss": loss, "batch_size": some(rng, None, 1, 4, 7, 32), "epochs": int(rng.integers(1, 6)),
        "shuffle": bool(rng.random() < 0.8), "rng": int(rng.integers(1000)), "progress": False,
    }  # fmt: skip
    if rng.random() < 0.25:
        arguments["validation"] = 0.3
    if rng.random() < 0.2:
        arguments["penalty"] = some(rng, nn.L1, nn.L2)(0.01)
    if rng.random() < 0.2:
        arguments["sample_weight"] = rng.integers(0, 3, len(X)) + 0.5
    callbacks = rng.random()
    before = X.tobytes(), y.tobytes()

    def trained(compiled: bool, shift: float = 0.0) -> Outcome:
        own, mine = copy.deepcopy(model), dict(arguments)
        for parameter in own.parameters():
            parameter.data = parameter.data * (1.0 + shift)
        if callbacks < 0.2:
            mine["callbacks"] = [nn.EarlyStopping("loss", patience=1)]
        elif callbacks < 0.3:
            mine["callbacks"] = [lambda epoch, logs: None]
        elif callbacks < 0.4:
            mine["callbacks"] = [nn.Checkpoint(folder / f"{compiled}.npz")]
        return Outcome(own, X, y, {**mine, "optimizer": copy.deepcopy(optimizer), "compiled": compiled})

    eager, native = trained(False), trained(True)
    assert not (native.history and native.history.interrupted), "it ended by itself"
    assert before == (X.tobytes(), y.tobytes()), "the data have changed"
    for outcome in (eager, native):
        assert np.isfinite(outcome.numbers).all(), "a parameter is not finite"
    if eager.error is None and native.error is None:
        single = any(p.data.dtype == np.float32 for p in model.parameters() if hasattr(p.data, "dtype"))
        nudged = trained(False, 1e-6 if single else 1e-14)
        if nudged.error is None:
            allowed = 1000 * apart(eager, nudged) + (1e-4 if single else 1e-10)
            assert apart(eager, native) <= allowed, f"eager and native differ by {apart(eager, native)}, not {allowed}"
        path = folder / f"net{some(rng, '.npz', '.safetensors')}"
        nn.save(native.model, path)
        again = nn.load(path)
        assert all(np.array_equal(a, b) for a, b in zip(
            native.model.state_dict().values(), again.state_dict().values(), strict=True)), "other numbers"  # fmt: skip
        assert np.array_equal(native.model.outputs(X), again.outputs(X), equal_nan=True), "it gives other outputs"
        return "trained"
    words = [None if x.error is None else str(x.error) for x in (eager, native)]
    if any(word in str(words) for word in OVERFLOWS):  # rounding decides in which step, and what overflows first
        largest = [np.abs(outcome.numbers).max() for outcome in (eager, native) if outcome.error is None]
        assert words[0] == words[1] or not largest or max(largest) > 1e15, words
        return "not finite"
    assert words[0] == words[1], words
    return "refused: " + str(words[0])[:16]


def megabytes() -> float:
    """Give the memory of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def soak(minutes: float, seed: int, runs: int | None) -> int:
    ends: Counter[str] = Counter()
    warnings.simplefilter("error")
    end, settled, done = time.monotonic() + 60 * minutes, None, 0
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end and (runs is None or done < runs):
            try:
                ends[run(seed + done, Path(folder))] += 1
            except BaseException:
                traceback.print_exc()
                print(f"run {seed + done} failed: python tests/soak.py --seed {seed + done} --runs 1")
                return 1
            done += 1
            if done % SETTLED == 0:
                gc.collect()
                settled = settled or megabytes()
                print(f"{done} runs, {megabytes():.0f} MB, {ends['trained']} trained", flush=True)
    for kind, number in ends.most_common():
        print(f"{number:6} {kind}")
    grown = 0.0 if settled is None else megabytes() - settled
    print(f"{done} runs, grown by {grown:.0f} MB after the first {SETTLED}")
    return int(grown > ALLOWED)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=int)
    arguments = parser.parse_args()
    sys.exit(soak(arguments.minutes, arguments.seed, arguments.runs))
