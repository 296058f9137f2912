r"""Penalties: what is added to the mean loss so that weights stay small, the $\alpha\Omega$ of $J = L + \alpha\Omega$.

Each is a function of the model that gives a node, for `nn.fit(..., penalty=L2(1e-4))`. Two of them, as in the elastic
net, are a function of your own: `penalty=lambda model: L1(1e-4)(model) + L2(1e-4)(model)`.
"""

from __future__ import annotations

from typing import Any

import autograd as ag
from autograd import Tensor

from ..arguments import flag
from ..module import Module, brief, check_model
from ..optim.settings import Configured, setting

KEPT = ("bias", "b", "slope")
"""Parameters that are no weights, by the last part of their names."""


class Penalty(Configured):
    r"""A function of a model that gives a single number as a node.

    A subclass writes `omega`.

    Args:
        alpha: $\alpha$, from 0.
        biases: whether biases, and the slopes of PReLU, count as well. They shift a unit, and do not make the
            function steeper, so they are left alone; micrograd's demo counts them.

    Source: Goodfellow, Bengio and Courville (2016), section 7.1.
    """

    alpha: float = setting(kw_only=False)
    biases: bool = setting(default=False, check=flag)

    def omega(self, parameters: list[Any]) -> Any:
        r"""Return $\Omega$ of the parameters, without $\alpha$."""
        raise NotImplementedError(f"{type(self).__name__} has no `omega(self, parameters)`: write one")

    def __call__(self, model: Module) -> Any:
        """Return the penalty of the weights that are trained; frozen ones do not count.

        Raises:
            TypeError: `model` is no Module.
            ValueError: it has no weights.
        """
        check_model(model)
        named = model.named_parameters()
        counted = [p for name, p in named if self.biases or name.rpartition(".")[2] not in KEPT]
        if not counted:
            raise ValueError(f"`model`, {brief(model)}, has no weights to keep small")
        trained = [p for p in counted if p.requires_grad]
        return self.alpha * self.omega(trained) if trained else 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.alpha:g}{', biases=True' if self.biases else ''})"


class L2(Penalty):
    r"""Half the squares of the weights, $\frac\alpha2 \sum w^2$: each is pulled to 0 in proportion to its size.

    With SGD it is the same as a `weight_decay` of $\alpha$.

    Args:
        alpha, biases: as for `Penalty`.

    Raises:
        ValueError, TypeError: an argument is not as above.

    Source: Hoerl and Kennard (1970); Krogh and Hertz (1992) for nets.

    >>> from chalkgrad.nn import Linear
    >>> L2(0.1)(Linear(3, 2, initializer="zeros")).item()
    0.0
    """

    def omega(self, parameters: list[Any]) -> Any:
        r"""Return $\frac12 \sum w^2$."""
        return 0.5 * _total([ag.sum(ag.square(p)) if isinstance(p, Tensor) else p * p for p in parameters])


class L1(Penalty):
    r"""The sizes of the weights, $\alpha \sum |w|$: each is pulled to 0 by the same force, so that many become 0.

    Args:
        alpha, biases: as for `Penalty`.

    Raises:
        ValueError, TypeError: an argument is not as above.

    Source: Tibshirani (1996).

    >>> from chalkgrad.nn import Linear, init
    >>> L1(0.5)(Linear(3, 2, initializer=init.constant(-1.0))).item()
    3.0
    """

    def omega(self, parameters: list[Any]) -> Any:
        r"""Return $\sum |w|$."""
        return _total([ag.sum(ag.abs(p)) if isinstance(p, Tensor) else ag.abs(p) for p in parameters])


def _total(terms: list[Any]) -> Any:
    """Add the terms in pairs: the graph of many Values is not deep."""
    while len(terms) > 1:
        pairs = [a + b for a, b in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[2 * len(pairs) :]
    return terms[0]
