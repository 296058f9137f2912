"""Gradient clipping: a pure function from the list of all gradients to a list, which an optimiser applies first.

Each works on floats, arrays and nodes alike. Any function of that kind can stand in their place.
"""

from __future__ import annotations

from typing import Any

import autograd as ag

from ..arguments import above_zero
from .settings import Configured, setting


class _Clip(Configured):
    limit: float = setting(check=above_zero, kw_only=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.limit:g})"


class ClipValue(_Clip):
    r"""Limit every element of every gradient to the interval from $-c$ to $c$.

    Args:
        limit: $c$, above 0.

    Raises:
        TypeError, ValueError: `limit` is no number above 0.

    >>> ClipValue(1.0)([3.0, -0.5])
    [1.0, -0.5]
    """

    def __call__(self, grads: list[Any]) -> list[Any]:
        """Return the limited gradients."""
        return [ag.clip(grad, -self.limit, self.limit) for grad in grads]


class ClipNorm(_Clip):
    r"""Scale the gradient $g$ of all parameters together to the norm $c$, if its norm is larger.

    $g \leftarrow g \cdot \min(1,\; c / (\lVert g \rVert + 10^{-6}))$, as in PyTorch. The direction stays the same.

    Args:
        limit: $c$, above 0.

    Raises:
        TypeError, ValueError: `limit` is no number above 0.

    Source: Pascanu, Mikolov and Bengio (2013), algorithm 1.

    >>> [round(float(x), 3) for x in ClipNorm(1.0)([3.0, -4.0])]
    [0.6, -0.8]
    """

    def __call__(self, grads: list[Any]) -> list[Any]:
        """Return the gradients, all shortened by the same factor."""
        lengths = [ag.abs(grad) if isinstance(grad, (float, ag.Value)) else ag.norm(grad) for grad in grads]
        factor = ag.minimum(ag.div(self.limit, ag.norm(ag.stack(lengths)) + 1e-6), 1.0)
        return [grad * factor for grad in grads]
