"""Layers that are random in training, and the identity in evaluation mode: Dropout and Noise.

Each layer draws from its own generator, number by number in row order, through `chalkgrad.fresh`. So a compiled
program draws the same numbers as an eager net. `train()` and `eval()` set the mode.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd import Value, fresh

from ..arguments import within
from ..data.arrays import node_or_floats
from ..module import Module
from ..randomness import RandomLike, normal, source, uniform


class _Random(Module):
    """The base class of layers that combine each input with a new random number. A subclass defines `draw`.

    The layer is the identity if the setting that `size` names is 0. The setting must be less than `limit`.
    """

    size, limit = "", math.inf
    _join: Any = operator.mul  # private: the pages of the site would link to a page of `operator`
    draw: Any

    def __init__(self, rng: RandomLike) -> None:
        self.rng = source(rng)

    def __setattr__(self, name: str, thing: Any) -> None:
        super().__setattr__(name, within(thing, name, high=self.limit) if name == self.size else thing)

    def forward(self, x: Any) -> Any:
        """Map `x`, of any shape, or a list of Values, to the same shape."""
        if isinstance(x, (list, tuple)) and any(isinstance(part, Value) for part in x):
            return [self(part if isinstance(part, Value) else Value(part, requires_grad=False)) for part in x]
        x = node_or_floats(x, "x", self)
        if not self.training or not getattr(self, self.size):
            return x
        if isinstance(x, Value):
            return self._join(x, fresh(lambda: float(self.draw(()))))
        shape, dtype = x.shape, x.dtype
        return self._join(x, fresh(lambda: self.draw(shape).astype(dtype, copy=False)))

    def config(self) -> dict[str, Any]:
        """Return the setting and the generator in its current state."""
        return {self.size: getattr(self, self.size), "rng": self.rng}


class Dropout(_Random):
    r"""Dropout: in training, $y_i = x_i m_i / (1 - p)$, where $m_i$ is 0 with the probability $p$ and else 1.

    The expected value of $y$ is $x$. In evaluation mode, $y = x$. Each number of each row has its own $m_i$.

    Args:
        rate: $p$, from 0 up to, but not including, 1.
        rng: a seed, a generator or None.

    Raises:
        ValueError: `rate` is out of its range.

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014).

    >>> layer = Dropout(0.5, rng=1)
    >>> layer(np.ones(6)).data, layer.eval()(np.ones(2))
    (array([2., 2., 0., 2., 0., 0.]), array([1., 1.]))
    """

    size, limit = "rate", 1.0

    def __init__(self, rate: float = 0.5, *, rng: RandomLike = None) -> None:
        super().__init__(rng)
        self.rate = rate

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        """Draw $m / (1 - p)$."""
        return (uniform(self.rng, 0.0, 1.0, shape) >= self.rate) / (1.0 - self.rate)


class Noise(_Random):
    r"""Additive noise: $y_i = x_i + \sigma\epsilon_i$ with $\epsilon_i \sim N(0, 1)$ in training, else $y = x$.

    Args:
        std: $\sigma$, from 0, in the units of $x$.
        rng: a seed, a generator or None.

    Raises:
        ValueError: `std` is negative.

    Source: Bishop (1995): small noise on inputs is equivalent to Tikhonov regularisation.

    >>> Noise(0.1, rng=1)(np.zeros(3)).data.round(3)
    array([0.035, 0.082, 0.033])
    """

    size, _join = "std", operator.add

    def __init__(self, std: float, *, rng: RandomLike = None) -> None:
        super().__init__(rng)
        self.std = std

    def draw(self, shape: tuple[int, ...]) -> np.ndarray:
        r"""Draw $\sigma\epsilon$."""
        return self.std * normal(self.rng, shape)
