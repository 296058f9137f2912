"""The races, in groups. Each group runs in a process of its own, with its own number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from . import accuracy, c, derivatives, eager, ensemble, growth, scalars, startup, tasks, trainers
from .harness import race

__all__ = ["GROUPS", "THREADS"]

Results = Iterator[dict[str, Any]]


def nets(quick: bool) -> Results:
    """Training steps of dense nets, one thread."""
    peers: dict[str, Callable[..., Any]] = {
        "ours, Loop": trainers.loop,
        "ours, one step a call": trainers.one_step,
        "ours, nn.fit": trainers.fit,
        "PyTorch eager": trainers.pytorch,
        "JAX jit, a step a call": trainers.jax_jit,
        "JAX lax.scan": trainers.jax_scan,
        "NumPy by hand": trainers.numpy_,
    }
    eager_, jit, scan, numpy_ = list(peers)[3:]
    for task, targets in (
        (tasks.MOONS, {eager_: 30, jit: 8, scan: 2, numpy_: 8, "C by hand": 1}),
        (tasks.XOR, {eager_: 40, jit: 5}),
        (tasks.DIGITS, {eager_: 15, jit: 5, scan: 1.3}),
        (tasks.WIDE, {scan: 1, numpy_: 1.5, eager_: 2}),
        (tasks.BIG, {jit: 1, numpy_: 1.5, eager_: 1.5}),
    ):
        contenders = {name: partial(make, task) for name, make in peers.items()}
        if task is tasks.MOONS:
            contenders["C by hand"] = partial(c.by_hand, task)
            if not quick:  # it compiles for half a minute
                contenders["PyTorch torch.compile"] = partial(trainers.pytorch, task, compiled=True)
        tolerance = 1e-4 if task.dtype == "float32" else 1e-9
        yield race(task.name, contenders, targets=targets, tolerance=tolerance, budget=3 if quick else 20)


def two_threads(quick: bool) -> Results:
    """The largest net, two threads for the peers."""
    contenders = {
        "ours, Loop (one thread)": partial(trainers.loop, tasks.BIG),
        "PyTorch eager": partial(trainers.pytorch, tasks.BIG, threads=2),
        "JAX jit, a step a call": partial(trainers.jax_jit, tasks.BIG),
        "JAX lax.scan": partial(trainers.jax_scan, tasks.BIG),
        "NumPy by hand": partial(trainers.numpy_, tasks.BIG),
    }
    name = f"{tasks.BIG.name}, two threads for the peers"
    targets = dict.fromkeys(list(contenders)[1:], 1)
    yield race(name, contenders, targets=targets, tolerance=1e-4, budget=2 if quick else 15)


def graphs(quick: bool) -> Results:
    """Graphs of single numbers, and the thousand nets."""
    yield race(
        "micrograd's demo, 66,000 nodes, forward and backward",
        {
            "ours, compile(root)": scalars.demo_replay,
            "ours, the net as matrices": scalars.demo_matrices,
            "ours, one point with 100 lanes": scalars.demo_lanes,
            "micrograd": scalars.micrograd_step,
            "CasADi SX VM": scalars.casadi_replay,
            "PyTorch eager, matrices": scalars.pytorch_matrices,
        },
        unit="forward and backward",
        targets={"micrograd": 10_000, "CasADi SX VM": 4, "PyTorch eager, matrices": 1},
        budget=4 if quick else 30,
        note="Gradients of the 337 weights; of the 200 inputs too where micrograd's demo has them (micrograd, CasADi, "
        "compile(root)).",
    )
    yield race(
        "1,000 nets 2-3-1 on XOR, a step of all, float64",
        {
            "ours, Loop over lanes": ensemble.many_loop,
            "JAX vmap and lax.scan": ensemble.many_jax,
            "PyTorch eager, net by net": ensemble.many_pytorch,
        },
        targets={"JAX vmap and lax.scan": 1.5, "PyTorch eager, net by net": 500},
        budget=5 if quick else 20,
        note="1,000 steps a run. PyTorch trains 1 net for 1,000 steps; that is taken for a step of 1,000 nets.",
    )


def second_order(quick: bool) -> Results:
    """Second derivatives of small functions."""
    peers = {
        "ours, compiled": derivatives.ours,
        "ours, eager": derivatives.eager,
        "PyTorch torch.func": derivatives.pytorch,
        "JAX jit": derivatives.jax_,
        "CasADi SX": derivatives.casadi_hessian,
    }
    for kind in ("HVP", "Hessian"):
        for n in (10, 100):
            contenders = {name: partial(make, kind, n) for name, make in peers.items()}
            name = f"{kind} of Rosenbrock's function of {n} variables, float64"
            yield race(name, contenders, unit="call", budget=1 if quick else 8)


def sizes(quick: bool) -> Results:
    """How cost grows, and what a graph weighs."""
    yield growth.tracing()
    yield from growth.memory_of_nodes()
    yield from growth.growth(10**5 if quick else 10**7)


def beginnings(quick: bool) -> Results:
    """Imports and first steps, each in a new process."""
    modules = ("autograd", "nn", "python", "numpy", "torch", "jax")
    named = {"autograd": "ours, import autograd", "nn": "ours, import nn", "python": "python alone"}
    yield race(
        "import, in a new process",
        {named.get(m, f"import {m}"): partial(startup.importing, m) for m in modules},
        unit="process", budget=1 if quick else 30, least=1 if quick else 3,
    )  # fmt: skip
    firsts = {"ours, nn.fit": "autograd", "PyTorch eager": "torch", "JAX jit": "jax"}
    yield race(
        "first training step, in a new process, kernels on disk",
        {name: partial(startup.first_step, module) for name, module in firsts.items()},
        unit="process", budget=1 if quick else 30, least=1 if quick else 3,
    )  # fmt: skip
    yield race(
        "first training step on a machine without kernels", {"ours, nn.fit": startup.cold_step},
        unit="process", budget=1, least=1 if quick else 3,
    )  # fmt: skip


def digits(quick: bool) -> Results:
    """Training until a share of the unseen digits is read."""
    yield race(
        f"digits until {accuracy.TARGET:.0%} of 539 unseen are right, 64-64-10, Adam, batch 32, float32",
        {
            "ours, nn.fit": accuracy.ours,
            "scikit-learn MLPClassifier": accuracy.sklearn_,
            "PyTorch eager, DataLoader": accuracy.pytorch,
        },
        unit="training", budget=3 if quick else 60, least=3 if quick else 9,
        note="Seeds differ from run to run: the spread is theirs too.",
    )  # fmt: skip


def eager_engine(quick: bool) -> Results:
    """The eager engine."""
    seconds = 2.5 if quick else 15
    ours = ("nn.MLP", "micrograd's MLP with our Value")
    for collector in (True, False):
        state = f"cycle collector {'on' if collector else 'off, micrograd collects once a step'}"
        for who in ours[: 1 if quick else 2]:
            yield race(
                f"eager: micrograd's demo step, {who}, {state}",
                {"ours": partial(eager.scalar_step, who),
                 "micrograd": partial(eager.scalar_step, "micrograd", collect=not collector)},
                collector=collector, tidy=True, budget=seconds,
            )  # fmt: skip
    yield race(
        "eager: micrograd's demo step, nn.MLP, cycle collector off, micrograd keeps its garbage",
        {"ours": partial(eager.scalar_step, "nn.MLP"), "micrograd": partial(eager.scalar_step, "micrograd")},
        collector=False, tidy=True, budget=seconds / 2,
    )  # fmt: skip
    with eager.deep_recursion():
        for collector in (True, False):
            yield race(
                f"eager: a chain of 1,000 operations, cycle collector {'on' if collector else 'off'}",
                {"ours": eager.chain, "micrograd": eager.micrograd_chain},
                collector=collector, tidy=True, budget=seconds / 2,
            )  # fmt: skip
    for dtype, tolerance in (("float64", 1e-9), ("float32", 1e-4)):
        yield race(
            f"eager: a step of 2-16-16-1 on 100 points as arrays, {dtype}",
            {"ours": partial(eager.array_step, dtype), "PyTorch eager": partial(eager.pytorch_step, dtype)},
            tolerance=tolerance, budget=seconds / 2,
        )  # fmt: skip


GROUPS: dict[str, Callable[[bool], Results]] = {
    "nets": nets, "two-threads": two_threads, "graphs": graphs, "second-order": second_order,
    "digits": digits, "eager": eager_engine, "beginnings": beginnings, "sizes": sizes,
}  # fmt: skip
THREADS = {"two-threads": 2}
"""Groups that may use more than one thread."""
