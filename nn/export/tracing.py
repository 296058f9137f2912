"""From a model to the list of operations that it applies to a batch, which the exporters read.

The graph of one forward pass says it all: so whatever is made of the library's operations can be exported, your own
Modules too. A trace keeps one path, though: a model that branches on its numbers is noticed and refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd as ag
from autograd import Node, Primitive, Tensor

from ..layers.layers import Linear
from ..module import Module, brief, check_model

ROWS = -1
"""Stands in shapes for the number of rows in the batch, which an exported model leaves open."""


@dataclass(frozen=True)
class Constant:
    """Numbers that do not depend on the input: a parameter, or what is computed of parameters alone."""

    data: np.ndarray
    name: str


Operand = int | Constant


@dataclass(frozen=True)
class Step:
    """An operation of the table on earlier steps (by number; 0 is the input) and constants."""

    op: Primitive
    inputs: tuple[Operand, ...]
    params: Mapping[str, Any]
    shape: tuple[int, ...]
    in_shapes: tuple[tuple[int, ...], ...]


def trace(model: Any, rows: int, shape: tuple[int, ...] | None = None) -> tuple[Step, ...]:
    """List what a model does to a batch of `rows` rows: the first step is the input, the last one the output.

    Args:
        model: a Module that takes batches, or an MLP of Values.
        rows: how many rows the batch has.
        shape: the shape of a row; `(fan_in,)` of the first Linear layer if left out.

    Raises:
        TypeError: `model` is no Module, or one of Values that has no form on Tensors; or an operation is a user's.
        ValueError: the width of the input is not known; or the outputs do not depend on it, or only in part.
    """
    model = on_tensors(model)
    shape = _row_shape(model, shape)
    numbers = [p.dtype for p in model.parameters() if isinstance(p, Tensor)]
    dtype = np.result_type(*numbers) if numbers else np.dtype(np.float64)
    rng = np.random.default_rng(0)
    first, other = (rng.normal(size=(rows, *shape)).astype(dtype) for _ in range(2))
    others = [-first, 3 * other]
    with model.untouched(), model.mode(False):
        x = Tensor(first)
        out = model.forward_rows(x)
        expected = [model.outputs(inputs) for inputs in others]
    if not isinstance(out, Node) or (out is not x and all(leaf is not x for leaf in ag.topological(out)[1])):
        raise ValueError(f"`forward` of {type(model).__name__} gave what does not depend on its input as a graph")
    steps = _steps(x, out, {id(p): name for name, p in model._state().items()})
    got = [_replay(steps, inputs) for inputs in others]
    if not np.allclose(got, expected, rtol=1e-4, atol=1e-6, equal_nan=True):
        raise ValueError(
            f"`forward` of {type(model).__name__} does something else for other inputs: it branches on numbers, or "
            "draws at random. Say it with operations such as `chalkgrad.maximum`, so that the graph holds both sides"
        )
    return steps


def trace_any(model: Any, shape: tuple[int, ...] | None = None) -> tuple[Step, ...]:
    """List the operations of a model for any number of rows. Lengths that differ for 3 and 5 rows become `ROWS`."""
    three, five = trace(model, 3, shape), trace(model, 5, shape)
    try:
        return tuple(_merged(a, b) for a, b in zip(three, five, strict=True))
    except ValueError as error:
        raise ValueError(f"`forward` of {type(model).__name__} depends on the number of rows: {error}") from None


def _merged(a: Any, b: Any) -> Any:
    """Compare what stands in two traces."""
    if type(a) in (Step, Constant) and type(b) is type(a):
        return type(a)(*(_merged(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True)))
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(_merged(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Mapping):
        return {key: _merged(a[key], b[key]) for key in a}
    if type(a) is int and (a, b) == (3, 5):
        return ROWS
    if type(a) is not type(b) or not np.array_equal(a, b, equal_nan=isinstance(a, np.ndarray)):
        raise ValueError(" ".join(f"it has {a!r:.60} for 3 rows, and {b!r:.60} for 5".split()))
    return a


def on_tensors(model: Any) -> Module:
    """Return the net of Tensors that a model is, or that it converts into."""
    check_model(model)
    model = model if model.batched else getattr(model, "to_tensors", lambda: model)()
    if not model.batched:
        raise TypeError(f"`model` {brief(model)} takes one point at a time: export an MLP, or a net for batches")
    return model


def _row_shape(model: Module, shape: Any) -> tuple[int, ...]:
    if shape is None:
        found = next((part for _, part in model.named_modules() if isinstance(part, Linear)), None)
        if found is None:
            raise ValueError(f"`shape` of a row is needed: {type(model).__name__} has no Linear layer that tells it")
        return (found.fan_in,)
    whole = isinstance(shape, (tuple, list)) and all(type(n) is int and n > 0 for n in shape)
    if not whole:
        raise ValueError(f"`shape` is the shape of one row, such as (64,), not {shape!r:.60}")
    return tuple(shape)


def _steps(x: Tensor, out: Any, names: Mapping[int, str]) -> tuple[Step, ...]:
    """Keep of the graph what lies between input and output; the rest is constant."""
    numbers: dict[int, int] = {id(x): 0}
    steps = [Step(ag.identity, (), {}, x.shape, ())]
    order: list[Any] = ag.topological(out)[0]
    for node in reversed(order):
        if not any(id(operand) in numbers for operand in node.inputs):
            continue
        if node.op not in ag.TABLE.values():
            raise TypeError(f"{node.op!r} is an operation of yours: only those of the library have a form elsewhere")
        inputs = tuple(
            numbers[id(operand)]
            if id(operand) in numbers
            else Constant(np.asarray(operand.data), names.get(id(operand), operand.label or "constant"))
            for operand in node.inputs
        )
        numbers[id(node)] = len(steps)
        in_shapes = tuple(np.shape(operand.data) for operand in node.inputs)
        steps.append(Step(node.op, inputs, node.params, np.shape(node.data), in_shapes))
    if not isinstance(out, Tensor):
        raise ValueError(f"the output is a {type(out).__name__}: make it a Tensor with a row for each row of the input")
    return tuple(steps)


def _replay(steps: tuple[Step, ...], x: np.ndarray) -> np.ndarray:
    """Compute a trace anew for another input."""
    data = [x]
    for step in steps[1:]:
        operands = [data[i] if isinstance(i, int) else i.data for i in step.inputs]
        data.append(step.op.evaluate(operands, dict(step.params)))
    return data[-1]
