"""Chalkgrad's engine: graphs of floats and arrays that differentiate themselves, and can be read and drawn."""

import builtins as _builtins

__version__ = "0.2.0.dev0"

if __name__ == "autograd":  # in a checkout: an installed Chalkgrad has this package inside `chalkgrad`
    from ._clash import refuse_clashing as _refuse_clashing

    _refuse_clashing()

from . import checks, compiler, display, files
from .check import gradcheck
from .comparison import (
    all as all, any as any, argmax, argmin, equal, greater, greater_equal, isfinite, isinf, isnan, less, less_equal,
    logical_and, logical_not, logical_or, logical_xor, not_equal,
)
from .compiler.compiled import Compiled, Program, compile as compile
from .compiler.loop import Loop
from .drawing import Network, backward_steps, draw, draw_dot, latex, paths, trace_table
from .graph import Node, fresh, topological, without_collector
from .interop import numpy as _numpy  # noqa: F401  # NumPy's functions, from here on
from .mapping import vmap
from .modes import detect_anomaly, no_grad
from .primitive import Primitive, primitive
from .primitives import TABLE
from .primitives.activations import (
    elu, erf, erfc, gelu, leaky_relu, log_sigmoid, logaddexp, relu, sigmoid, silu, softplus,
)
from .primitives.arithmetic import (
    abs as abs, add, ceil, div, floor, fmod, identity, mod, mul, neg, reciprocal, round as round, square, sub,
)
from .primitives.arrays import (
    cumprod, diag, diff, einsum, expand_dims, inner, moveaxis, norm, outer, pad, ravel, repeat, roll, squeeze,
    tensordot, tile, trace, tril, triu,
)
from .primitives.composites import log_softmax, mean, prod, softmax, std, var
from .primitives.layout import astype, broadcast_to, flip, getitem, reshape, scatter, swapaxes, transpose
from .primitives.powers import exp, exp2, expm1, hypot, log, log1p, log2, log10, pow as pow, sqrt, xlogy
from .primitives.reductions import cumsum, logsumexp, matmul, max as max, min as min, sum as sum
from .primitives.selection import clip, maximum, minimum, sign, step, where
from .primitives.trigonometry import acos, acosh, asin, asinh, atan, atan2, atanh, cos, cosh, sin, sinc, sinh, tan, tanh
from .tensor import Tensor, concatenate, stack
from .threads import get_num_threads, num_threads, set_num_threads
from .transforms import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .value import Value, dot

__all__ = [  # without the names of Python's own functions, which `from autograd import *` leaves alone
    "acos", "acosh", "add", "argmax", "argmin", "asin", "asinh", "astype", "atan", "atan2", "atanh", "backward_steps",
    "broadcast_to", "ceil", "checks", "clip", "Compiled", "compiler", "concatenate", "cos", "cosh", "cumprod", "cumsum",
    "detect_anomaly", "diag", "diff", "display", "div", "dot", "draw", "draw_dot", "einsum", "elu", "equal", "erf",
    "erfc", "exp", "exp2", "expand_dims", "expm1", "files", "flip", "floor", "fmod", "fresh", "gelu", "get_num_threads",
    "getitem", "grad", "gradcheck", "gradients", "greater", "greater_equal", "hessian", "hvp", "hypot", "identity",
    "inner", "isfinite", "isinf", "isnan", "jacobian", "jvp", "latex", "leaky_relu", "less", "less_equal", "log",
    "log10", "log1p", "log2", "log_sigmoid", "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or",
    "logical_xor", "logsumexp", "Loop", "matmul", "maximum", "mean", "minimum", "mod", "moveaxis", "mul", "neg",
    "Network", "no_grad", "Node", "norm", "not_equal", "num_threads", "outer", "pad", "paths", "Primitive", "primitive",
    "prod", "Program", "ravel", "reciprocal", "relu", "repeat", "reshape", "roll", "scatter", "set_num_threads",
    "sigmoid", "sign", "silu", "sin", "sinc", "sinh", "softmax", "softplus", "sqrt", "square", "squeeze", "stack",
    "std", "step", "sub", "swapaxes", "TABLE", "tan", "tanh", "Tensor", "tensordot", "tile", "topological", "trace",
    "trace_table", "transpose", "tril", "triu", "Value", "value_and_grad", "var", "vjp", "vmap", "where",
    "without_collector", "xlogy",
]


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if hasattr(_builtins, name))})  # a star leaves Python's alone
