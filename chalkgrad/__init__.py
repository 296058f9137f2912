"""Chalkgrad by its one import name: `from chalkgrad import Value, Tensor, grad, draw, nn`."""

import autograd as autograd
import nn as nn
from autograd import *  # noqa: F403
from autograd import __version__ as __version__

__all__ = ["autograd", "nn"]
__all__ += autograd.__all__

if autograd.__name__ == "autograd":  # in a checkout or an editable install
    from . import _checkout as _checkout
