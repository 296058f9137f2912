"""Checkpoints: all that training needs to go on to the same bits, in one file that is always whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import count
from ..randomness import Random
from ..saving.files import PathLike, check, form_of, replace
from ..saving.saving import notes, packed, restore
from .callbacks import Callback, Logs, Monitor, Training
from .preparation import Prepared
from .steps import Plan, Steps


class Checkpoint(Callback):
    """Save the training in a file: the model, the optimiser and all else that `fit(..., resume=...)` needs to go on.

    The file is replaced in one moment: whenever the program is killed, there is a whole one. `nn.load(path)` makes
    the model that it holds. It is written after all other callbacks have had their turn.

    Args:
        path: a file that ends in `.safetensors` or in `.npz`.
        every: after how many epochs.
        monitor: save only when this number has become better, as for `EarlyStopping`. With "loss" the file holds the
            training as it was at the start of that epoch, with the parameters that had this loss.
        mode: "min" or "max", as for `EarlyStopping`.

    What `fit(..., resume=...)` does with its arguments:

    - `model`, `X`, `y`, `loss`, `batch_size`, `shuffle`, `drop_last`, `validation`, `metrics`, `sample_weight`,
      `class_weight`, the class of the optimizer, and `rng` where it is a seed: must be those of the checkpoint. `fit`
      refuses others, and names the old and the new value. Of the model, names and shapes of the state, the kinds of
      layers and what is frozen are compared.
    - Learning rate or schedule: the new one is used. One that is given as it was at first goes on where it stood.
    - `epochs`, `steps`, `penalty`, `compiled`, `progress`, other settings of the optimizer, rates of dropout: the new
      ones are used.
    - `callbacks`: the new ones are used. One of a class (and monitor) that the checkpoint has goes on with its state.
      A training that a callback has stopped goes on only if they differ.
    - `rng`, where it is a generator or None: that of the checkpoint is used.

    Raises:
        ValueError, TypeError: an argument is not as above.

    >>> import tempfile
    >>> from chalkgrad.nn import TensorMLP, datasets, fit
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
        form_of(path)
        self.path, self.every = Path(path), count(every, "every")
        self.monitor = None if monitor is None else Monitor(monitor, mode=mode)

    def on_train_begin(self, logs: Logs) -> None:
        """Find out whether the file can be written."""
        self._at_start = b""
        check(self.path)
        if self.monitor is not None:
            self.monitor.training = self.training
            self.monitor.on_train_begin(logs)

    def _packed(self) -> bytes:
        return packed(self.model, self.path, self.training.optimizer, also=self.training.state())

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Keep the training whose parameters have the loss of this epoch."""
        if self.monitor is not None and self.monitor.monitor == "loss" and (epoch + 1) % self.every == 0:
            self._at_start = self._packed()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Save, if it is time."""
        better = self.monitor is None or self.monitor.improves(epoch, logs)
        if better and (epoch + 1) % self.every == 0:
            replace(self.path, self._at_start or self._packed())

    def state_dict(self) -> dict[str, Any]:
        """Return the best number."""
        return {} if self.monitor is None else self.monitor.state_dict()

    def load_state_dict(self, state: Any) -> None:
        """Take up what `state_dict` gave."""
        if self.monitor is not None:
            self.monitor.load_state_dict(state)


def file_of(resume: Any, callbacks: list[Callback]) -> PathLike | None:
    """Return the file that the argument `resume` of `fit` means; None to begin anew."""
    if resume is None or resume is False:
        return None
    if resume is not True:
        return resume
    paths = [callback.path for callback in callbacks if isinstance(callback, Checkpoint)]
    if len(paths) != 1:
        raise ValueError("`resume=True` goes on from the file of the Checkpoint among the `callbacks`: give one")
    return paths[0] if paths[0].exists() else None


def settings_of(training: Training, loss: Any, data: Prepared, plan: Plan, rng: int | None) -> dict[str, Any]:
    """List what must be the same when a training goes on, and how the learning rates were given, by name."""
    model, optimizer = training.model, training.optimizer
    held_out = [] if data.validation is None else [data.validation.fingerprint()]
    return {
        "key": plan.key, "shuffle": plan.shuffle, "drop_last": plan.drop_last, "rng": rng,
        "rows": data.train.X.shape, "batch_size": plan.sizes[0], "batches": len(plan.sizes),
        "loss": getattr(loss, "__name__", repr(loss)), "loss_settings": repr(getattr(loss, "settings", {})),
        "data": data.train.fingerprint(), "validation": [data.share, *held_out],
        "optimizer": type(optimizer).__name__,
        "layers": [f"{name} {type(module).__name__} {_kinds(module)}" for name, module in model.named_modules()],
        "frozen": [name for name, p in model.named_parameters() if not p.requires_grad],
        "lr": [_described(group.lr) for group in optimizer.groups],
    }  # fmt: skip


def _kinds(module: Any) -> dict[str, str]:
    """Return what a layer was made with, but for numbers that training changes."""
    kept = {name: getattr(x, "__name__", x) for name, x in module.config().items() if not isinstance(x, (float, list))}
    return {name: str(x) for name, x in kept.items() if isinstance(x, (str, int))}


def _described(lr: Any) -> Any:
    """Describe a learning rate as it was given, so that another one can be told from it."""
    if not callable(lr):
        return lr
    own = {name: _described(x) for name, x in getattr(lr, "__dict__", {}).items() if name[0] != "_"}
    return [getattr(lr, "__qualname__", type(lr).__name__), repr(own)]


def snapshot(loop: Steps, settings: dict[str, Any]) -> dict[str, Any]:
    """Return all that training can go on from, but the model's parameters and the optimiser's state.

    Args:
        settings: what `settings_of` gave.
    """
    training = loop.training
    return {
        "what": "training",
        "settings": settings,
        "epoch": training.epoch,
        "steps": training.steps,
        "stopped": training.history.stopped,
        "history": {name: np.array(row, dtype=np.float64) for name, row in training.history.items()},
        "order": loop.plan.order,
        "generators": dict(training.model.named_generators()),
        "callbacks": [[type(callback).__name__, callback.state_dict()] for callback in loop.callbacks],
    }


def read(path: PathLike) -> dict[str, Any]:
    """Read what `snapshot` gave, from a file that Checkpoint has written.

    Raises:
        OSError, ValueError: there is no such file, or it is damaged, or it is no checkpoint of a training.
    """
    match notes(path):
        case {
            "what": "training",
            "settings": {"key": int(key), "batches": int(batches), **settings},
            "epoch": int(epoch), "steps": int(steps), "stopped": str(), "history": dict(history),
            "order": np.random.Generator(), "generators": dict(generators), "callbacks": list(callbacks),
        } as found if (
            key >= 0 < batches and epoch >= 0 <= steps and isinstance(settings.get("lr", []), list)
            and all(isinstance(row, np.ndarray) and (row.shape, row.dtype) == ((epoch,), float)
                    for row in history.values())
            and all(isinstance(generator, Random) for generator in generators.values())
            and all(isinstance(pair, list) and [*map(type, pair)] == [str, dict] for pair in callbacks)
        ):  # fmt: skip
            return found
        case {"what": "training"}:
            raise ValueError(f"{os.fspath(path)!r} is damaged: it holds no whole state of a training")
    raise ValueError(f"{os.fspath(path)!r} is no checkpoint of `fit`: one is written by `nn.Checkpoint`")


def resume(path: PathLike, found: dict[str, Any], loop: Steps, settings: dict[str, Any]) -> None:
    """Put all back as it was when the file was written; `found` is what `read` gave of it.

    Raises:
        ValueError: names all in which the training differs from the one that was saved; nothing is changed then.
    """
    training, plan, saved = loop.training, loop.plan, found["settings"]
    if found["steps"] % saved["batches"] and found["steps"] < plan.total:
        raise ValueError(
            f"{os.fspath(path)!r} was written in the middle of an epoch, where `steps` ended: it cannot go on"
        )
    generators = {"order of rows": plan.order, **dict(training.model.named_generators())}
    generators_then = {"order of rows": found["order"], **found["generators"]}
    known = [name for name in settings if name in saved and name != "lr"]  # the first version had not all of them
    if "rng" in known:
        known.remove("rng" if settings["rng"] is None else "key")
    pairs: list[tuple[str, Any, Any]] = [
        *((_SAID.get(name, f"`{name}`"), saved[name], settings[name]) for name in known),
        ("`metrics` and `validation`, the numbers of an epoch", list(found["history"]), list(training.history)),
        ("generators of random numbers in the model", _kinds_by_name(generators_then), _kinds_by_name(generators)),
    ]
    pairs = [pair for pair in pairs if repr(pair[1]) != repr(pair[2])]
    wrong = [f"{name}: {_apart(now, was)}, and in the file {_apart(was, now)}" for name, was, now in pairs]
    if wrong:
        raise ValueError(
            f"{os.fspath(path)!r} is of another training, so nothing was changed:\n  " + "\n  ".join(wrong)
        )
    pending, unchanged = list(found["callbacks"]), True
    for callback in loop.callbacks:
        kind, own = type(callback).__name__, callback.state_dict()
        same = [i for i, (k, state) in enumerate(pending) if k == kind and _agree(state, own, ("monitor", "mode"))]
        if not same:
            unchanged = False
            continue
        _, state = pending.pop(same[0])
        unchanged = unchanged and _agree(state, own, ("patience", "min_delta"))
        try:
            callback.load_state_dict(state)  # before the model is changed; what a training begins with is set anew
        except (TypeError, LookupError, ValueError) as error:
            reason = f"{kind} does not take its state: {error}"
            raise ValueError(f"{os.fspath(path)!r} is damaged in its 'callbacks': {reason}") from error
    restore(training.model, path, training.optimizer,
            amend=lambda state: _with_rates(state, training.optimizer, saved.get("lr"), settings["lr"]))  # fmt: skip
    for name, one in generators.items():
        other: Any = generators_then[name]
        if isinstance(one, np.random.Generator):
            one.bit_generator.state = other.bit_generator.state
        else:
            one.setstate(other.getstate())
    training.history.update({name: row.tolist() for name, row in found["history"].items()})
    training.history.stopped = found["stopped"] if unchanged and not pending else ""
    training.epoch, training.steps = found["epoch"], found["steps"]


_SAID = {
    "key": "number drawn from `rng`", "rows": "shape of `X`", "data": "checksum of `X`, `y` and weights",
    "validation": "`validation`, share and checksum", "batches": "batches of an epoch", "layers": "layers",
    "frozen": "frozen parameters",
    "loss_settings": "settings of `loss`",
}  # fmt: skip


def _apart(one: Any, other: Any) -> str:
    """Write a thing, and of a list only what the other has not."""
    lists = isinstance(one, list) and isinstance(other, list)
    return repr([x for x in one if x not in other] if lists else one)


def _agree(state: dict[str, Any], own: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Return whether two states of callbacks have the same settings; the first version kept none."""
    return all(state.get(name, own.get(name)) == own.get(name) for name in names)


def _with_rates(state: dict[str, Any], optimizer: Any, before: Any, given: list[Any]) -> dict[str, Any]:
    """Put the learning rates of `fit` into a saved state, where they are not those that it was given then."""
    own = optimizer.state_dict()
    for i, lr in enumerate(given):
        names = [name for name in {**own, **state} if name == f"lr.{i}" or name.startswith(f"lr.{i}.")]
        if before is None:  # the first version: a schedule goes on, a number is the new one
            taken = f"lr.{i}" in names or [n for n in names if n in own] != [n for n in names if n in state]
        else:
            taken = i >= len(before) or repr(before[i]) != repr(lr)
        if taken:
            kept = {name: x for name, x in state.items() if name not in names}
            state = kept | {name: own[name] for name in names if name in own}
    return state


def _kinds_by_name(generators: dict[str, Random]) -> list[str]:
    """Name generators of random numbers with their kinds."""
    return [f"{name} {type(getattr(rng, 'bit_generator', rng)).__name__}" for name, rng in generators.items()]
