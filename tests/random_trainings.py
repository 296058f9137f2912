"""Random trainings: nets, losses, penalties and optimisers of many kinds, and callbacks that change all of them.

A training is made twice from the same seed, and runs eagerly and as `fit` chooses. Both must give the same.
"""

# ruff: noqa: NPY002 (people draw so, too)
from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from random_places import PLACES

import nn
from autograd import Tensor, relu, sin, tanh, where
from autograd import abs as absolute


class Own(nn.Module):
    """A net of one's own: settings of several kinds, a mask, a generator, a buffer, a list of hooks."""

    rate = 1.0

    def __init__(self, seed: int, read: Callable[[], Any], kinds: set[str]) -> None:
        self.first, self.second = nn.Linear(2, 3, rng=seed), nn.Linear(3, 1, rng=seed + 1)
        self.spare = nn.Linear(2, 1, rng=seed + 2)
        self.squash, self.read, self.kinds = tanh, read, kinds
        self.mask, self.hooks, self.scale = np.ones(3), [], Tensor(np.ones(1), requires_grad=False)
        self.rng, self.mean = np.random.default_rng(seed), nn.buffer(np.zeros(2))

    def forward(self, x: Any) -> Any:
        if "buffer" in self.kinds:
            if self.training:
                self.mean = 0.9 * self.mean + 0.1 * x.mean(axis=0)
            x = x - self.mean
        if "noise" in self.kinds and self.training:
            x = x + 0.1 * self.rng.normal(size=x.shape)
        if "noise of all" in self.kinds and self.training:
            x = x + 0.1 * np.random.normal(size=x.shape)
        y = self.squash(self.first(x)) * self.mask * self.rate
        for hook in self.hooks:
            y = hook(y)
        if "counter" in self.kinds:
            self.calls = getattr(self, "calls", 0) + 1
            y = y * (1.0 + 1.0 / self.calls)
        y = self.second(y) * self.scale
        if "spare" in self.kinds and self.rate > 1.0:
            y = y + self.spare(x)
        return y * (1.0 + 0.1 * tanh(self.read())) if self.training else y


class Huber:
    """A loss with settings."""

    def __init__(self) -> None:
        self.width, self.table = 1.0, {"scale": 1.0}

    def __call__(self, out: Any, y: Any) -> Any:
        error = absolute(out - y)
        return where(error < self.width, 0.5 * error**2, self.width * (error - 0.5)).mean() * self.table["scale"]


class Training:
    """What `fit` is given, made of a seed, and the changes of its callbacks."""

    def __init__(self, seed: int) -> None:
        rng = self.rng = random.Random(seed)
        random.seed(seed)
        np.random.seed(seed)
        self.X = np.random.default_rng(seed).normal(size=(rng.choice((6, 9)), 2))
        self.y = self.X[:, :1] ** 2
        self.read, self.write = PLACES[rng.choice(sorted(PLACES))](0.5)
        kinds = {k for k in ("buffer", "noise", "counter", "spare", "noise of all") if rng.random() < 0.15}
        self.own = type("OwnOne", (Own,), {})  # a class whose attributes no other training sees
        make = rng.choice((self.made_of_one, self.made_of_layers, self.made_of_values))
        self.model: Any = make(rng.randint(0, 9), kinds)
        self.loss: Any = rng.choice(("mse", Huber(), self.own_loss))
        self.penalty: Any = rng.choice((None, nn.L2(0.1), nn.L1(0.05), self.own_penalty))
        self.table = {"rate": 0.02, "penalty": 0.01}
        self.optimizer: Any = rng.choice((
            lambda: nn.SGD(lr=0.05, momentum=rng.choice((0.0, 0.5))), lambda: nn.Adam(lr=0.02),
            lambda: nn.SGD(lr=nn.schedules.StepDecay(0.1, 3)), lambda: nn.AdamW(lr=0.02, weight_decay=0.1),
            lambda: nn.SGD(lr=lambda step: self.table["rate"] / (1.0 + step)),
        ))()  # fmt: skip
        self.weights = np.ones(len(self.X)) if self.loss == "mse" and rng.random() < 0.3 else None
        self.changes = rng.sample(sorted(CHANGES), 3)
        self.by_batch = rng.random() < 0.3

    def made_of_one(self, seed: int, kinds: set[str]) -> Any:
        return self.own(seed, self.read, kinds)

    def made_of_layers(self, seed: int, kinds: set[str]) -> Any:
        middle = self.rng.sample([nn.Tanh(), nn.Dropout(0.3, rng=seed), nn.PReLU(), nn.Noise(0.1, rng=seed)], 2)
        return nn.Sequential(nn.Linear(2, 3, rng=seed), *middle, nn.Linear(3, 1, rng=seed + 1))

    def made_of_values(self, seed: int, kinds: set[str]) -> Any:
        return nn.MLP(2, [3, 1], "tanh", rng=seed)

    def own_loss(self, out: Any, y: Any) -> Any:
        return ((out - y) ** 2).mean() * (1.0 + tanh(self.read()))

    def own_penalty(self, model: Any) -> Any:
        squares = [p * p for p in model.parameters()]
        return self.table["penalty"] * sum(x.sum() if isinstance(x, Tensor) else x for x in squares)

    def change(self) -> None:
        if self.rng.random() < 0.6:
            CHANGES[self.rng.choice(self.changes)](self)

    def run(self, compiled: bool | None) -> tuple[Any, ...]:
        """Train; return all numbers that there are afterwards, the rest of what there is, and whether it was native."""
        numbers: list[Any] = []
        callback = _Callback(self, numbers)
        with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            history = nn.fit(
                self.model, self.X, self.y, self.loss, optimizer=self.optimizer, epochs=5,
                batch_size=self.rng.choice((4, None)), penalty=self.penalty, sample_weight=self.weights, rng=1,
                validation=(self.X, self.y) if self.rng.random() < 0.3 else None, callbacks=[callback],
                compiled=compiled,
            )  # fmt: skip
        fell = any(w.category is nn.EagerFallback for w in told)
        assert compiled is False or history.compiled != fell, "it says what it did"
        grads = [p.grad if p.requires_grad else None for p in self.optimizer.parameters]
        state = [*history.values(), [p.data for p in self.model.parameters()], grads, numbers]
        return state, (history.stopped, random.random(), np.random.rand(), self.model.training), history.compiled


class _Callback(nn.Callback):
    def __init__(self, made: Training, numbers: list[Any]) -> None:
        self.made, self.numbers = made, numbers
        if made.by_batch:
            self.on_batch_end = lambda batch, logs: made.change()  # type: ignore[method-assign]

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.made.training = self.training  # type: ignore[attr-defined]
        self.numbers.append([self.model.parameters()[0].grad, np.mean(self.made.model.outputs(self.made.X))])
        self.made.change()


def _layer(made: Any) -> Any:
    model = made.model
    return model.first if isinstance(model, Own) else model.layers[0]


def _set(place: Callable[[Any], Any], name: str, *values: Any) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        holder = place(made)
        if holder is not None and hasattr(holder, name):
            setattr(holder, name, made.rng.choice(values))

    return change


def _shrink(made: Any) -> None:
    parameter = made.rng.choice(made.model.parameters())
    if isinstance(parameter, Tensor) and made.rng.random() < 0.5:
        parameter.data[...] *= 0.5
    else:
        parameter.data = parameter.data * 0.5


def _freeze(made: Any) -> None:
    frozen = made.rng.random() < 0.5
    for parameter in _layer(made).parameters():
        parameter.requires_grad = not frozen


def _replace(made: Any) -> None:
    if isinstance(made.model, nn.Sequential):
        made.model.layers[1] = made.rng.choice((nn.ReLU(), nn.Tanh()))
    elif isinstance(made.model, nn.MLP):
        function = made.rng.choice((sin, tanh))
        for neuron in made.model.layers[0].neurons:
            neuron.activation = function
    else:
        made.model.squash = made.rng.choice((relu, sin))


def _mask(made: Any) -> None:
    if isinstance(made.model, Own):
        made.model.mask[made.rng.randrange(3)] = made.rng.choice((0.0, 1.0))


def _hook(made: Any) -> None:
    if isinstance(made.model, Own):
        made.model.hooks.append(lambda y: 0.9 * y)


def _reset(made: Any) -> None:
    optimizer = made.optimizer
    if made.rng.random() < 0.5:
        optimizer._states = [optimizer.start(p) for p in optimizer.parameters]
    else:
        optimizer.load_state_dict(optimizer.state_dict())


def _draw(made: Any) -> None:
    random.random()
    np.random.rand()
    made.model.outputs(made.X)


def _weigh(made: Any) -> None:
    if made.weights is not None:
        made.weights[made.rng.randrange(len(made.weights))] = made.rng.choice((0.5, 2.0))


def _noise(made: Any) -> None:
    for _, module in made.model.named_modules():
        for name in {"rate", "std"} & vars(module).keys():
            setattr(module, name, made.rng.choice((0.0, 0.2, 0.5)))


CHANGES: dict[str, Callable[[Any], None]] = {
    "lr": _set(lambda made: made.optimizer, "lr", 0.01, 0.1), "clip": _set(
        lambda made: made.optimizer, "clip", None, nn.optim.ClipNorm(0.1), nn.optim.ClipValue(0.05)),
    "momentum": _set(lambda made: made.optimizer, "momentum", 0.1, 0.9),
    "decay": _set(lambda made: made.optimizer, "weight_decay", 0.0, 0.2),
    "betas": _set(lambda made: made.optimizer, "betas", (0.5, 0.9), (0.9, 0.99)),
    "alpha": _set(lambda made: made.penalty, "alpha", 0.01, 0.3),
    "biases": _set(lambda made: made.penalty, "biases", True, False),
    "width": _set(lambda made: made.loss, "width", 0.1, 2.0),
    "rate of the class": lambda made: setattr(made.own, "rate", made.rng.choice((0.5, 2.0))),
    "rate of the model": _set(lambda made: made.model if isinstance(made.model, Own) else None, "rate", 0.5, 1.5),
    "setting": lambda made: made.write(made.rng.choice((0.5, 1.5, -2.0))),
    "table": lambda made: made.table.update(rate=made.rng.choice((0.01, 0.1)), penalty=made.rng.choice((0.0, 0.1))),
    "scale": lambda made: getattr(made.loss, "table", {}).update(scale=made.rng.choice((0.5, 2.0))),
    "scale of the net": lambda made: isinstance(made.model, Own) and made.model.scale.data.__imul__(0.9),
    "mode": lambda made: made.model.train(made.rng.random() < 0.5),
    "data": lambda made: made.X.__imul__(0.9), "targets": lambda made: made.y.__iadd__(0.1), "weights": _weigh,
    "parameters": _shrink, "freeze": _freeze, "replace": _replace, "mask": _mask, "hook": _hook, "reset": _reset,
    "draw": _draw, "noise": _noise, "stop": lambda made: made.rng.random() < 0.2 and made.training.stop("enough"),
}  # fmt: skip


def flat(state: Any) -> np.ndarray:
    """Return all numbers, None as -99."""
    if isinstance(state, list):
        return np.concatenate([np.zeros(0), *map(flat, state)])
    return np.ravel(np.asarray(-99.0 if state is None else state, float))
