"""Single operations of the eager engine: what one costs in graphs of each size, and a chain of a million."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd as ag
from autograd import Value

from . import slotted
from .foreign import hips
from .harness import Work

__all__ = [
    "casadi_chain", "compiled_chain", "eager_chain", "engines", "hips_chain", "jax_chain", "passes",
    "pytorch_chain",
]  # fmt: skip


def means(nodes: int, make: Callable[[float], Any], relu: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Build layers of means of neighbours, and their sum: so many operations in all; give the sum, and a leaf.

    Each mean is two products, a sum and a relu, of positive numbers, with weights that add up to 1. So at any depth
    values and gradients stay of one size.
    """
    share, rest = make(0.625), make(0.375)
    layer = [make(1.0 + i / 8) for i in range(max(1, min(32, nodes // 8)))]
    first = layer[0]
    for _ in range(max(1, (nodes - len(layer)) // 4 // len(layer))):
        layer = [relu(a * share + b * rest) for a, b in zip(layer, [*layer[1:], layer[0]], strict=True)]
    total = layer[0]
    for x in layer[1:]:
        total = total + x
    return total, first


def engines() -> dict[str, Callable[[], tuple[Callable[[float], Any], Callable[[Any], Any]]]]:
    """Give for each engine how a number is made, and relu."""

    def micrograd() -> Any:
        from micrograd.engine import Value as Theirs

        return Theirs, Theirs.relu

    def pytorch() -> Any:
        import torch

        torch.set_num_threads(1)
        return lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True), torch.relu

    return {
        "ours, Value": lambda: (Value, Value.relu),
        "slots in plain Python": lambda: (slotted.Value, slotted.Value.relu),
        "micrograd": micrograd,
        "PyTorch eager, numbers": pytorch,
    }


def passes(engine: str, nodes: int, backward: bool) -> Work:
    """Build a graph, and walk back through it or not."""
    make, relu = engines()[engine]()

    def work() -> tuple[float, float]:
        end, leaf = means(nodes, make, relu)
        if backward:
            end.backward()
        return end, leaf

    def run(steps: int) -> None:
        for _ in range(steps):
            work()

    def check() -> list[Any]:
        end, leaf = work()
        return [_number(end), _number(leaf.grad) if backward else 0.0]

    return Work(run, check)


def _number(x: Any) -> float:
    return float(getattr(x, "data", x))


# A chain ---------------------------------------------------------------------------------------------------------


def _links(x: Any, relu: Callable[[Any], Any], length: int) -> Any:
    y = x
    for _ in range(length // 4):
        y = relu((y * 0.9 + x) * 0.5)
    return y


def _gradient(work: Callable[[], list[Any]]) -> Work:
    def run(steps: int) -> None:
        for _ in range(steps):
            work()

    return Work(run, work)


def eager_chain(engine: str, length: int) -> Work:
    """An engine of numbers, node by node: forward and backward."""
    make, relu = engines()[engine]()

    def work() -> list[Any]:
        x = make(0.5)
        y = _links(x, relu, length)
        y.backward()
        return [_number(y), _number(x.grad)]

    return _gradient(work)


def compiled_chain(length: int) -> Work:
    """Ours: the chain as a program; building it is not timed."""
    with ag.without_collector():
        x = Value(0.5)
        program = ag.compile(_links(x, Value.relu, length))
    return _gradient(lambda: [program(), x.grad])


def hips_chain(length: int) -> Work:
    """HIPS autograd, on NumPy's numbers."""
    return hips("chain", length=length)


def jax_chain(length: int) -> Work:
    """JAX: a chain of equal links is a `lax.scan`, jitted; a million different operations would not compile."""
    import jax

    jax.config.update("jax_enable_x64", True)

    def through(x: Any) -> Any:
        link = lambda y, _: (jax.nn.relu((y * 0.9 + x) * 0.5), None)
        return jax.lax.scan(link, x, length=length // 4)[0]

    step = jax.jit(jax.value_and_grad(through))
    return _gradient(lambda: [float(v) for v in step(0.5)])


def pytorch_chain(length: int) -> Work:
    """PyTorch eager, on tensors of one number."""
    return eager_chain("PyTorch eager, numbers", length)


def casadi_chain(length: int) -> Work:
    """CasADi: value and gradient as one SX function; building it is not timed."""
    import casadi

    x = casadi.SX.sym("x")
    y = _links(x, lambda v: casadi.fmax(v, 0), length)
    function = casadi.Function("chain", [x], [y, casadi.gradient(y, x)])
    return _gradient(lambda: [float(v) for v in function(0.5)])

