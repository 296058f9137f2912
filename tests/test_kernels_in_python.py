"""The bodies of the kernels as plain Python, which checks each index and shows each line to a debugger.

What numba's NUMBA_DISABLE_JIT does for functions, done for kernels, which reach memory by its address: `view` is an
array over that memory, and the machine is a loop in Python. Only the tiles of matrix products, written in LLVM's own
words, have no Python: NumPy multiplies in their place. A body that reads or writes past the length that it has declared
raises IndexError here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Loop, Value, compile, concatenate, grad, logsumexp, maximum, softmax, tanh, where
from autograd.kernels import (
    catalogue,
    generate,
    loops,
    machine,
    matmul,
    movement,
    reductions,
    sequential,
    straight,
    sums,
)


class Bodies:
    """Kernels by number instead of by address; what is called with the number runs the body."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.bodies: list[Callable[..., Any]] = []
        self.named: dict[Any, int] = {}
        self.calls: dict[str, int] = {}
        for module in (generate, loops, machine, matmul, movement, reductions, sequential, straight, sums):
            if hasattr(module, "view"):
                patch.setattr(module, "view", view)
            if hasattr(module, "size_of"):
                patch.setattr(module, "size_of", lambda dtype: np.dtype(dtype).itemsize)
            if hasattr(module, "words"):
                patch.setattr(module, "words", lambda address, n: view(address, n, np.int64).tolist())
        patch.setattr(machine, "call", lambda kernel, instruction: self.bodies[kernel](instruction))
        patch.setattr(straight, "_call", lambda f, values, places: self.bodies[f](values, places))
        patch.setitem(generate._OTHERS, "matmul", multiply)
        patch.setattr(catalogue, "address", self.number)
        patch.setattr(catalogue, "machine", lambda: run)
        patch.setattr(catalogue, "run_pass", self.run_pass)

    def number(self, name: str, dtype: str, extra: str = "") -> int:
        key = name, dtype, extra
        if key not in self.named:
            body, _ = generate.entry(*key)
            self.bodies.append(body)
            self.named[key] = len(self.bodies) - 1
        self.calls[name] = self.calls.get(name, 0) + 1
        return self.named[key]

    def run_pass(self, name: str, **operands: Any) -> None:
        row: list[int] = []
        catalogue.write(row, (name, "", ""), operands, lambda x: x.ctypes.data)
        self.bodies[row[0]](np.array(row, np.int64).ctypes.data)


def run(*words: Any) -> int:
    """Run a program; its words may be numbers of `ctypes`."""
    done: int = machine.run(*(getattr(x, "value", x) for x in words))
    return done


def view(address: int, n: int, dtype: Any, first: int = 0) -> np.ndarray:
    kind = np.ctypeslib.as_ctypes_type(dtype)
    return np.ctypeslib.as_array((kind * int(n)).from_address(int(address + first * np.dtype(dtype).itemsize)))


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> Bodies:
    return Bodies(monkeypatch)


def multiply(dtype, out, a, b, bias, m, k, n, out_row, a_row, a_column, b_row, b_column, relu, batches, out_batch,
             a_batch, b_batch):  # fmt: skip
    """The kernel of matrix products, as NumPy has it."""
    size = np.dtype(dtype).itemsize

    def strided(address: int, rows: int, columns: int, row: int, column: int) -> np.ndarray:
        numbers = view(address, 1, dtype)
        return np.lib.stride_tricks.as_strided(numbers, (rows, columns), [row * size, column * size])

    for batch in range(batches):
        x = strided(a + batch * a_batch * size, m, k, a_row, a_column)
        product = x @ strided(b + batch * b_batch * size, k, n, b_row, b_column)
        if bias:
            product = product + view(bias, n, dtype)
        if relu:
            product = np.maximum(product, 0)
        strided(out + batch * out_batch * size, m, n, out_row, 1)[...] = product
    return 0


RNG = np.random.default_rng(0)
M, N, V = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=4)

FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "elementwise, broadcast": (lambda x, v: (tanh(x * v) / (1.0 + x * x)).sum(), (M, V)),
    "matrix products": (lambda x, y, v: tanh((x @ y).T @ x + v).sum(), (M, N, V)),
    "reductions": (lambda x: (logsumexp(x, axis=0) * softmax(x, axis=1).max(axis=0)).sum() + x.std(), (M,)),
    "layout": (lambda x, v: (concatenate([x.T[1:], x[:, [0, 0, 2]]]).reshape(-1)[::2] * v[0]).sum(), (M[:, :3], V)),
    "choices": (lambda x, v: where(x > 0.0, x * x, maximum(x, v)).cumsum(axis=1).sum(), (M, V)),
    "float32": (lambda x: (x * x).exp().mean(), (M.astype(np.float32),)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_arrays(name: str, bodies: Bodies) -> None:
    f, arguments = FUNCTIONS[name]
    derivative = grad(f, tuple(range(len(arguments))))
    with np.errstate(all="ignore"):
        found = compile(derivative)(*arguments)
    for one, other in zip(found, derivative(*arguments), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4 if one.dtype == np.float32 else 1e-9, atol=1e-12)
    assert bodies.bodies


def test_graphs_of_numbers(bodies: Bodies) -> None:
    for size in (3, 40):
        x = [Value(v) for v in RNG.normal(size=size)]
        w = [[Value(v) for v in row] for row in RNG.normal(size=(3, size))]
        hidden = [sum((a * b for a, b in zip(row, x, strict=True)), Value(0.1)).tanh() for row in w]
        root = sum(h * h.exp() for h in hidden) + (hidden[0] * hidden[1]).relu() - hidden[2] ** 3
        with np.errstate(all="ignore"):
            program = compile(root)
            value = program()
        found = [leaf.grad for leaf in program.leaves]
        for leaf in program.leaves:
            leaf.grad = None
        root.backward()
        assert value == pytest.approx(root.data, rel=1e-9)
        assert found == pytest.approx([leaf.grad for leaf in program.leaves], rel=1e-9, abs=1e-12)


def test_training(bodies: Bodies) -> None:
    X = RNG.normal(size=(9, 2))
    losses = []
    for compiled in (True, False):
        net = nn.TensorMLP(2, [3, 2], rng=0)
        with np.errstate(all="ignore"):
            history = nn.fit(net, X, X[:, 0] > 0, "cross_entropy", epochs=3, batch_size=4, rng=0, compiled=compiled,
                             optimizer=nn.Adam(lr=0.1), progress=False)  # fmt: skip
        losses.append(history["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_a_loop(bodies: Bodies) -> None:
    loop = Loop(lambda s, fed, batch: (s * 0.5 + fed[0], [s]), 1.0, [0.0])
    finished, (given,) = loop.run(3, [np.array([1.0, 2.0, 3.0])])
    assert finished == 3 and given.tolist() == [1.0, 1.5, 2.75] and loop.state == 4.375


def test_which_bodies_run(promise: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    every = Bodies(monkeypatch)
    for name in FUNCTIONS:
        test_functions_of_arrays(name, every)
    test_graphs_of_numbers(every)
    test_training(every)
    known = [*generate._OTHERS, *reductions.REDUCTIONS]
    ran = [name for name in known if name in every.calls]
    promise(f"kernels as plain Python: {len(ran)} of {len(known)} bodies beside the formulas, every index checked")
    assert len(ran) > len(known) // 2
