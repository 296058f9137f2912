"""Optimisers: how a step is taken against the gradient. As in PyTorch: `step()` and `zero_grad()`.

An update rule is written once, for a float and for an array, and so serves Values and Tensors.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd import Node, Tensor, Value

__all__ = ["SGD", "Adam", "Optimizer"]

Rate = float | Callable[[int], float]


class Optimizer:
    """What optimisers share: their parameters, the learning rate and the count of steps.

    A subclass writes `update`.

    Args:
        parameters: Values and Tensors, as `model.parameters()` gives them; if left out, `nn.fit` (or `bind`) sets them.
        lr: the learning rate, or a function from the number of the step, from 0, to the rate.

    Attributes:
        steps: how many steps have been taken.

    Raises:
        TypeError: `parameters` are not Values and Tensors that you made.
        ValueError: there are no parameters, one comes twice, or `lr` is negative or not finite.
    """

    def __init__(self, parameters: Iterable[Any] | None = None, *, lr: Rate) -> None:
        if not callable(lr):
            lr = _within(lr, "lr", 0.0)
        self.lr = lr
        self.steps = 0
        self.parameters: list[Any] = []
        self._state: list[dict[str, Any]] = []
        if parameters is not None:
            self.bind(parameters)

    def bind(self, parameters: Iterable[Any]) -> None:
        """Set the parameters, once.

        Raises:
            ValueError: this optimiser has other parameters already.
        """
        parameters = _checked(parameters)
        if self.parameters:
            if not set(map(id, self.parameters)) & set(map(id, parameters)):
                raise ValueError(
                    f"this {type(self).__name__} belongs to {len(self.parameters)} other parameters, and keeps "
                    "its state for them: make a new one"
                )
            return
        self.parameters = parameters
        self._state = [{} for _ in parameters]

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to zero."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> None:
        """Change all parameters that have a gradient, by `update`.

        Raises:
            RuntimeError: there are no parameters yet.
        """
        if not self.parameters:
            raise RuntimeError(f"this {type(self).__name__} has no parameters yet: give it `model.parameters()`")
        lr = _within(self.lr(self.steps), "lr", 0.0) if callable(self.lr) else float(self.lr)
        with np.errstate(all="ignore"):
            changes = [  # all of them before the first is made: an error, or Ctrl-C, leaves no half of a step
                (parameter, self.update(_plain(parameter.grad), state, lr))
                for parameter, state in zip(self.parameters, self._state, strict=True)
                if parameter.grad is not None
            ]
        for parameter, change in changes:
            parameter.data -= change
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        """Copy the count of steps, and what is kept for each parameter."""
        return {"kind": type(self).__name__, "steps": self.steps, "parameters": copy.deepcopy(self._state)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave, of an optimiser of this kind for as many parameters.

        Raises:
            ValueError: the state is of another kind, or for other parameters; nothing has been changed then.
        """
        if not isinstance(state, Mapping) or set(state) != {"kind", "steps", "parameters"}:
            raise ValueError(f"`state` is a dict that `state_dict()` gave, not {state!r:.60}")
        kept, shapes = state["parameters"], [np.shape(p.data) for p in self.parameters]
        if state["kind"] != type(self).__name__ or len(kept) != len(shapes):
            raise ValueError(
                f"`state` is of a {state['kind']} of {len(kept)} parameters; this is a {type(self).__name__} of "
                f"{len(shapes)}"
            )
        for i, (own, shape) in enumerate(zip(kept, shapes, strict=True)):
            for name, thing in own.items():
                if isinstance(thing, np.ndarray) and thing.shape != shape:
                    raise ValueError(f"`state` has {name!r} of shape {thing.shape} for parameter {i}, which is {shape}")
        self.steps, self._state = state["steps"], copy.deepcopy(list(kept))

    def update(self, grad: Any, state: dict[str, Any], lr: float) -> Any:
        """Give what is to be subtracted from a parameter.

        Args:
            grad: its gradient, a float or an array.
            state: what this method has kept for this parameter, empty at first.
            lr: the learning rate of this step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `update(self, grad, state, lr)`: write one")

    def __repr__(self) -> str:
        own = {k: v for k, v in vars(self).items() if k not in ("parameters", "steps") and not k.startswith("_")}
        settings = ", ".join(f"{name}={getattr(value, '__name__', value)}" for name, value in own.items())
        count = sum(int(np.prod(p.shape)) for p in self.parameters)
        return f"{type(self).__name__}({settings}; {count} parameters, {self.steps} steps)"


class SGD(Optimizer):
    r"""Stochastic gradient descent with momentum: $v \leftarrow \mu v + g$, $\theta \leftarrow \theta - \eta v$.

    Args:
        parameters: as for `Optimizer`.
        lr: $\eta$.
        momentum: $\mu$, from 0 up to, but not including, 1.

    Source: Polyak (1964); Sutskever et al. (2013).

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> sgd = SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> sgd.step()
    >>> x.data, sgd
    (0.8, SGD(lr=0.1, momentum=0.0; 1 parameters, 1 steps))
    """

    def __init__(self, parameters: Iterable[Any] | None = None, *, lr: Rate, momentum: float = 0.0) -> None:
        super().__init__(parameters, lr=lr)
        self.momentum = _within(momentum, "momentum", 0.0, 1.0)

    def update(self, grad: Any, state: dict[str, Any], lr: float) -> Any:
        """Give $\\eta v$."""
        if self.momentum:
            grad = state["velocity"] = self.momentum * state["velocity"] + grad if state else +grad
        return lr * grad


class Adam(Optimizer):
    r"""Adam: steps of about $\eta$, whatever the size of the gradients.

    $m \leftarrow \beta_1 m + (1-\beta_1) g$, $v \leftarrow \beta_2 v + (1-\beta_2) g^2$,
    $\theta \leftarrow \theta - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)$, with $\hat m = m/(1-\beta_1^t)$ and
    $\hat v = v/(1-\beta_2^t)$.

    Args:
        parameters: as for `Optimizer`.
        lr: $\eta$.
        betas: $\beta_1$ and $\beta_2$, each from 0 up to, but not including, 1.
        eps: $\epsilon$.

    Source: Kingma and Ba (2015), algorithm 1.

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> adam = Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> adam.step()
    >>> round(x.data, 6)
    0.9
    """

    def __init__(
        self,
        parameters: Iterable[Any] | None = None,
        *,
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr=lr)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(f"`betas` are two numbers, such as (0.9, 0.999), not {betas!r:.60}")
        self.betas = (_within(betas[0], "betas[0]", 0.0, 1.0), _within(betas[1], "betas[1]", 0.0, 1.0))
        self.eps = _within(eps, "eps", 0.0)

    def update(self, grad: Any, state: dict[str, Any], lr: float) -> Any:
        r"""Give $\eta\,\hat m / (\sqrt{\hat v} + \epsilon)$."""
        beta1, beta2 = self.betas
        t = state["t"] = state.get("t", 0) + 1
        m = state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * grad
        v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * grad * grad
        return lr / (1 - beta1**t) * m / ((v / (1 - beta2**t)) ** 0.5 + self.eps)


def _plain(grad: Any) -> Any:
    """Take a gradient as numbers, also where it is a graph."""
    return grad.data if isinstance(grad, (Value, Tensor)) else grad


def _within(x: Any, name: str, low: float, high: float = float("inf")) -> float:
    """Check a setting: a number from `low` up to, but not including, `high`."""
    try:
        number = float(x)
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` is a number, not {x!r:.60}") from None
    if not low <= number < high:
        raise ValueError(f"`{name}` is {number}; it must be at least {low:g} and less than {high:g}")
    return number


def _checked(parameters: Any) -> list[Any]:
    if isinstance(parameters, (Node, float, int, str)) or not isinstance(parameters, Iterable):
        raise TypeError(
            f"`parameters` are Values and Tensors in a list, such as `model.parameters()`, not {parameters!r:.60}"
        )
    found = list(parameters)
    for parameter in found:
        if not (isinstance(parameter, Node) and parameter.is_leaf and parameter.requires_grad):
            raise TypeError(
                f"`parameters` holds {parameter!r:.60}: a parameter is a Value or Tensor that you made, "
                "not a constant and not a result"
            )
    if not found:
        raise ValueError("`parameters` is empty: there is nothing to change")
    if len({id(parameter) for parameter in found}) < len(found):
        raise ValueError("`parameters` lists a parameter twice, which would be changed twice in a step")
    return found
