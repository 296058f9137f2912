"""Schedules: the learning rate as a function of the number of finished steps. Pass one as `lr=` of an optimiser.

A step is one batch, not one epoch. All schedules but `OnPlateau` are stateless: they return the rate of any step.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ..arguments import count, items, one_of, within
from ..state import loaded
from .settings import PART, SHARE, Configured, setting

__all__ = [
    "Cosine", "CosineRestarts", "ExponentialDecay", "MultiStep", "OnPlateau", "OneCycle", "Polynomial", "Schedule",
    "StepDecay", "WarmUp",
]  # fmt: skip


def _milestones(steps: Any, name: str) -> list[int]:
    milestones = [count(n, name) for n in items(steps, name)]
    if milestones != sorted(milestones) or not milestones:
        raise ValueError(f"`{name}` are numbers of steps in ascending order, not {steps!r:.60}")
    return milestones


def _then(then: Any, name: str) -> Any:
    if isinstance(then, (type, OnPlateau)):
        raise TypeError(f"`{name}` is a rate or a schedule without state, as Cosine(0.1, 100) is, not {then!r:.60}")
    return then if callable(then) else within(then, name)


class Schedule(Configured):
    """The base class of schedules. Call one with `steps`, the number of finished steps; a subclass defines `rate`.

    A subclass declares its settings, or sets them in its own `__init__`.

    Raises:
        ValueError: from a call, if `steps` is not an integer from 0.

    >>> class Halving(Schedule):
    ...     def rate(self, steps):
    ...         return 0.1 / 2**steps
    >>> [Halving()(k) for k in range(3)]
    [0.1, 0.05, 0.025]
    """

    def rate(self, steps: int) -> float:
        """Return the learning rate of the next step after `steps` finished steps."""
        raise NotImplementedError(f"{type(self).__name__} has no `rate(self, steps)`: write one")

    def __call__(self, steps: int) -> float:
        return self.rate(count(steps, "steps", 0))

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if name[0] != "_")
        return f"{type(self).__name__}({settings})"


class _FromRate(Schedule):
    """The base class of schedules whose first argument is the initial, or the largest, learning rate."""

    lr: float = setting(kw_only=False)


class StepDecay(_FromRate):
    r"""Multiply the rate by $\gamma$ every $n$ steps: $\eta\,\gamma^{\lfloor k / n \rfloor}$. (PyTorch: StepLR.)

    Args:
        lr: $\eta$, the initial rate.
        every: $n$, the number of steps with the same rate.
        factor: $\gamma$, from 0 to 1.

    Raises:
        ValueError: an argument is out of its range.

    >>> [round(StepDecay(0.1, every=2, factor=0.5)(k), 3) for k in range(5)]
    [0.1, 0.1, 0.05, 0.05, 0.025]
    """

    every: int = setting(check=count, kw_only=False)
    factor: float = setting(default=0.1, check=SHARE, kw_only=False)

    def rate(self, steps: int) -> float:
        """Return the height of the stair."""
        return self.lr * self.factor ** (steps // self.every)


class ExponentialDecay(_FromRate):
    r"""Multiply the rate by $\gamma$ in each step: $\eta\,\gamma^k$ after $k$ steps. (PyTorch: ExponentialLR.)

    Args:
        lr: $\eta$, the initial rate.
        factor: $\gamma$, from 0 to 1.

    Raises:
        ValueError: an argument is out of its range.

    >>> [round(ExponentialDecay(0.1, 0.5)(k), 4) for k in range(4)]
    [0.1, 0.05, 0.025, 0.0125]
    """

    factor: float = setting(check=SHARE, kw_only=False)

    def rate(self, steps: int) -> float:
        """Return the height of the curve."""
        return self.lr * self.factor**steps


class MultiStep(_FromRate):
    r"""Multiply the rate by $\gamma$ at each milestone: $\eta\,\gamma^j$ after $j$ milestones. (PyTorch: MultiStepLR.)

    Args:
        lr: $\eta$, the initial rate.
        milestones: the numbers of steps after which the rate decreases, in ascending order.
        factor: $\gamma$, from 0 to 1.

    Raises:
        ValueError: an argument is out of its range, or `milestones` do not ascend.

    >>> [round(MultiStep(0.1, [2, 3], factor=0.5)(k), 3) for k in range(5)]
    [0.1, 0.1, 0.05, 0.025, 0.025]
    """

    milestones: Sequence[int] = setting(check=_milestones, kw_only=False)
    factor: float = setting(default=0.1, check=SHARE, kw_only=False)

    def rate(self, steps: int) -> float:
        """Return the height of the stair."""
        return self.lr * self.factor ** bisect_right(self.milestones, steps)


class Polynomial(_FromRate):
    r"""Decrease the rate to 0 in $n$ steps: $\eta\,(1 - k/n)^p$ after $k$ steps. (PyTorch: PolynomialLR.)

    Args:
        lr: $\eta$, the initial rate.
        steps: $n$.
        power: $p$; 1 for a linear decrease.

    Raises:
        ValueError: an argument is out of its range.

    >>> [round(Polynomial(0.1, 4, power=2)(k), 4) for k in range(6)]
    [0.1, 0.0563, 0.025, 0.0063, 0.0, 0.0]
    """

    steps: int = setting(check=count, kw_only=False)
    power: float = setting(default=1.0, kw_only=False)

    def rate(self, steps: int) -> float:
        """Return the power of the height of the line."""
        return self.lr * (1.0 - min(steps, self.steps) / self.steps) ** self.power


class Cosine(_FromRate):
    r"""Decrease the rate along half a cosine: $\eta_0 + \frac12(\eta - \eta_0)(1 + \cos\frac{\pi k}{n})$.

    Here $k$ is the number of finished steps. From step $n$ on the rate is $\eta_0$. (PyTorch: CosineAnnealingLR, whose
    rate increases again.)

    Args:
        lr: $\eta$, the initial rate.
        steps: $n$.
        low: $\eta_0$, not above `lr`.

    Raises:
        ValueError: an argument is out of its range.

    Source: Loshchilov and Hutter (2017), equation 5.

    >>> [round(Cosine(0.1, 4)(k), 4) for k in range(6)]
    [0.1, 0.0854, 0.05, 0.0146, 0.0, 0.0]
    """

    steps: int = setting(check=count, kw_only=False)
    low: float = setting(default=0.0, kw_only=False)

    def __post_init__(self) -> None:
        within(self.low, "low", 0.0, self.lr, closed=True)

    def rate(self, steps: int) -> float:
        """Return the height of the cosine."""
        return _between(self.lr, self.low, steps / self.steps)


class CosineRestarts(Cosine):
    r"""Decrease the rate along half a cosine from $\eta$ to $\eta_0$, and restart at $\eta$ each time.

    (PyTorch: CosineAnnealingWarmRestarts.)

    Args:
        lr, low: $\eta$ and $\eta_0$, as for `Cosine`.
        steps: the number of steps up to the first restart.
        multiply: the length of each further cosine, as a multiple of the previous one.

    Raises:
        ValueError: an argument is out of its range.

    Source: Loshchilov and Hutter (2017), section 3.

    >>> [round(CosineRestarts(0.1, 2, multiply=2)(k), 4) for k in range(7)]
    [0.1, 0.05, 0.1, 0.0854, 0.05, 0.0146, 0.1]
    """

    multiply: int = setting(default=1, check=count)

    def __init__(self, lr: float, steps: int, multiply: int = 1, low: float = 0.0) -> None:
        super().__init__(lr, steps, low)
        self.multiply = multiply

    def rate(self, steps: int) -> float:
        """Return the height of the cosine that is running."""
        length = self.steps
        if self.multiply == 1:
            steps %= length
        while steps >= length:
            steps, length = steps - length, length * self.multiply
        return _between(self.lr, self.low, steps / length)


class WarmUp(Schedule):
    r"""Increase the rate linearly, $\eta\,(s + (1-s)\,k/n)$ while $k < n$; then follow another schedule.

    (PyTorch: LinearLR and SequentialLR.)

    Args:
        then: the rate $\eta$, or a schedule that starts at step $n$; its first rate is $\eta$.
        steps: $n$, the number of steps of the warm-up.
        start: $s$, the first rate as a fraction of $\eta$, from 0 to 1.

    Raises:
        ValueError: an argument is out of its range.
        TypeError: `then` is a class, or a schedule with a state.

    Source: Goyal et al. (2017), section 2.2.

    >>> [round(WarmUp(StepDecay(0.4, every=2), steps=3, start=0.25)(k), 3) for k in range(7)]
    [0.1, 0.2, 0.3, 0.4, 0.4, 0.04, 0.04]
    """

    then: float | Callable[[int], float] = setting(check=_then, kw_only=False)
    steps: int = setting(check=count, kw_only=False)
    start: float = setting(default=0.1, check=SHARE, kw_only=False)

    def rate(self, steps: int) -> float:
        """Return the height of the line, or the rate of the schedule behind it."""
        after = max(steps - self.steps, 0)
        rate = float(self.then(after) if callable(self.then) else self.then)
        return rate if steps >= self.steps else rate * (self.start + (1.0 - self.start) * steps / self.steps)


class OneCycle(_FromRate):
    r"""Increase the rate along half a cosine from $\eta/d$ to $\eta$, then decrease it along another to $\eta/(de)$.

    (PyTorch: OneCycleLR without its cycle of the momentum.)

    Args:
        lr: $\eta$, the largest rate.
        steps: the total number of steps, from 2.
        rise: the fraction of the steps in which the rate increases, from 0 to 1.
        first: $d$, the ratio of the largest rate to the first rate.
        last: $e$, the ratio of the first rate to the last rate.

    Raises:
        ValueError: an argument is out of its range.

    Source: Smith and Topin (2018).

    >>> [round(OneCycle(1.0, 5, rise=0.6, first=10, last=100)(k), 3) for k in range(6)]
    [0.1, 0.55, 1.0, 0.5, 0.001, 0.001]
    """

    steps: int = setting(check=partial(count, least=2), kw_only=False)
    rise: float = setting(default=0.3, check=SHARE, kw_only=False)
    first: float = setting(default=25.0, check=partial(within, low=1.0), kw_only=False)
    last: float = setting(default=1e4, check=partial(within, low=1.0), kw_only=False)

    def rate(self, steps: int) -> float:
        """Return the height of the cycle."""
        top, end = self.rise * self.steps - 1.0, self.steps - 1.0
        low = self.lr / self.first
        if steps < top:
            return _between(low, self.lr, steps / top)
        return _between(self.lr, low / self.last, (steps - top) / (end - top) if end > top else 1.0)


class OnPlateau(_FromRate):
    r"""Multiply the rate by $\gamma$ when a monitored number has stopped improving.

    `nn.fit` passes the number to `observe` once per epoch. After more than `patience` epochs without an improvement,
    the rate decreases. (PyTorch: ReduceLROnPlateau.)

    Args:
        lr: the initial rate.
        factor: $\gamma$, from 0 to 1.
        patience: the number of epochs without an improvement that are tolerated.
        threshold: the smallest change that counts as an improvement, relative to the best number.
        mode: "min" if smaller is better, "max" if larger is better.
        low: the smallest rate.

    Attributes:
        lr: the current rate.

    Raises:
        ValueError: an argument is out of its range.

    >>> lr = OnPlateau(0.1, factor=0.5, patience=1)
    >>> for loss in (1.0, 0.5, 0.5, 0.6, 0.7, 0.4):
    ...     lr.observe(loss)
    >>> lr(6)
    0.05
    """

    factor: float = setting(default=0.1, check=PART, kw_only=False)
    patience: int = setting(default=10, check=partial(count, least=0), kw_only=False)
    threshold: float = setting(default=1e-4, kw_only=False)
    mode: str = setting(default="min", check=lambda mode, name: one_of(mode, ("min", "max"), name), kw_only=False)
    low: float = setting(default=0.0, kw_only=False)

    def __post_init__(self) -> None:
        within(self.low, "low", 0.0, self.lr, closed=True)
        self._best, self._bad = math.inf, 0

    def rate(self, steps: int) -> float:
        """Return the current rate. It does not depend on `steps`."""
        return self.lr

    def observe(self, metric: float) -> None:
        """Record the number of one more epoch. NaN is never an improvement."""
        number = math.nan if metric != metric else within(metric, "metric", -math.inf, closed=True)
        number = number if self.mode == "min" else -number
        margin = self.threshold * abs(self._best) if math.isfinite(self._best) else 0.0
        if number < self._best - margin:
            self._best, self._bad = number, 0
        else:
            self._bad += 1
        if self._bad > self.patience:
            self.lr, self._bad = max(self.lr * self.factor, self.low), 0

    def state_dict(self) -> dict[str, Any]:
        """Return the state: the rate, the best number (as a loss), and the number of epochs since."""
        return {"lr": self.lr, "best": self._best, "bad": self._bad}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state that `state_dict` returned.

        Raises:
            ValueError: an entry is missing, or has the wrong type.
        """
        new = loaded(self.state_dict(), state, type(self).__name__)
        best, bad = within(new["best"], "best", -math.inf, closed=True), count(new["bad"], "bad", 0)
        self.lr, self._best, self._bad = new["lr"], best, bad


def _between(start: float, end: float, part: float) -> float:
    """Interpolate from `start` to `end` along half a cosine."""
    return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * min(part, 1.0)))
