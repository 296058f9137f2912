"""Checkpoints: all that training needs to go on to the same bits, in one file that is always whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .callbacks import Callback, Logs, Monitor, Training
from .checks import count
from .files import PathLike
from .randomness import Random, same_state
from .saving import notes, restore, save

__all__ = ["Checkpoint", "read", "resume", "snapshot"]


class Checkpoint(Callback):
    """Save the training in a file: the model, the optimiser and all else that `fit(..., resume=...)` needs to go on.

    The file is replaced in one moment: whenever the program is killed, there is a whole one. `nn.load(path)` makes
    the model that it holds. It is written after all other callbacks have had their turn.

    Args:
        path: a file that ends in `.safetensors` or in `.npz`.
        every: after how many epochs.
        monitor: save only when this number has become better, as for `EarlyStopping`.
        mode: "min" or "max", as for `EarlyStopping`.

    Raises:
        ValueError, TypeError: an argument is not as above.

    >>> import tempfile
    >>> from nn import TensorMLP, datasets, fit
    >>> X, y = datasets.xor()
    >>> def train(epochs, path):
    ...     model = TensorMLP(2, [4, 1], rng=1)
    ...     saving = Checkpoint(path)
    ...     return fit(model, X, y, epochs=epochs, batch_size=2, callbacks=[saving], resume=True, rng=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     half, whole = train(5, f"{folder}/a.npz"), train(10, f"{folder}/b.npz")
    ...     train(10, f"{folder}/a.npz") == whole
    True
    """

    last = True

    def __init__(self, path: PathLike, *, every: int = 1, monitor: str | None = None, mode: str | None = None) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"`path` is the name of a file, such as 'training.npz', not {path!r:.60}")
        self.path, self.every = Path(path), count(every, "every")
        self.monitor = None if monitor is None else Monitor(monitor, mode=mode)

    def on_train_begin(self, logs: Logs) -> None:
        """Find out whether the file can be written."""
        if self.path.suffix not in (".npz", ".safetensors"):
            raise ValueError(f"`path` {str(self.path)!r} must end in .npz or .safetensors")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {str(self.path.parent)!r} to write {self.path.name!r} in")
        if self.monitor is not None:
            self.monitor.training = self.training
            self.monitor.on_train_begin(logs)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Save, if it is time."""
        better = self.monitor is None or self.monitor.improves(epoch, logs)
        if better and (epoch + 1) % self.every == 0:
            save(self.model, self.path, self.training.optimizer, also=self.training.state())

    def state_dict(self) -> dict[str, Any]:
        """Give the best number."""
        return {} if self.monitor is None else self.monitor.state_dict()

    def load_state_dict(self, state: Any) -> None:
        """Take up what `state_dict` gave."""
        if self.monitor is not None:
            self.monitor.load_state_dict(state)


def snapshot(
    training: Training, callbacks: list[Callback], order: np.random.Generator, settings: dict[str, Any]
) -> dict[str, Any]:
    """Give all that training can go on from, but the model's parameters and the optimiser's state.

    Args:
        order: draws the order of the rows.
        settings: what must be the same when it goes on; numbers and texts by name.
    """
    return {
        "what": "training",
        "settings": settings,
        "epoch": training.epoch,
        "steps": training.steps,
        "stopped": training.history.stopped,
        "history": {name: np.array(row, dtype=np.float64) for name, row in training.history.items()},
        "order": order,
        "generators": dict(training.model.named_generators()),
        "callbacks": [[type(callback).__name__, callback.state_dict()] for callback in callbacks],
    }


def read(path: PathLike) -> dict[str, Any]:
    """Read what `snapshot` gave, from a file that Checkpoint has written.

    Raises:
        OSError, ValueError: there is no such file, or it is damaged, or it is no checkpoint of a training.
    """
    found = notes(path)
    if not isinstance(found, dict) or found.get("what") != "training":
        raise ValueError(f"{os.fspath(path)!r} is no checkpoint of `fit`: one is written by `nn.Checkpoint`")
    wrong = [name for name, fits in _PARTS.items() if not fits(found.get(name))]
    if wrong or any(len(row) != found["epoch"] for row in found["history"].values()):
        wrong = wrong or ["history"]
        raise ValueError(f"{os.fspath(path)!r} is damaged in its {', '.join(map(repr, wrong))}")
    return found


def _whole(x: Any, least: int = 0) -> bool:
    return type(x) is int and least <= x < 2**63


def _by_name(x: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(x, dict) and all(isinstance(name, str) and fits(part) for name, part in x.items())


_PARTS: dict[str, Callable[[Any], bool]] = {
    "settings": lambda x: isinstance(x, dict) and type(x.get("key")) is int and x["key"] >= 0
    and _whole(x.get("batches"), 1),
    "epoch": _whole,
    "steps": _whole,
    "stopped": lambda x: isinstance(x, str),
    "history": lambda x: _by_name(x, lambda row: isinstance(row, np.ndarray) and row.ndim == 1 and row.dtype == float),
    "order": lambda x: isinstance(x, np.random.Generator),
    "generators": lambda x: _by_name(x, lambda rng: isinstance(rng, Random)),
    "callbacks": lambda x: isinstance(x, list)
    and all(isinstance(pair, list) and len(pair) == 2 and _by_name(pair[1], lambda _: True) for pair in x),
}
"""What must stand in a checkpoint, as `snapshot` gives it."""


def resume(
    path: PathLike,
    found: dict[str, Any],
    training: Training,
    callbacks: list[Callback],
    order: np.random.Generator,
    settings: dict[str, Any],
) -> None:
    """Put all back as it was when the file was written; `found` is what `read` gave of it.

    Raises:
        ValueError: names all in which the training differs from the one that was saved; nothing is changed then.
    """
    generators = dict(training.model.named_generators())
    kinds = [type(callback).__name__ for callback in callbacks]
    pairs = [(name, found["settings"].get(name), now) for name, now in settings.items()]
    pairs += [
        ("callbacks", [kind for kind, _ in found["callbacks"]], kinds),
        ("numbers of an epoch", list(found["history"]), list(training.history)),
        ("generators of random numbers in the model", list(found["generators"]), list(generators)),
    ]
    wrong = [f"{name}: {now!r}, and in the file {before!r}" for name, before, now in pairs if before != now]
    if wrong:
        raise ValueError(
            f"{os.fspath(path)!r} is of another training, so nothing was changed:\n  " + "\n  ".join(wrong)
        )
    sources = [(generator, found["generators"][name]) for name, generator in generators.items()]
    sources.append((order, found["order"]))
    if any(_kind(one) != _kind(other) for one, other in sources):
        raise ValueError(f"{os.fspath(path)!r} holds other kinds of generators of random numbers: nothing was changed")
    for callback, (_, state) in zip(callbacks, found["callbacks"], strict=True):
        try:
            callback.load_state_dict(state)  # before the model is changed; what a training begins with is set anew
        except (TypeError, LookupError, ValueError) as error:
            reason = f"{type(callback).__name__} does not take its state: {error}"
            raise ValueError(f"{os.fspath(path)!r} is damaged in its 'callbacks': {reason}") from error
    restore(training.model, path, training.optimizer)
    for one, other in sources:
        same_state(one, other)
    training.history.update({name: row.tolist() for name, row in found["history"].items()})
    training.history.stopped = found["stopped"]
    training.epoch, training.steps = found["epoch"], found["steps"]


def _kind(rng: Random) -> type:
    return type(rng.bit_generator) if isinstance(rng, np.random.Generator) else type(rng)
