"""Optimisers: how a step is taken against the gradient. Each is one pure function, `update`; see `Optimizer`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd as ag

from .checks import flag, within
from .clipping import ClipNorm as ClipNorm
from .clipping import ClipValue as ClipValue
from .optimizer import Clip, Rate, State, clipped, zeros_like
from .optimizer import Optimizer as Optimizer

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "ClipNorm", "ClipValue", "Groups", "Optimizer", "RMSprop"]


class SGD(Optimizer):
    r"""Stochastic gradient descent with momentum: $v \leftarrow \mu v + g$, $\theta \leftarrow \theta - \eta v$.

    With `nesterov`, $\theta \leftarrow \theta - \eta\,(g + \mu v)$: the gradient is followed from where $v$ leads.

    Args:
        parameters, weight_decay, clip: as for `Optimizer`.
        lr: $\eta$.
        momentum: $\mu$, from 0 up to, but not including, 1.
        nesterov: whether to look ahead; needs a momentum.

    Source: Polyak (1964); Nesterov (1983); Sutskever et al. (2013).

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> sgd = SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> sgd.step()
    >>> x.data, sgd
    (0.8, SGD(lr=0.1, momentum=0.0; 1 parameters, 1 steps))
    """

    def __init__(
        self,
        parameters: Iterable[Any] | None = None,
        *,
        lr: Rate,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, clip=clip)
        self.momentum = within(momentum, "momentum", 0.0, 1.0)
        if flag(nesterov, "nesterov") and not self.momentum:
            raise ValueError("`nesterov` looks ahead along the momentum: give a `momentum` above 0, such as 0.9")
        self.nesterov = bool(nesterov)

    def start(self, parameter: Any) -> State:
        """Give the velocity $v = 0$, where there is a momentum."""
        return {"velocity": zeros_like(parameter)} if self.momentum else {}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Give $\theta - \eta v$ and $v$."""
        if not self.momentum:
            return parameter - lr * grad, state
        velocity = self.momentum * state["velocity"] + grad
        ahead = grad + self.momentum * velocity if self.nesterov else velocity
        return parameter - lr * ahead, {"velocity": velocity}


class Adagrad(Optimizer):
    r"""Adagrad: $s \leftarrow s + g^2$, $\theta \leftarrow \theta - \eta\,g / (\sqrt{s} + \epsilon)$.

    Args:
        parameters, weight_decay, clip: as for `Optimizer`.
        lr: $\eta$.
        eps: $\epsilon$.

    Source: Duchi, Hazan and Singer (2011).

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> adagrad = Adagrad([x], lr=0.1)
    >>> (5 * x).backward()
    >>> adagrad.step()
    >>> round(x.data, 6)
    0.9
    """

    def __init__(
        self,
        parameters: Iterable[Any] | None = None,
        *,
        lr: Rate = 1e-2,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, clip=clip)
        self.eps = within(eps, "eps")

    def start(self, parameter: Any) -> State:
        """Give the sum of squares $s = 0$."""
        return {"sum": zeros_like(parameter)}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Give $\theta - \eta\,g / (\sqrt{s} + \epsilon)$ and $s$."""
        total = state["sum"] + grad * grad
        return parameter - lr * _ratio(grad, ag.sqrt(total), self.eps), {"sum": total}


class RMSprop(Optimizer):
    r"""RMSprop: $s \leftarrow \alpha s + (1-\alpha) g^2$, $\theta \leftarrow \theta - \eta\,g / (\sqrt{s} + \epsilon)$.

    With a momentum, $v \leftarrow \mu v + g / (\sqrt{s} + \epsilon)$, $\theta \leftarrow \theta - \eta v$.

    Args:
        parameters, weight_decay, clip: as for `Optimizer`.
        lr: $\eta$.
        alpha: $\alpha$, from 0 up to, but not including, 1.
        momentum: $\mu$, likewise.
        eps: $\epsilon$.

    Source: Tieleman and Hinton (2012), lecture 6e.

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> rmsprop = RMSprop([x], lr=0.1, alpha=0.0)
    >>> (5 * x).backward()
    >>> rmsprop.step()
    >>> round(x.data, 6)
    0.9
    """

    def __init__(
        self,
        parameters: Iterable[Any] | None = None,
        *,
        lr: Rate = 1e-2,
        alpha: float = 0.99,
        momentum: float = 0.0,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, clip=clip)
        self.alpha = within(alpha, "alpha", 0.0, 1.0)
        self.momentum = within(momentum, "momentum", 0.0, 1.0)
        self.eps = within(eps, "eps")

    def start(self, parameter: Any) -> State:
        """Give the mean of squares $s = 0$, and the velocity $v = 0$ where there is a momentum."""
        state = {"square": zeros_like(parameter)}
        return state | {"velocity": zeros_like(parameter)} if self.momentum else state

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Give $\theta - \eta v$, $s$ and $v$."""
        square = self.alpha * state["square"] + (1.0 - self.alpha) * grad * grad
        ratio = _ratio(grad, ag.sqrt(square), self.eps)
        if not self.momentum:
            return parameter - lr * ratio, {"square": square}
        velocity = self.momentum * state["velocity"] + ratio
        return parameter - lr * velocity, {"square": square, "velocity": velocity}


class Adam(Optimizer):
    r"""Adam: steps of about $\eta$, whatever the size of the gradients.

    $m \leftarrow \beta_1 m + (1-\beta_1) g$, $v \leftarrow \beta_2 v + (1-\beta_2) g^2$,
    $\theta \leftarrow \theta - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)$, with $\hat m = m/(1-\beta_1^t)$ and
    $\hat v = v/(1-\beta_2^t)$.

    Args:
        parameters, weight_decay, clip: as for `Optimizer`.
        lr: $\eta$.
        betas: $\beta_1$ and $\beta_2$, each from 0 up to, but not including, 1.
        eps: $\epsilon$; where it is 0, a parameter that never had a gradient stays as it is.

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
        weight_decay: float = 0.0,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, clip=clip)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(f"`betas` are two numbers, such as (0.9, 0.999), not {betas!r:.60}")
        self.betas = (within(betas[0], "betas[0]", 0.0, 1.0), within(betas[1], "betas[1]", 0.0, 1.0))
        self.eps = within(eps, "eps")

    def start(self, parameter: Any) -> State:
        """Give $m = v = 0$."""
        return {"m": zeros_like(parameter), "v": zeros_like(parameter)}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Give $\theta - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)$, $m$ and $v$."""
        beta1, beta2 = self.betas
        m = beta1 * state["m"] + (1.0 - beta1) * grad
        v = beta2 * state["v"] + (1.0 - beta2) * grad * grad
        root = ag.sqrt(v) / ag.sqrt(1.0 - ag.pow(beta2, t))
        return parameter - lr / (1.0 - ag.pow(beta1, t)) * _ratio(m, root, self.eps), {"m": m, "v": v}


class AdamW(Adam):
    r"""Adam with decoupled weight decay: $\theta \leftarrow (1 - \eta\lambda)\,\theta$, then the step of Adam.

    Args:
        parameters, lr, betas, eps, clip: as for `Adam`.
        weight_decay: $\lambda$.

    Source: Loshchilov and Hutter (2019), algorithm 2.

    >>> from autograd import Value
    >>> x = Value(1.0)
    >>> adamw = AdamW([x], lr=0.1, weight_decay=0.5)
    >>> (x * x).backward()
    >>> adamw.step()
    >>> round(x.data, 6)
    0.85
    """

    decoupled = True

    def __init__(
        self,
        parameters: Iterable[Any] | None = None,
        *,
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        clip: Clip | None = None,
    ) -> None:
        super().__init__(parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, clip=clip)


class Groups(Optimizer):
    r"""Groups of parameters with settings of their own: an optimiser for each, and their steps are one step.

    Args:
        *optimizers: each with its parameters. Their learning rates may be schedules; their own counts stand still.
        clip: as for `Optimizer`: of the gradients of all groups together, before the `clip` of each group.

    Raises:
        TypeError: one of them is no optimiser.
        ValueError: one of them has no parameters, or a parameter is in two.

    >>> from autograd import Value
    >>> w, b = Value(1.0), Value(1.0)
    >>> optimizer = Groups(SGD([w], lr=0.1, weight_decay=0.5), SGD([b], lr=0.2))
    >>> (w + b).backward()
    >>> optimizer.step()
    >>> round(w.data, 3), b.data
    (0.85, 0.8)
    """

    def __init__(self, *optimizers: Optimizer, clip: Clip | None = None) -> None:
        if not optimizers:
            raise ValueError("`optimizers` is empty: give one for each group of parameters")
        for optimizer in optimizers:
            if not isinstance(optimizer, Optimizer) or isinstance(optimizer, Groups):
                raise TypeError(f"`optimizers` are optimisers, such as SGD(parameters, lr=0.1), not {optimizer!r:.60}")
        self.optimizers = list(optimizers)
        parameters = [parameter for optimizer in optimizers for parameter in optimizer._bound()]
        super().__init__(parameters, lr=0.0, clip=clip)
        del self.lr  # each group has its own, see `rates`
        self.states = [state for optimizer in optimizers for state in optimizer.states]

    def updates(
        self, parameters: list[Any], grads: list[Any], states: list[State], rates: list[Any], t: Any
    ) -> tuple[list[Any], list[State]]:
        """Give all parameters and states after a step, group by group."""
        if self.clip is not None:
            grads = clipped(self.clip, grads)
        new: list[Any] = []
        news: list[State] = []
        for optimizer, lr in zip(self.optimizers, rates, strict=True):
            own = slice(len(new), len(new) + len(optimizer.parameters))
            changed = optimizer.updates(parameters[own], grads[own], states[own], [lr], t)
            new, news = new + changed[0], news + changed[1]
        return new, news

    def rates(self, steps: int | None = None) -> list[float]:
        """Give the learning rate of each group after `steps` steps; of the next step if left out."""
        steps = self.steps if steps is None else steps
        return [lr for optimizer in self.optimizers for lr in optimizer.rates(steps)]

    def _groups(self) -> list[Optimizer]:
        return self.optimizers

    def _settings(self) -> str:
        groups = [f"{type(optimizer).__name__}({optimizer._settings()})" for optimizer in self.optimizers]
        return ", ".join([*groups, *([] if self.clip is None else [f"clip={self.clip}"])])


def _ratio(x: Any, root: Any, eps: float) -> Any:
    """Divide by the root and a little more; with nothing more, 0 where the root is 0, instead of 0/0."""
    return x / (root + eps) if eps else ag.where(root, ag.div(x, root), 0.0)
