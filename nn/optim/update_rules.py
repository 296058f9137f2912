"""Optimisers: how a step is taken against the gradient. Each is one pure function, `update`; see `Optimizer`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

import autograd as ag

from ..arguments import flag
from .clipping import ClipNorm as ClipNorm
from .clipping import ClipValue as ClipValue
from .optimizer import Clip, State, clipped, zeros_like
from .optimizer import Optimizer as Optimizer
from .settings import PART, SHARE, setting


def _betas(betas: Any, name: str) -> tuple[float, float]:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"`{name}` are two numbers, such as (0.9, 0.999), not {betas!r:.60}")
    return PART(betas[0], f"{name}[0]"), PART(betas[1], f"{name}[1]")


class SGD(Optimizer):
    r"""Stochastic gradient descent with momentum: $v \leftarrow \mu v + g$, $\theta \leftarrow \theta - \eta v$.

    With `nesterov`, $\theta \leftarrow \theta - \eta\,(g + \mu v)$: the gradient is followed from where $v$ leads.
    With `dampening`, $v \leftarrow \mu v + (1 - d) g$ from the second step on, as in PyTorch.

    Args:
        parameters, weight_decay, clip, maximize: as for `Optimizer`.
        lr: $\eta$.
        momentum: $\mu$, from 0 up to, but not including, 1.
        nesterov: whether to look ahead; needs a momentum, and no dampening.
        dampening: $d$, from 0 to 1.

    Raises:
        ValueError: a setting is out of its range, or `nesterov` comes without a momentum or with dampening.

    Source: Polyak (1964); Nesterov (1983); Sutskever et al. (2013).

    >>> from chalkgrad import Value
    >>> x = Value(1.0)
    >>> sgd = SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> sgd.step()
    >>> x.data, sgd
    (0.8, SGD(lr=0.1, momentum=0.0; 1 parameters, 1 steps))
    """

    lr: float | Callable[[int], float] = 1e-3
    momentum: float = setting(default=0.0, check=PART)
    nesterov: bool = setting(default=False, check=flag)
    dampening: float = setting(default=0.0, check=SHARE)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nesterov and not self.momentum:
            raise ValueError("`nesterov` looks ahead along the momentum: give a `momentum` above 0, such as 0.9")
        if self.nesterov and self.dampening:
            raise ValueError(f"`nesterov` goes with no `dampening`, which is {self.dampening}: leave one of them out")

    def start(self, parameter: Any) -> State:
        """Return the velocity $v = 0$, where there is a momentum."""
        return {"velocity": zeros_like(parameter)} if self.momentum else {}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Return $\theta - \eta v$ and $v$."""
        if not self.momentum:
            return parameter - lr * grad, state
        share = 1.0 - self.dampening * ag.minimum(t - 1.0, 1.0) if self.dampening else 1.0  # all of the first gradient
        velocity = self.momentum * state["velocity"] + share * grad
        ahead = grad + self.momentum * velocity if self.nesterov else velocity
        return parameter - lr * ahead, {"velocity": velocity}


class Adagrad(Optimizer):
    r"""Adagrad: $s \leftarrow s + g^2$, $\theta \leftarrow \theta - \eta_t\,g / (\sqrt{s} + \epsilon)$.

    $\eta_t = \eta / (1 + (t - 1)\,d)$ in step $t$.

    Args:
        parameters, weight_decay, clip, maximize: as for `Optimizer`.
        lr: $\eta$.
        lr_decay: $d$, from 0.
        initial_accumulator_value: $s$ before the first step.
        eps: $\epsilon$.

    Raises:
        TypeError, ValueError: as for `Optimizer`.

    Source: Duchi, Hazan and Singer (2011).

    >>> from chalkgrad import Value
    >>> x = Value(1.0)
    >>> adagrad = Adagrad([x], lr=0.1)
    >>> (5 * x).backward()
    >>> adagrad.step()
    >>> round(x.data, 6)
    0.9
    """

    lr: float | Callable[[int], float] = 1e-2
    lr_decay: float = setting(default=0.0)
    initial_accumulator_value: float = setting(default=0.0)
    eps: float = setting(default=1e-10)

    def start(self, parameter: Any) -> State:
        """Return the sum of squares $s$."""
        return {"sum": zeros_like(parameter) + self.initial_accumulator_value}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Return $\theta - \eta\,g / (\sqrt{s} + \epsilon)$ and $s$."""
        total = state["sum"] + grad * grad
        lr = lr / (1.0 + (t - 1.0) * self.lr_decay) if self.lr_decay else lr
        return parameter - lr * _ratio(grad, ag.sqrt(total), self.eps), {"sum": total}


class RMSprop(Optimizer):
    r"""RMSprop: $s \leftarrow \alpha s + (1-\alpha) g^2$, $\theta \leftarrow \theta - \eta\,g / (\sqrt{s} + \epsilon)$.

    With a momentum, $v \leftarrow \mu v + g / (\sqrt{s} + \epsilon)$, $\theta \leftarrow \theta - \eta v$.
    Where `centered`, $s$ is divided by less the square of the mean gradient, $s - m^2$: the variance of $g$.

    Args:
        parameters, weight_decay, clip, maximize: as for `Optimizer`.
        lr: $\eta$.
        alpha: $\alpha$, from 0 up to, but not including, 1.
        momentum: $\mu$, likewise.
        centered: whether to divide by the root of the variance.
        eps: $\epsilon$.

    Raises:
        TypeError, ValueError: as for `Optimizer`.

    Source: Tieleman and Hinton (2012), lecture 6e.

    >>> from chalkgrad import Value
    >>> x = Value(1.0)
    >>> rmsprop = RMSprop([x], lr=0.1, alpha=0.0)
    >>> (5 * x).backward()
    >>> rmsprop.step()
    >>> round(x.data, 6)
    0.9
    """

    lr: float | Callable[[int], float] = 1e-2
    alpha: float = setting(default=0.99, check=PART)
    momentum: float = setting(default=0.0, check=PART)
    centered: bool = setting(default=False, check=flag)
    eps: float = setting(default=1e-8)

    def start(self, parameter: Any) -> State:
        """Return the mean of squares $s = 0$, and the velocity $v = 0$ and the mean $m = 0$ where they are needed."""
        names = ["square", *(["mean"] if self.centered else []), *(["velocity"] if self.momentum else [])]
        return {name: zeros_like(parameter) for name in names}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Return $\theta - \eta v$, and the state."""
        square = variance = self.alpha * state["square"] + (1.0 - self.alpha) * grad * grad
        state = {**state, "square": square}
        if self.centered:
            state["mean"] = self.alpha * state["mean"] + (1.0 - self.alpha) * grad
            variance = ag.maximum(square - state["mean"] * state["mean"], 0.0)  # rounding may leave less than 0
        step = _ratio(grad, ag.sqrt(variance), self.eps)
        if self.momentum:
            step = state["velocity"] = self.momentum * state["velocity"] + step
        return parameter - lr * step, state


class Adam(Optimizer):
    r"""Adam: steps of about $\eta$, whatever the size of the gradients.

    $m \leftarrow \beta_1 m + (1-\beta_1) g$, $v \leftarrow \beta_2 v + (1-\beta_2) g^2$,
    $\theta \leftarrow \theta - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)$, with $\hat m = m/(1-\beta_1^t)$ and
    $\hat v = v/(1-\beta_2^t)$.

    Args:
        parameters, weight_decay, clip, maximize: as for `Optimizer`.
        lr: $\eta$.
        betas: $\beta_1$ and $\beta_2$, each from 0 up to, but not including, 1.
        eps: $\epsilon$; where it is 0, a parameter that never had a gradient stays as it is.
        amsgrad: whether to divide by the greatest $v$ so far.

    Raises:
        TypeError, ValueError: as for `Optimizer`.

    Source: Kingma and Ba (2015), algorithm 1; Reddi, Kale and Kumar (2018) for AMSGrad.

    >>> from chalkgrad import Value
    >>> x = Value(1.0)
    >>> adam = Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> adam.step()
    >>> round(x.data, 6)
    0.9
    """

    lr: float | Callable[[int], float] = 1e-3
    betas: tuple[float, float] = setting(default=(0.9, 0.999), check=_betas)
    eps: float = setting(default=1e-8)
    amsgrad: bool = setting(default=False, check=flag)

    def start(self, parameter: Any) -> State:
        """Return $m = v = 0$, and the greatest $v$, where it is needed."""
        return {name: zeros_like(parameter) for name in ("m", "v", *(["greatest"] if self.amsgrad else []))}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Return $\theta - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)$, and the state."""
        beta1, beta2 = self.betas
        m = beta1 * state["m"] + (1.0 - beta1) * grad
        v = beta2 * state["v"] + (1.0 - beta2) * grad * grad
        state = {**state, "m": m, "v": v}
        if self.amsgrad:
            v = state["greatest"] = ag.maximum(state["greatest"], v)
        root = ag.sqrt(v) / ag.sqrt(1.0 - ag.pow(beta2, t))
        return parameter - lr / (1.0 - ag.pow(beta1, t)) * _ratio(m, root, self.eps), state


class AdamW(Adam):
    r"""Adam with decoupled weight decay: $\theta \leftarrow (1 - \eta\lambda)\,\theta$, then the step of Adam.

    Args:
        parameters, lr, betas, eps, amsgrad, clip, maximize: as for `Adam`.
        weight_decay: $\lambda$.

    Raises:
        TypeError, ValueError: as for `Optimizer`.

    Source: Loshchilov and Hutter (2019), algorithm 2.

    >>> from chalkgrad import Value
    >>> x = Value(1.0)
    >>> adamw = AdamW([x], lr=0.1, weight_decay=0.5)
    >>> (x * x).backward()
    >>> adamw.step()
    >>> round(x.data, 6)
    0.85
    """

    weight_decay: float = 1e-2
    decoupled = True


class NAdam(Optimizer):
    r"""Adam with Nesterov's momentum: the step goes along the mean that the next gradient will be added to.

    $\theta \leftarrow \theta - \eta\,(a\,m + b\,g) / (\sqrt{\hat v} + \epsilon)$ with $m$ and $\hat v$ as in `Adam`,
    $a = \mu_{t+1} / (1 - \mu_1 \cdots \mu_{t+1})$, $b = (1 - \mu_t) / (1 - \mu_1 \cdots \mu_t)$ and
    $\mu_t = \beta_1 (1 - \frac12 0.96^{t\psi})$.

    Args:
        parameters, lr, betas, eps, weight_decay, clip, maximize: as for `Adam`.
        momentum_decay: $\psi$, from 0.
        decoupled_weight_decay: whether weight decay keeps away from the gradient, as in `AdamW`.

    Raises:
        TypeError, ValueError: as for `Optimizer`.

    Source: Dozat (2016).

    >>> from chalkgrad import Value
    >>> x = Value(1.0)
    >>> nadam = NAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> nadam.step()
    >>> round(x.data, 6)
    0.894355
    """

    lr: float | Callable[[int], float] = 2e-3
    betas: tuple[float, float] = setting(default=(0.9, 0.999), check=_betas)
    eps: float = setting(default=1e-8)
    momentum_decay: float = setting(default=4e-3)
    decoupled_weight_decay: bool = setting(default=False, check=flag)

    decoupled = property(lambda self: self.decoupled_weight_decay)

    def start(self, parameter: Any) -> State:
        r"""Return $m = v = 0$, and the product of all $\mu_i$ so far, 1."""
        return {"m": zeros_like(parameter), "v": zeros_like(parameter), "product": 1.0}

    def update(self, parameter: Any, grad: Any, state: State, lr: Any, t: Any) -> tuple[Any, State]:
        r"""Return the parameter after the step, and the state."""
        beta1, beta2 = self.betas
        mu, ahead = (beta1 * (1.0 - 0.5 * ag.pow(0.96, n * self.momentum_decay)) for n in (t, t + 1.0))
        m = beta1 * state["m"] + (1.0 - beta1) * grad
        v = beta2 * state["v"] + (1.0 - beta2) * grad * grad
        product = state["product"] * mu
        mean = ahead / (1.0 - product * ahead) * m + (1.0 - mu) / (1.0 - product) * grad
        root = ag.sqrt(v) / ag.sqrt(1.0 - ag.pow(beta2, t))
        return parameter - lr * _ratio(mean, root, self.eps), {"m": m, "v": v, "product": product}


class Groups(Optimizer):
    r"""Combine several optimisers into one, so that groups of parameters can have different settings.

    Args:
        *optimizers: one optimiser with parameters for each group. Their learning rates can be schedules. Only the
            combined optimiser counts steps.
        clip: as for `Optimizer`, applied to the gradients of all groups together, before the `clip` of each group.

    Raises:
        TypeError: an argument is not an optimiser.
        ValueError: an optimiser has no parameters, or a parameter belongs to two groups.

    >>> from chalkgrad import Value
    >>> w, b = Value(1.0), Value(1.0)
    >>> optimizer = Groups(SGD([w], lr=0.1, weight_decay=0.5), SGD([b], lr=0.2))
    >>> (w + b).backward()
    >>> optimizer.step()
    >>> round(w.data, 3), b.data
    (0.85, 0.8)
    """

    optimizers: list[Optimizer] = field(init=False)

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

    def updates(
        self, parameters: list[Any], grads: list[Any], states: list[State], rates: list[Any], t: Any
    ) -> tuple[list[Any], list[State]]:
        """Return all parameters and states after a step, group by group."""
        if self.clip is not None:
            grads = clipped(self.clip, grads)
        new: list[Any] = []
        news: list[State] = []
        for optimizer, lr in zip(self.optimizers, rates, strict=True):
            own = slice(len(new), len(new) + len(optimizer.parameters))
            counts = t[own] if isinstance(t, list) else t
            changed = optimizer.updates(parameters[own], grads[own], states[own], [lr], counts)
            new, news = new + changed[0], news + changed[1]
        return new, news

    @property
    def groups(self) -> list[Optimizer]:
        """The optimiser of each group of parameters."""
        return self.optimizers

    def _settings(self) -> str:
        groups = [f"{type(optimizer).__name__}({optimizer._settings()})" for optimizer in self.optimizers]
        return ", ".join([*groups, *([] if self.clip is None else [f"clip={self.clip}"])])


def _ratio(x: Any, root: Any, eps: float) -> Any:
    """Divide by the root and a little more; with nothing more, 0 where the root is 0, instead of 0/0."""
    return x / (root + eps) if eps else ag.where(root, ag.div(x, root), 0.0)


RULES: dict[str, Callable[..., Optimizer]] = {
    rule.__name__.lower(): rule for rule in (SGD, Adagrad, RMSprop, Adam, AdamW, NAdam)
}
"""The optimisers that go by a name, as in `nn.fit(..., optimizer="adam")`."""
