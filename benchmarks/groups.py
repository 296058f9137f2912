"""The races, in groups. Each group runs in a process of its own, with its own number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from . import (
    accuracy,
    c,
    derivatives,
    drawing,
    eager,
    ensemble,
    growth,
    memory,
    operations,
    scalars,
    sklearn_fits,
    startup,
    tasks,
    tiny,
    trainers,
)
from .harness import FULL, Pace, race

__all__ = ["GROUPS", "THREADS"]

Results = Iterator[dict[str, Any]]
Makers = dict[str, Callable[..., Any]]

SLOTS, EAGER, COMPILED = "slots in plain Python", "PyTorch eager", "PyTorch torch.compile"
JIT, SCAN, NUMPY, C, HIPS, TINY = (
    "JAX jit, a step a call", "JAX lax.scan", "NumPy by hand", "C by hand", "HIPS autograd", "tinygrad TinyJit",
)  # fmt: skip
SINGLE, DOUBLE = 1e-4, 1e-9
"""How far results may lie apart, by the precision they are computed in."""


def _for(makers: Makers, *given: Any, without: tuple[str, ...] = ()) -> Makers:
    return {name: partial(make, *given) for name, make in makers.items() if name not in without}


def nets(pace: Pace) -> Results:
    """Training steps of dense nets, one thread."""
    makers: Makers = {
        "ours, Loop": trainers.loop, "ours, one step a call": trainers.one_step, "ours, nn.fit": trainers.fit,
        EAGER: trainers.pytorch, COMPILED: partial(trainers.pytorch, compiled=True), JIT: trainers.jax_jit,
        SCAN: trainers.jax_scan, TINY: tiny.tinygrad_, HIPS: trainers.hips_, NUMPY: trainers.numpy_, C: c.by_hand,
    }  # fmt: skip
    large = (HIPS, C)  # neither is written for cross-entropy
    slow = (COMPILED, TINY)  # they compile for so long that a short run has no time for them
    for task, without, targets in (
        (tasks.MOONS, (), {EAGER: 30, JIT: 8, SCAN: 2, NUMPY: 8, C: 1}),
        (tasks.XOR, (COMPILED, TINY, C), {EAGER: 40, JIT: 5}),  # tinygrad keeps its learning rate in float32
        (tasks.DIGITS, large, {EAGER: 15, JIT: 5, SCAN: 1.3}),
        (tasks.WIDE, (COMPILED, *large), {SCAN: 1, NUMPY: 1.5, EAGER: 2}),
        (tasks.BIG, (COMPILED, *large), {JIT: 1.1, SCAN: 1.1, NUMPY: 1.5, EAGER: 1.1}),
        (tasks.LARGEST, (COMPILED, TINY, *large), {JIT: 1, SCAN: 1, EAGER: 1}),
    ):
        without = without if pace is FULL or task is tasks.MOONS else (*without, *slow)
        without = without if pace is FULL else (*without, COMPILED)
        yield race(
            task.name, _for(makers, task, without=without), targets=targets, pace=pace, seconds=18,
            tolerance=SINGLE if task.dtype == "float32" else DOUBLE,
        )  # fmt: skip
    for task, goal in ((tasks.MOONS, 8), (tasks.DIGITS, 5)):
        yield race(
            f"a step a call: {task.name}", _for({"ours": trainers.one_step, JIT: trainers.jax_jit}, task),
            targets={JIT: goal}, pace=pace, seconds=4, tolerance=SINGLE,
        )  # fmt: skip
    for task in (tasks.MOONS, tasks.XOR):
        yield race(
            f"what nn.fit adds to a step: {task.name}",
            _for({"ours, nn.fit": trainers.fit, "ours, Loop": trainers.loop}, task),
            targets={"ours, Loop": 1 / 1.5}, pace=pace, seconds=4,
            tolerance=SINGLE if task.dtype == "float32" else DOUBLE,
        )  # fmt: skip


def all_cores(pace: Pace) -> Results:
    """Nets that are large enough for several cores, each library with its own defaults."""
    makers: Makers = {
        "ours, Loop": trainers.loop, EAGER: partial(trainers.pytorch, threads=None), JIT: trainers.jax_jit,
        SCAN: trainers.jax_scan, NUMPY: trainers.numpy_,
    }  # fmt: skip
    depths = tasks.RANDOM_LABELS
    wanted = {tasks.WIDE: 1.1, tasks.BIG: 1.0, tasks.LARGEST: 1.0, depths[0]: 1.2, depths[-1]: 1.2}
    for task, goal in list(wanted.items())[: None if pace is FULL else 1]:
        yield race(
            f"all cores: {task.name}", _for(makers, task), pace=pace, seconds=12, tolerance=SINGLE,
            targets=dict.fromkeys((EAGER, JIT, SCAN), goal), pause=0.15,
        )  # fmt: skip


def depth(pace: Pace) -> Results:
    """A step of the experiment on depth and fitting: nets of equal size and different depth, full batch."""
    makers: Makers = {
        "ours, Loop": trainers.loop, "ours, nn.fit": trainers.fit, EAGER: trainers.pytorch, JIT: trainers.jax_jit,
        SCAN: trainers.jax_scan, NUMPY: trainers.numpy_,
    }  # fmt: skip
    for task in tasks.RANDOM_LABELS if pace is FULL else tasks.RANDOM_LABELS[1:2]:
        yield race(task.name, _for(makers, task), pace=pace, seconds=9, tolerance=SINGLE)


def graphs(pace: Pace) -> Results:
    """Graphs of single numbers, and the thousand nets."""
    yield race(
        "micrograd's demo, 66,000 nodes, forward and backward",
        {
            "ours, compile(root)": scalars.demo_replay, "ours, the net as matrices": scalars.demo_matrices,
            "ours, one point with 100 lanes": scalars.demo_lanes, "micrograd": scalars.micrograd_step,
            SLOTS: scalars.slotted_step, "CasADi SX VM": scalars.casadi_replay,
            "PyTorch eager, matrices": scalars.pytorch_matrices,
        },
        unit="forward and backward", pace=pace, seconds=25,
        targets={"micrograd": 10_000, "CasADi SX VM": 4, "PyTorch eager, matrices": 1},
        note="Gradients of the 337 weights; of the 200 inputs too where micrograd's demo has them (micrograd, slots, "
        "CasADi, compile(root)).",
    )  # fmt: skip
    yield race(
        "1,000 nets 2-3-1 on XOR, a step of all, float64",
        {
            "ours, Loop over lanes": ensemble.many_loop,
            "JAX vmap and lax.scan": ensemble.many_jax,
            "PyTorch eager, net by net": ensemble.many_pytorch,
        },
        targets={"JAX vmap and lax.scan": 1.6, "PyTorch eager, net by net": 500}, pace=pace, seconds=15,
        note="1,000 steps a run. PyTorch trains 1 net for 1,000 steps; that is taken for a step of 1,000 nets.",
    )  # fmt: skip


def second_order(pace: Pace) -> Results:
    """Second derivatives of small functions."""
    makers: Makers = {
        "ours, compiled": derivatives.ours, "ours, eager": derivatives.eager, "PyTorch torch.func": derivatives.pytorch,
        "JAX jit": derivatives.jax_, "CasADi SX": derivatives.casadi_hessian, HIPS: derivatives.hips_,
    }  # fmt: skip
    for kind in ("HVP", "Hessian"):
        for n in (10, 100):
            name = f"{kind} of Rosenbrock's function of {n} variables, float64"
            yield race(name, _for(makers, kind, n), unit="call", pace=pace, seconds=7, targets={"JAX jit": 1.2})


def goals(pace: Pace) -> Results:
    """Training until a share of unseen examples is named rightly."""
    makers: Makers = {
        "ours, nn.fit": accuracy.ours, "scikit-learn MLPClassifier": accuracy.sklearn_,
        "PyTorch eager, DataLoader": accuracy.pytorch,
    }  # fmt: skip
    for goal, seconds in ((accuracy.DIGITS, 35), (accuracy.MNIST_1D, 75)):
        if pace is FULL or goal is accuracy.DIGITS:
            yield race(
                f"{goal.name}, Adam, batch {accuracy.BATCH}, float32", _for(makers, goal),
                unit="training", pace=pace, seconds=seconds,
                note="Each library starts from its own kind of weights. Seeds differ from run to run: the spread is "
                "theirs too.",
            )  # fmt: skip


def estimators(pace: Pace) -> Results:
    """Fits of scikit-learn's data sets: 50 epochs of 2 layers of 32, batch 32."""
    makers: Makers = {"ours, MLPClassifier": sklearn_fits.ours, "scikit-learn MLPClassifier": sklearn_fits.sklearn_}
    for name in sklearn_fits.DATA if pace is FULL else sklearn_fits.DATA[:1]:
        yield race(
            f"fit {name.replace('_', ' ')}, 50 epochs of 2 layers of 32, batch 32", _for(makers, name), unit="fit",
            pace=pace, seconds=12, targets={"scikit-learn MLPClassifier": 5},
        )  # fmt: skip


def eager_engine(pace: Pace) -> Results:
    """The eager engine on nets."""
    step = eager.scalar_step
    kinds = (("nn.MLP", "nn.MLP", True), ("nn.MLP", "nn.MLP", False), ("micrograd's MLP with each Value", "ours", True))
    for who, ours, collector in kinds if pace is FULL else kinds[:1]:
        state = f"cycle collector {'on' if collector else 'off, micrograd collects once a step'}"
        yield race(
            f"eager: micrograd's demo step, {who}, {state}",
            {"ours": partial(step, ours), SLOTS: partial(step, "slots"),
             "micrograd": partial(step, "micrograd", collect=not collector)},
            collector=collector, tidy=True, pace=pace, seconds=10,
        )  # fmt: skip
    if pace is FULL:
        yield race(
            "eager: micrograd's demo step, nn.MLP, cycle collector off, micrograd keeps its garbage",
            {"ours": partial(step, "nn.MLP"), "micrograd": partial(step, "micrograd")},
            collector=False, tidy=True, pace=pace, seconds=6,
        )  # fmt: skip
    for dtype, tolerance in (("float64", DOUBLE), ("float32", SINGLE)):
        makers: Makers = {"ours": eager.array_step, EAGER: eager.pytorch_step, HIPS: eager.hips_step}
        name = f"eager: a step of 2-16-16-1 on 100 points as arrays, {dtype}"
        yield race(name, _for(makers, dtype), tolerance=tolerance, pace=pace, seconds=6)


def single_operations(pace: Pace) -> Results:
    """What one operation costs, eagerly, in graphs of each size; and the gradient of a long chain."""
    reach = {"micrograd": 10_000, "PyTorch eager, numbers": 10_000}  # beyond, one pass takes seconds
    with eager.deep_recursion():
        for backward in (False, True):
            family = f"one operation, eager, {'forward and backward' if backward else 'forward'}"
            for size in (10, 100, 1_000, 10_000, 100_000, 1_000_000):
                if size <= max(1000, pace.largest):
                    names = [name for name in operations.engines() if size <= reach.get(name, size)]
                    yield race(
                        f"{family}, graph of {size:,}",
                        {name: partial(operations.passes, name, size, backward) for name in names},
                        unit="operation", parts=size, family=family, size=size, pace=pace, seconds=3, least=2,
                    )  # fmt: skip
        engines: Makers = {name: partial(operations.eager_chain, name) for name in operations.engines()}
        short: Makers = {**engines, HIPS: operations.hips_chain}
        for collector in (True, False):
            state = f"cycle collector {'on' if collector else 'off'}"
            yield race(
                f"eager: a chain of 1,000 operations, forward and backward, {state}", _for(short, 1000),
                collector=collector, tidy=True, pace=pace, seconds=6,
            )  # fmt: skip
    long: Makers = {
        "ours, compiled": operations.compiled_chain, "ours, Value": engines["ours, Value"], SLOTS: engines[SLOTS],
        "PyTorch eager, numbers": operations.pytorch_chain, "JAX lax.scan": operations.jax_chain,
        "CasADi SX VM": operations.casadi_chain,
    }  # fmt: skip
    for length in sorted({min(10_000, pace.largest // 10), pace.largest // 10}):
        yield race(
            f"gradient of a chain of {length:,} operations", _for(long, length), unit="gradient", pace=pace,
            seconds=15 if length > 10_000 else 5, least=2, targets={SCAN: 1.2},
            note="micrograd's walk would recurse as deep. Eager engines build the chain each time.",
        )  # fmt: skip


def beginnings(pace: Pace) -> Results:
    """Imports and first steps, each in a new process."""
    names = {
        "autograd": "ours, import autograd", "nn": "ours, import nn", "python": "python alone (a part of ours)",
        "numpy": "import numpy (a part of ours)",
    }  # fmt: skip
    others = ("torch", "jax", "tinygrad", "casadi", "micrograd", "sklearn.neural_network")
    modules = ("autograd", "nn", "python", "numpy", *others)
    makers: Makers = {names.get(m, f"import {m}"): partial(startup.importing, m) for m in modules}
    makers["HIPS, import autograd"] = startup.importing_hips
    least = None if pace is FULL else 1
    yield race("import, in a new process", makers, unit="process", pace=pace, seconds=25, least=least)
    firsts: Makers = {"ours, nn.fit": "autograd", EAGER: "torch", "JAX jit": "jax", TINY: "tinygrad"}
    yield race(
        "first training step, in a new process, kernels on disk",
        {name: partial(startup.first_step, module) for name, module in firsts.items()},
        unit="process", pace=pace, seconds=30, least=least,
    )  # fmt: skip
    yield startup.first_fit(cold=False)
    if pace is FULL:
        yield startup.first_fit(cold=True)
        yield race(
            "first training step on a machine without kernels",
            {"ours, nn.fit": startup.cold_step, TINY: startup.cold_tinygrad},
            unit="process", pace=pace, seconds=1, least=2,
        )  # fmt: skip


def pictures(pace: Pace) -> Results:
    """Drawing against size."""
    makers: Makers = {"ours": drawing.whole, "Graphviz, as micrograd's notebook": drawing.graphviz_}
    for size in (10, 30, 100, 300):
        without = () if size < 300 else tuple(makers)[1:]  # it would take 20 seconds
        yield race(
            f"draw every node as SVG, graph of {size}", _for(makers, size, without=without),
            unit="picture", family="draw every node as SVG", size=size, pace=pace, seconds=3,
            note="Ours shows local derivatives too, and calls Graphviz in a process of its own.",
        )  # fmt: skip
    family = "draw micrograd's demo on more points, folded, as SVG"
    for size in (1_000, 10_000, 100_000):
        if size <= pace.largest:
            yield race(
                f"{family}, graph of {size:,}", {"ours": partial(drawing.folded, size)},
                unit="picture", family=family, size=size, pace=pace, seconds=4, least=2,
            )  # fmt: skip


def sizes(pace: Pace) -> Results:
    """How cost grows, and what a graph weighs."""
    yield growth.tracing()
    yield memory.weigh(min(200_000, 10 * pace.largest))
    yield growth.memory_of_programs()
    yield from growth.growth(pace.largest)


GROUPS: dict[str, Callable[[Pace], Results]] = {
    "nets": nets, "all-cores": all_cores, "depth": depth, "graphs": graphs, "second-order": second_order,
    "goals": goals, "estimators": estimators, "eager": eager_engine, "operations": single_operations,
    "beginnings": beginnings, "pictures": pictures, "sizes": sizes,
}  # fmt: skip
THREADS = {"all-cores": 0}
"""Groups that may use more than one thread; 0: as many as each library chooses."""
