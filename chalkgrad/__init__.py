"""Chalkgrad by its one import name: `from chalkgrad import Value, Tensor, grad, draw, nn`."""

from typing import Any as _Any

import autograd as autograd
import nn as nn
from autograd import *  # noqa: F403
from autograd import __version__ as __version__

__all__ = ["autograd", "nn"]
__all__ += autograd.__all__


def __getattr__(name: str) -> _Any:
    """Return what a star leaves alone, since Python has it too: `from chalkgrad import compile` is a choice."""
    return getattr(autograd, name)


if autograd.__name__ == "autograd":  # in a checkout or an editable install
    from . import _checkout as _checkout
