"""A trained net as a model of ONNX, which onnxruntime and many other programs run."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Tensor

from ..arguments import optional
from ..saving.files import PathLike, replace
from .source import places_of
from .tracing import ROWS, Constant, Step, trace_any

OPSET, IR = 20, 9  # of 2023: the first with Gelu; what is installed today reads it

SAME = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "neg": "Neg", "reciprocal": "Reciprocal", "abs": "Abs",
    "floor": "Floor", "ceil": "Ceil", "round": "Round", "sqrt": "Sqrt", "exp": "Exp", "log": "Log", "pow": "Pow",
    "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos", "atan": "Atan", "sinh": "Sinh",
    "cosh": "Cosh", "tanh": "Tanh", "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "sigmoid": "Sigmoid",
    "softplus": "Softplus", "relu": "Relu", "gelu": "Gelu", "erf": "Erf", "sign": "Sign", "maximum": "Max",
    "minimum": "Min", "clip": "Clip", "matmul": "MatMul", "identity": "Identity", "anchor": "Identity",
    "astype": "Identity",
}  # fmt: skip
"""The operations that ONNX has as well, on the same operands."""

REDUCTIONS = {"sum": "ReduceSum", "max": "ReduceMax", "min": "ReduceMin", "logsumexp": "ReduceLogSumExp"}


def to_onnx(
    model: Any, path: PathLike | None = None, shape: tuple[int, ...] | None = None, dtype: Any = "float32"
) -> Any:
    """Write a trained net as a model of ONNX, with an input "x" and an output "y", for any number of rows.

    Args:
        model: a Module that takes batches, or an MLP of Values.
        path: a file that ends in `.onnx`, if it is to be written; it is replaced in one moment.
        shape: the shape of a row; `(fan_in,)` of the first Linear layer if left out.
        dtype: float32, which all runtimes compute in, or float64: onnxruntime has that for tanh, sigmoid, ReLU, ELU
            and what is simpler, but not for softplus and GELU.

    Returns:
        The `onnx.ModelProto`, which ONNX's own checker has found right.

    Raises:
        TypeError: there is an operation in it that ONNX has not, or `dtype` is neither float32 nor float64.
        ValueError: the model cannot be traced: it branches on numbers, for instance.
        ImportError: onnx is missing.

    Source: ONNX, https://onnx.ai/onnx/operators.

    >>> from chalkgrad.nn import TensorMLP
    >>> graph = to_onnx(TensorMLP(2, [3, 1], "tanh", rng=0)).graph
    >>> [node.op_type for node in graph.node]
    ['MatMul', 'Add', 'Tanh', 'MatMul', 'Add', 'Identity']
    """
    onnx = optional("onnx", "`to_onnx`")
    if path is not None and not str(path).endswith(".onnx"):
        raise ValueError(f"`path` {path!r:.80} must end in .onnx")
    dtype = Tensor(0.0, dtype=dtype).dtype  # says what is wrong with it
    steps = trace_any(model, shape)
    writer = _Writer(onnx, dtype)
    for step in steps[1:]:
        writer.write(step)
    writer.add("Identity", [writer.names[-1]], "y")
    kind = onnx.helper.np_dtype_to_tensor_dtype(dtype)
    ends = [
        onnx.helper.make_tensor_value_info(name, kind, ["rows" if n == ROWS else n for n in step.shape])
        for name, step in (("x", steps[0]), ("y", steps[-1]))
    ]
    graph = onnx.helper.make_graph(writer.nodes, type(model).__name__, ends[:1], ends[1:], writer.constants)
    opset = onnx.helper.make_opsetid("", OPSET)
    made = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=IR, producer_name="chalkgrad")
    onnx.checker.check_model(made, full_check=True)
    if path is not None:
        replace(path, made.SerializeToString())
    return made


class _Writer:
    """Turns step after step into nodes of ONNX."""

    def __init__(self, onnx: Any, dtype: np.dtype[Any]) -> None:
        self.onnx, self.dtype = onnx, dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.names = ["x"]
        self.taken = {"x", "y"}
        self.known: dict[int, str] = {}
        self.numbers = itertools.count(1)

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: Any) -> str:
        """Add a node, and give the name of its result."""
        output = output or f"{kind.lower()}_{next(self.numbers)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [output], **attributes))
        return output

    def constant(self, data: Any, name: str = "constant") -> str:
        """Add numbers; floats in the dtype of the model."""
        array = np.asarray(data)
        array = np.ascontiguousarray(array, self.dtype).reshape(array.shape) if array.dtype.kind == "f" else array
        if name in self.taken or name == "constant":
            name = f"{name}_{next(self.numbers)}"
        self.taken.add(name)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def integers(self, *numbers: int) -> str:
        """Add whole numbers, as shapes and axes are given."""
        return self.constant(np.array(numbers, np.int64))

    def operand(self, x: int | Constant) -> str:
        if isinstance(x, int):
            return self.names[x]
        if id(x.data) not in self.known:
            self.known[id(x.data)] = self.constant(x.data, x.name)
        return self.known[id(x.data)]

    def write(self, step: Step) -> None:
        name, inputs = step.op.name, [self.operand(x) for x in step.inputs]
        if name in SAME:
            self.names.append(self.add(SAME[name], inputs))
        elif name in REDUCTIONS:
            self.names.append(self._reduce(step, inputs[0]))
        elif name in _OTHERS:
            self.names.append(_OTHERS[name](self, step, *inputs))
        else:
            raise TypeError(f"`{name}` has no form in ONNX here: leave it out of the model")

    def _reduce(self, step: Step, x: str) -> str:
        axis, keep = step.params["axis"], int(step.params["keepdims"])
        axes = range(len(step.in_shapes[0])) if axis is None else np.atleast_1d(axis).tolist()
        return self.add(REDUCTIONS[step.op.name], [x, self.integers(*axes)], keepdims=keep)

    def as_number(self, condition: str) -> str:
        kind = self.onnx.helper.np_dtype_to_tensor_dtype(self.dtype)
        return self.add("Cast", [condition], to=kind)

    def where(self, step: Step, condition: str, x: str, y: str) -> str:
        truth = self.add("Cast", [condition], to=self.onnx.TensorProto.BOOL)
        return self.add("Where", [truth, x, y])

    def elu(self, step: Step, x: str, alpha: str) -> str:
        below = self.add("Sub", [self.add("Exp", [self.add("Min", [x, self.constant(0.0)])]), self.constant(1.0)])
        return self.leaky(step, x, alpha, below)

    def leaky(self, step: Step, x: str, slope: str, below: str | None = None) -> str:
        positive = self.add("Greater", [x, self.constant(0.0)])
        return self.add("Where", [positive, x, self.add("Mul", [slope, below or x])])

    def transpose(self, step: Step, x: str) -> str:
        marked = np.empty(tuple(range(1, len(step.in_shapes[0]) + 1)))  # each axis has a length of its own
        moved = step.op.evaluate([marked], dict(step.params)).shape
        return self.add("Transpose", [x], perm=[length - 1 for length in moved])

    def getitem(self, step: Step, x: str) -> str:
        shape = step.in_shapes[0]
        places = places_of(step.op, step.params, [(999, *shape[1:])]).ravel()  # of so many rows `x[:9]` leaves some out
        first, starts = places[: len(places) // 999], math.prod(shape[1:]) * np.arange(999)
        if shape[0] != ROWS or not np.array_equal(places, np.add.outer(starts, first).ravel()):
            raise TypeError("an index among the rows has no form in ONNX here: take all rows, as in `x[:, 1:3]`")
        chosen = self.add("Gather", [self.add("Flatten", [x]), self.constant(first)], axis=1)
        return self.reshape(step, chosen)

    def stack(self, step: Step, *xs: str) -> str:
        axis = step.params["axis"] % len(step.shape)
        return self.add("Concat", [self.add("Unsqueeze", [x, self.integers(axis)]) for x in xs], axis=axis)

    def reshape(self, step: Step, x: str) -> str:
        return self.add("Reshape", [x, self.integers(*step.shape)])

    def broadcast(self, step: Step, x: str) -> str:
        if ROWS in step.shape and step.in_shapes[0][-len(step.shape)] != ROWS:
            raise TypeError("`broadcast_to` the number of rows has no form in ONNX here: let an operation broadcast")
        return self.add("Expand", [x, self.integers(*(1 if n == ROWS else n for n in step.shape))])


_OTHERS: dict[str, Callable[..., str]] = {
    "square": lambda w, step, x: w.add("Mul", [x, x]),
    "silu": lambda w, step, x: w.add("Mul", [x, w.add("Sigmoid", [x])]),
    "log_sigmoid": lambda w, step, x: w.add("Neg", [w.add("Softplus", [w.add("Neg", [x])])]),
    "erfc": lambda w, step, x: w.add("Sub", [w.constant(1.0), w.add("Erf", [x])]),
    "exp2": lambda w, step, x: w.add("Pow", [w.constant(2.0), x]),
    "expm1": lambda w, step, x: w.add("Sub", [w.add("Exp", [x]), w.constant(1.0)]),
    "log1p": lambda w, step, x: w.add("Log", [w.add("Add", [x, w.constant(1.0)])]),
    "step": lambda w, step, x: w.as_number(w.add("Greater", [x, w.constant(0.0)])),
    "greater": lambda w, step, x, y: w.as_number(w.add("Greater", [x, y])),
    "equal": lambda w, step, x, y: w.as_number(w.add("Equal", [x, y])),
    "where": _Writer.where,
    "elu": _Writer.elu,
    "leaky_relu": _Writer.leaky,
    "reshape": _Writer.reshape,
    "transpose": _Writer.transpose,
    "swapaxes": _Writer.transpose,
    "getitem": _Writer.getitem,
    "broadcast_to": _Writer.broadcast,
    "concatenate": lambda w, step, *xs: w.add("Concat", list(xs), axis=step.params["axis"]),
    "stack": _Writer.stack,
}
