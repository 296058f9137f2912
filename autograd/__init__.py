"""Chalkgrad's engine: graphs of floats and arrays that differentiate themselves, and can be read and drawn."""

__version__ = "0.2.0.dev0"

if __name__ == "autograd":  # in a checkout: an installed Chalkgrad has this package inside `chalkgrad`
    from ._clash import refuse_strangers

    refuse_strangers()

from . import display as display
from . import files as files
from .check import gradcheck as gradcheck
from .comparison import all as all
from .comparison import any as any
from .comparison import argmax as argmax
from .comparison import argmin as argmin
from .comparison import equal as equal
from .comparison import greater as greater
from .comparison import greater_equal as greater_equal
from .comparison import isfinite as isfinite
from .comparison import isinf as isinf
from .comparison import isnan as isnan
from .comparison import less as less
from .comparison import less_equal as less_equal
from .comparison import logical_and as logical_and
from .comparison import logical_not as logical_not
from .comparison import logical_or as logical_or
from .comparison import logical_xor as logical_xor
from .comparison import not_equal as not_equal
from .compiler.compiled import Compiled as Compiled
from .compiler.compiled import Program as Program
from .compiler.compiled import compile as compile
from .compiler.loop import Loop as Loop
from .drawing import Network as Network
from .drawing import backward_steps as backward_steps
from .drawing import draw as draw
from .drawing import draw_dot as draw_dot
from .drawing import latex as latex
from .drawing import paths as paths
from .drawing import trace_table as trace_table
from .graph import Node as Node
from .graph import fresh as fresh
from .graph import topological as topological
from .graph import without_collector as without_collector
from .interop import numpy as _numpy  # noqa: F401  # NumPy's functions, from here on
from .mapping import vmap as vmap
from .modes import detect_anomaly as detect_anomaly
from .modes import no_grad as no_grad
from .primitive import Primitive as Primitive
from .primitive import primitive as primitive
from .primitives import TABLE as TABLE
from .primitives.activations import elu as elu
from .primitives.activations import erf as erf
from .primitives.activations import erfc as erfc
from .primitives.activations import gelu as gelu
from .primitives.activations import leaky_relu as leaky_relu
from .primitives.activations import log_sigmoid as log_sigmoid
from .primitives.activations import logaddexp as logaddexp
from .primitives.activations import relu as relu
from .primitives.activations import sigmoid as sigmoid
from .primitives.activations import silu as silu
from .primitives.activations import softplus as softplus
from .primitives.arithmetic import abs as abs
from .primitives.arithmetic import add as add
from .primitives.arithmetic import ceil as ceil
from .primitives.arithmetic import div as div
from .primitives.arithmetic import floor as floor
from .primitives.arithmetic import fmod as fmod
from .primitives.arithmetic import identity as identity
from .primitives.arithmetic import mod as mod
from .primitives.arithmetic import mul as mul
from .primitives.arithmetic import neg as neg
from .primitives.arithmetic import reciprocal as reciprocal
from .primitives.arithmetic import round as round
from .primitives.arithmetic import square as square
from .primitives.arithmetic import sub as sub
from .primitives.arrays import cumprod as cumprod
from .primitives.arrays import diag as diag
from .primitives.arrays import diff as diff
from .primitives.arrays import einsum as einsum
from .primitives.arrays import expand_dims as expand_dims
from .primitives.arrays import inner as inner
from .primitives.arrays import moveaxis as moveaxis
from .primitives.arrays import norm as norm
from .primitives.arrays import outer as outer
from .primitives.arrays import pad as pad
from .primitives.arrays import ravel as ravel
from .primitives.arrays import repeat as repeat
from .primitives.arrays import roll as roll
from .primitives.arrays import squeeze as squeeze
from .primitives.arrays import tensordot as tensordot
from .primitives.arrays import tile as tile
from .primitives.arrays import trace as trace
from .primitives.arrays import tril as tril
from .primitives.arrays import triu as triu
from .primitives.composites import log_softmax as log_softmax
from .primitives.composites import mean as mean
from .primitives.composites import prod as prod
from .primitives.composites import softmax as softmax
from .primitives.composites import std as std
from .primitives.composites import var as var
from .primitives.layout import astype as astype
from .primitives.layout import broadcast_to as broadcast_to
from .primitives.layout import flip as flip
from .primitives.layout import getitem as getitem
from .primitives.layout import reshape as reshape
from .primitives.layout import scatter as scatter
from .primitives.layout import swapaxes as swapaxes
from .primitives.layout import transpose as transpose
from .primitives.powers import exp as exp
from .primitives.powers import exp2 as exp2
from .primitives.powers import expm1 as expm1
from .primitives.powers import hypot as hypot
from .primitives.powers import log as log
from .primitives.powers import log1p as log1p
from .primitives.powers import log2 as log2
from .primitives.powers import log10 as log10
from .primitives.powers import pow as pow
from .primitives.powers import sqrt as sqrt
from .primitives.powers import xlogy as xlogy
from .primitives.reductions import cumsum as cumsum
from .primitives.reductions import logsumexp as logsumexp
from .primitives.reductions import matmul as matmul
from .primitives.reductions import max as max
from .primitives.reductions import min as min
from .primitives.reductions import sum as sum
from .primitives.selection import clip as clip
from .primitives.selection import maximum as maximum
from .primitives.selection import minimum as minimum
from .primitives.selection import sign as sign
from .primitives.selection import step as step
from .primitives.selection import where as where
from .primitives.trigonometry import acos as acos
from .primitives.trigonometry import acosh as acosh
from .primitives.trigonometry import asin as asin
from .primitives.trigonometry import asinh as asinh
from .primitives.trigonometry import atan as atan
from .primitives.trigonometry import atan2 as atan2
from .primitives.trigonometry import atanh as atanh
from .primitives.trigonometry import cos as cos
from .primitives.trigonometry import cosh as cosh
from .primitives.trigonometry import sin as sin
from .primitives.trigonometry import sinc as sinc
from .primitives.trigonometry import sinh as sinh
from .primitives.trigonometry import tan as tan
from .primitives.trigonometry import tanh as tanh
from .tensor import Tensor as Tensor
from .tensor import concatenate as concatenate
from .tensor import stack as stack
from .transforms import grad as grad
from .transforms import gradients as gradients
from .transforms import hessian as hessian
from .transforms import hvp as hvp
from .transforms import jacobian as jacobian
from .transforms import jvp as jvp
from .transforms import value_and_grad as value_and_grad
from .transforms import vjp as vjp
from .value import Value as Value
from .value import dot as dot

__all__ = [  # without the names of Python's own functions, which `from autograd import *` leaves alone
    "Compiled",
    "Loop",
    "Network",
    "Node",
    "Primitive",
    "Program",
    "TABLE",
    "Tensor",
    "Value",
    "acos",
    "acosh",
    "add",
    "argmax",
    "argmin",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "backward_steps",
    "broadcast_to",
    "ceil",
    "clip",
    "concatenate",
    "cos",
    "cosh",
    "cumprod",
    "cumsum",
    "detect_anomaly",
    "diag",
    "diff",
    "display",
    "div",
    "dot",
    "draw",
    "draw_dot",
    "einsum",
    "elu",
    "equal",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "files",
    "flip",
    "floor",
    "fmod",
    "fresh",
    "gelu",
    "getitem",
    "grad",
    "gradcheck",
    "gradients",
    "greater",
    "greater_equal",
    "hessian",
    "hvp",
    "hypot",
    "identity",
    "inner",
    "isfinite",
    "isinf",
    "isnan",
    "jacobian",
    "jvp",
    "latex",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_sigmoid",
    "log_softmax",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logsumexp",
    "matmul",
    "maximum",
    "mean",
    "minimum",
    "mod",
    "moveaxis",
    "mul",
    "neg",
    "no_grad",
    "norm",
    "not_equal",
    "outer",
    "pad",
    "paths",
    "primitive",
    "prod",
    "ravel",
    "reciprocal",
    "relu",
    "repeat",
    "reshape",
    "roll",
    "scatter",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinc",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "step",
    "sub",
    "swapaxes",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "topological",
    "trace",
    "trace_table",
    "transpose",
    "tril",
    "triu",
    "value_and_grad",
    "var",
    "vjp",
    "vmap",
    "where",
    "without_collector",
    "xlogy",
]
