"""Optimizer: the base class of all update rules, with `step()` and `zero_grad()` as in PyTorch.

An update rule is one pure function for floats, arrays and nodes. So it works for Values and Tensors, and a compiled
program can trace it. `step` computes all new parameters before it changes the first one.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any

import numpy as np

from autograd import Node, Tensor, Value

from ..arguments import count, flag, within
from ..state import is_parameter, loaded
from .settings import Configured, setting

State = dict[str, Any]
Clip = Callable[[list[Any]], list[Any]]
_OFF = ("weight_decay", "dampening", "lr_decay", "initial_accumulator_value")  # not shown where they are 0


def _rate(lr: Any, name: str) -> Any:
    if isinstance(lr, type):
        raise TypeError(f"`{name}` is a number or a function of the step, not a class: write {lr.__name__}(...)")
    return lr if callable(lr) else within(lr, name)


def _clip(clip: Any, name: str) -> Any:
    if clip is not None and (not callable(clip) or isinstance(clip, type)):
        raise TypeError(f"`{name}` is a function of all gradients, such as ClipNorm(1.0), not {clip!r:.60}")
    return clip


class Optimizer(Configured):
    r"""The base class of optimisers, with the parameters, learning rate, weight decay, clipping and number of steps.

    A subclass defines `update`, and `start` if it has a state. It declares its own settings with `setting`.

    Args:
        parameters: Values and Tensors, as `model.parameters()` gives them; if left out, `nn.fit` (or `bind`) sets them.
        lr: the learning rate $\eta$, or a function from the number of finished steps to the rate of the next step,
            such as those of `nn.schedules`.
        weight_decay: $\lambda$. The step adds $\lambda\theta$, the gradient of $\frac\lambda2\theta^2$, to the
            gradient. If `decoupled`, it subtracts $\eta\lambda\theta$ from the parameter instead.
        clip: a function from the list of all gradients to a list, such as `ClipNorm(1.0)`.
        maximize: whether to maximise the objective instead of minimising it.

    A setting can be changed between two steps, such as `optimizer.momentum = 0.9`. The next step uses it.

    Attributes:
        steps: the number of finished steps.
        skipped: for each parameter, the number of steps without a gradient for it. As in PyTorch, `update` counts
            only the steps that had a gradient.
        decoupled: whether weight decay is applied to the parameter instead of the gradient; a constant of the class.

    Raises:
        TypeError: `parameters` are not leaves (Values and Tensors).
        ValueError: there are no parameters, a parameter is given twice, or a setting is out of its range.

    >>> class Signs(Optimizer):
    ...     def update(self, parameter, grad, state, lr, t):
    ...         return parameter - lr * np.sign(grad), state
    >>> x = Value(1.0)
    >>> signs = Signs([x], lr=0.5)
    >>> (x * x).backward()
    >>> signs.step()
    >>> x.data, signs
    (0.5, Signs(lr=0.5; 1 parameters, 1 steps))
    """

    parameters: Any = setting(default=None, check=lambda parameters, _: parameters, kw_only=False)
    lr: float | Callable[[int], float] = setting(check=_rate)
    weight_decay: float = setting(default=0.0)
    clip: Clip | None = setting(default=None, check=_clip)
    maximize: bool = setting(default=False, check=flag)
    steps: int = field(init=False, default_factory=int)
    skipped: list[int] = field(init=False, default_factory=list)
    _states: list[State] = field(init=False, default_factory=list)

    decoupled = False
    _unwatched = frozenset({"lr", "parameters", "steps", "skipped", "_states"})  # what a compiled step reads anew

    def __post_init__(self) -> None:
        parameters, self.parameters = self.parameters, []
        if parameters is not None:
            self.bind(parameters)

    def bind(self, parameters: Iterable[Any]) -> None:
        """Set the parameters, once.

        Raises:
            ValueError: this optimiser already has other parameters.
        """
        parameters = checked(parameters)
        if self.parameters:
            if not set(map(id, self.parameters)) & set(map(id, parameters)):
                raise ValueError(
                    f"this {type(self).__name__} belongs to {len(self.parameters)} other parameters, and keeps "
                    "its state for them: make a new one"
                )
            return
        self.parameters, self.skipped = parameters, [0] * len(parameters)
        self._least = min(range(len(parameters)), key=lambda i: math.prod(parameters[i].shape))  # the cheapest to ask

    def zero_grad(self) -> None:
        """Set the gradients to None, as in PyTorch. A step does not change a parameter without a gradient."""
        for parameter in self.parameters:
            if parameter.requires_grad:
                parameter.grad = None

    @property
    def states(self) -> list[State]:
        """The state of the update rule for each parameter: numbers and arrays by name."""
        own = iter(self._states or [{} for _ in self._bound()])
        states = [state for group in self.groups for state in group._complete([next(own) for _ in group.parameters])]
        object.__setattr__(self, "_states", states)
        return states

    # The rule, pure ----------------------------------------------------------------------------------------

    def start(self, parameter: Any) -> State:
        """Return the state of a parameter before the first step, usually zeros of its shape by name."""
        return {}

    def _complete(self, states: list[State]) -> list[State]:
        """Add the state for a setting that was switched on after the first step, such as momentum."""
        if self.start(self.parameters[self._least].data).keys() <= states[self._least].keys():
            return states
        return [self.start(p.data) | state for p, state in zip(self.parameters, states, strict=True)]

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        """Return the parameter and its state after a step, as a pure function of floats, arrays or nodes.

        Use operators and functions of `autograd`, without `if` on numbers and without `+=`, so that the step can be
        compiled. Use `chalkgrad.div`, which does not raise, if the divisor can be 0.

        Args:
            parameter: the number or array before the step.
            grad: its gradient.
            state: the result of `start`, or the state after the previous step.
            lr: the learning rate of this step.
            t: the number of this step of the parameter, from 1. Steps without a gradient do not count.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no `update(self, parameter, grad, state, lr, t)`: write one"
        )

    def updates(
        self, parameters: list[Any], grads: list[Any], states: list[State], rates: list[Any], t: Any
    ) -> tuple[list[Any], list[State]]:
        """Return all parameters and states after clipping, weight decay and `update`. A pure function, like `update`.

        Args:
            parameters, grads, states: lists with one item per parameter. A parameter whose gradient is None is
                returned unchanged.
            rates: the learning rates of this step, as `rates` returns them.
            t: the number of this step, from 1; or a list with one number per parameter.
        """
        (lr,) = rates
        if self.clip is not None:
            grads = clipped(self.clip, grads)
        if self.maximize:
            grads = [grad if grad is None else -grad for grad in grads]
        counts = t if isinstance(t, list) else [t] * len(parameters)
        new: list[Any] = []
        news: list[State] = []
        for parameter, grad, state, own in zip(parameters, grads, states, counts, strict=True):
            if grad is not None:
                if self.weight_decay and self.decoupled:
                    parameter = parameter * (1.0 - lr * self.weight_decay)
                elif self.weight_decay:
                    grad = grad + self.weight_decay * parameter
                parameter, state = self.update(parameter, grad, state, lr, own)
            new.append(parameter)
            news.append(state)
        return new, news

    def rates(self, steps: int | None = None) -> list[float]:
        """Return the learning rate of each group after `steps` steps; by default that of the next step.

        Raises:
            TypeError, ValueError: `lr`, or its result if it is a function, is not a finite number from 0.
        """
        steps = self.steps if steps is None else steps
        return [within(group.lr(steps) if callable(group.lr) else group.lr, "lr") for group in self.groups]

    # What changes ------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Update all parameters that have a gradient, and the state.

        Raises:
            RuntimeError: there are no parameters yet.
            FloatingPointError: a parameter or a number of the state would become infinite or NaN. Nothing has
                changed then.
        """
        parameters, states = self._bound(), self.states
        grads = [_plain(parameter) for parameter in parameters]
        rates = self.rates()
        with np.errstate(all="ignore"):
            counts: list[Any] = [self.steps + 1 - skipped for skipped in self.skipped]
            new, news = self.updates([p.data for p in parameters], grads, states, rates, counts)
            live = [i for i, grad in enumerate(grads) if grad is not None]
            for i in live:  # all of them before the first is changed: an error, or Ctrl-C, leaves no half of a step
                old = parameters[i].data
                new[i] = _alike(new[i], old, "parameter", self, parameters[i])
                news[i] = {name: _alike(x, states[i].get(name, old), name, self, parameters[i])
                           for name, x in news[i].items()}  # fmt: skip
        steps = self.steps + 1
        skipped = [n + (grad is None) for n, grad in zip(self.skipped, grads, strict=True)]
        try:
            self._commit(live, new, news, steps, skipped)
        except KeyboardInterrupt:  # what was begun is finished first: no half of a step
            self._commit(live, new, news, steps, skipped)
            raise

    def _commit(self, live: list[int], new: list[Any], news: list[State], steps: int, skipped: list[int]) -> None:
        """Store the results of a computed step. A second call changes nothing."""
        for i in live:
            self.parameters[i].data = new[i]
        for name, x in (("_states", news), ("steps", steps), ("skipped", skipped)):
            object.__setattr__(self, name, x)  # without the checks of settings, which take time; vars() slows all reads

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the state that later steps depend on, without the parameters and the settings.

        Returns:
            A dict of strings, ints, floats and arrays: `kind`, the class; `steps`; `lr.0`, the learning rate of group
            0, or `lr.0.best` and so on for a schedule with a state; `velocity.3`, the state "velocity" of parameter 3;
            `skipped.3`, the number of steps without a gradient for parameter 3, if any.
        """
        state: dict[str, Any] = {"kind": type(self).__name__, "steps": self.steps}
        for i, group in enumerate(self.groups):
            own = getattr(group.lr, "state_dict", dict)() if callable(group.lr) else {"": group.lr}
            state |= {f"lr.{i}.{name}".rstrip("."): x for name, x in own.items()}
        for i, own in enumerate(self.states):
            state |= {f"{name}.{i}": x.copy() if isinstance(x, np.ndarray) else x for name, x in own.items()}
        return state | {f"skipped.{i}": n for i, n in enumerate(self.skipped) if n}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned. All entries are checked before anything is changed.

        Raises:
            RuntimeError: there are no parameters yet.
            TypeError: `state` is not a mapping.
            ValueError: names all that is wrong: entries that are missing, unexpected, of another shape, or no numbers.
        """
        self._bound()
        zeros = {f"skipped.{i}": 0 for i in range(len(self.skipped))}
        own = {**zeros, **self.state_dict()}
        if isinstance(state, Mapping) and state.get("kind") != own["kind"]:
            raise ValueError(f"`state` is of kind {state.get('kind')!r:.60}; this is {own['kind']!r}")
        new = loaded(own, {**zeros, **state} if isinstance(state, Mapping) else state, type(self).__name__)
        count(new["steps"], "steps", 0)
        for i, group in enumerate(self.groups):
            _with_state(copy.deepcopy(group.lr), new, i)  # on a copy, since a schedule may refuse
        for i, group in enumerate(self.groups):
            group.lr = _with_state(group.lr, new, i)
        self.steps = new["steps"]
        self.skipped = [new[name] for name in zeros]
        self._states = [{name: new[f"{name}.{i}"] for name in old} for i, old in enumerate(self.states)]

    @property
    def groups(self) -> list[Optimizer]:
        """The optimiser of each group of parameters: this one, where there are no groups."""
        return [self]

    def _bound(self) -> list[Any]:
        if not self.parameters:
            raise RuntimeError(f"this {type(self).__name__} has no parameters yet: give it `model.parameters()`")
        return self.parameters

    def _settings(self) -> str:
        shown = [name for name in vars(self) if name[0] != "_" and name not in ("parameters", "steps", "skipped")]
        own = [(name, x) for name in shown if (x := vars(self)[name]) or not (x is None or x is False or name in _OFF)]
        return ", ".join(f"{name}={getattr(x, '__name__', x)}" for name, x in own)

    def __repr__(self) -> str:
        size = sum(int(np.prod(p.shape)) for p in self.parameters)
        return f"{type(self).__name__}({self._settings()}; {size} parameters, {self.steps} steps)"


def _with_state(lr: Any, state: State, i: int) -> Any:
    """Return the learning rate of group `i` from a state, or the schedule with the state that stands there."""
    if not callable(lr):
        return within(state[f"lr.{i}"], f"lr.{i}")
    schedule: Any = lr
    if hasattr(schedule, "load_state_dict"):
        schedule.load_state_dict({name: state[f"lr.{i}.{name}"] for name in schedule.state_dict()})
    return schedule


def zeros_like(parameter: Any) -> Any:
    """Return the zero, or the zeros, of the kind of a parameter: how a state starts."""
    return 0.0 if isinstance(parameter, float) else np.zeros_like(parameter)


def clipped(clip: Clip, grads: list[Any]) -> list[Any]:
    """Clip the gradients that there are."""
    there = [grad for grad in grads if grad is not None]
    if not there:  # all of a group are frozen
        return grads
    shorter = list(clip(there))
    if [getattr(x, "shape", ()) for x in shorter] != [getattr(x, "shape", ()) for x in there]:
        raise ValueError(f"`clip` made of {len(there)} gradients {len(shorter)}, or changed a shape")
    clipped = iter(shorter)
    return [None if grad is None else next(clipped) for grad in grads]


def _plain(parameter: Any) -> Any:
    """Take the gradient of a parameter as numbers, also where it is a graph; a frozen one has none."""
    if not parameter.requires_grad:
        return None
    grad = parameter.grad
    grad = grad.data if isinstance(grad, (Value, Tensor)) else grad
    if grad is not None and getattr(grad, "shape", ()) != parameter.shape:
        raise ValueError(
            f"the gradient of {parameter.label or 'a parameter'} is {grad!r:.60}; it must have shape {parameter.shape}"
        )
    return grad


def _alike(new: Any, old: Any, name: str, optimizer: Optimizer, parameter: Any) -> Any:
    """Return a changed number or array in the kind of the one before; it must be finite, and of the same shape."""
    if old.__class__ is float:
        new = float(new)
        finite = math.isfinite(new)
    else:
        new = np.asarray(new, dtype=old.dtype)
        finite = math.isfinite(np.add.reduce(new, axis=None)) or bool(np.isfinite(new).all())
        if new.shape != old.shape:
            raise ValueError(
                f"`update` of {type(optimizer).__name__} made of `{name}`, shape {old.shape}, one of shape {new.shape}"
            )
    if not finite:
        of = f"`{name}` of {parameter.label or 'a parameter'}" if name != "parameter" else parameter.label or name
        raise FloatingPointError(
            f"step {optimizer.steps + 1} of {type(optimizer).__name__} would make {of} infinite or NaN, so nothing was "
            "changed: the gradient is too large; try a smaller `lr`, or clip=ClipNorm(1.0)"
        )
    return new


def checked(parameters: Any) -> list[Any]:
    """Check that parameters are leaves, each once, and list them."""
    if isinstance(parameters, (Node, float, int, str)) or not isinstance(parameters, Iterable):
        raise TypeError(
            f"`parameters` are Values and Tensors in a list, such as `model.parameters()`, not {parameters!r:.60}"
            f"{'; a learning rate is given by its name, `lr=0.1`' if isinstance(parameters, float) else ''}"
        )
    found = list(np.atleast_1d(parameters)) if isinstance(parameters, np.ndarray) else list(parameters)
    for parameter in found:
        if not is_parameter(parameter):
            hint = ": groups are optimisers of their own, see `Groups`" if isinstance(parameter, dict) else ""
            raise TypeError(
                f"`parameters` holds {parameter!r:.60}: a parameter is a Value or Tensor that you made, "
                f"not a constant and not a result{hint}"
            )
    if not found:
        raise ValueError("`parameters` is empty: there is nothing to change")
    if len({id(parameter) for parameter in found}) < len(found):
        raise ValueError("`parameters` lists a parameter twice, which would be changed twice in a step")
    return found
