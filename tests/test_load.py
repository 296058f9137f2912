"""Much of everything: long graphs, many calls, many threads, other processes. Nothing grows, and nothing mixes."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, Value, compile, draw, grad, tanh

pytestmark = pytest.mark.no_cover  # much work on the same lines

ROOT = Path(__file__).resolve().parent.parent

X = np.random.default_rng(0).normal(size=(40, 3))
Y = X[:, 0] * X[:, 1] - X[:, 2]


def megabytes() -> float:
    """Give the memory that this process holds now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the memory of a process as Linux tells it")
@pytest.mark.parametrize("shape", ["chain", "fan-out"])
def test_a_million_nodes_go_everywhere(shape: str, promise: Callable[[str], None], collector_off: Any) -> None:
    n, x = 1_000_000, Value(0.5, label="x")
    before = megabytes()
    with collector_off():
        y: Any = x
        for _ in range(n):
            y = -y if shape == "chain" else y + x
        y.backward()
        assert x.grad == (1.0 if shape == "chain" else n + 1.0)
        held = megabytes() - before
        again = pickle.loads(pickle.dumps(y))
        again.backward()
        assert again.data == y.data
        del again
        again = copy.deepcopy(y)
        assert again.data == y.data
        del again, y
        left = megabytes() - before
    assert left < held / 2 + 50  # what the allocator keeps for later, not what leaks
    promise(f"a {shape} of 10^6 nodes: {held:.0f} MB; forward, backward, pickle, copy, delete, collector off")


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["chain", "fan-out"])
def test_many_nodes_are_drawn(shape: str, promise: Callable[[str], None], pytestconfig: pytest.Config) -> None:
    n, x = pytestconfig.getoption("nodes"), Value(0.5, label="x")
    y: Any = x
    for _ in range(n):
        y = -y if shape == "chain" else y + x
    assert 0 < len(draw(y).text()) < 10**4
    promise(f"a {shape} of {n:,} nodes: drawn")


@pytest.mark.slow
def test_repeated_backward_calls_do_not_grow(promise: Callable[[str], None], collector_off: Any) -> None:
    calls, v, t = 100_000, Value(0.3), Tensor([1.0, 2.0])
    fixed = tanh(v * v) + v
    with collector_off():
        for i in range(calls):
            if i == 40_000:  # Python has filled its lists of free tuples by then
                tracemalloc.start()
            elif i == 42_000:
                before = tracemalloc.get_traced_memory()[0]
            elif i == 44_000:
                grown = tracemalloc.get_traced_memory()[0] - before
                tracemalloc.stop()
                counted, held = len(gc.get_objects()), megabytes()
            fixed.backward() if i % 10 else (t * v).sum().backward()
        assert grown < 2_000
        assert len(gc.get_objects()) - counted < 100 and megabytes() - held < 5
    promise(f"10^5 backward calls, collector off: grown by {max(megabytes() - held, 0.0):.1f} MB")


def fitted(seed: int, compiled: bool) -> dict[str, np.ndarray]:
    widths = [2 + seed % 4, 1 + seed % 3][: 1 + seed % 2]
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip([3, *widths], widths, strict=False):
        layers += [nn.Linear(fan_in, fan_out, rng=seed), nn.Tanh() if seed % 2 else nn.ReLU()]
    net = nn.Sequential(*layers, nn.Dropout(0.2, rng=seed), nn.Linear(widths[-1], 1, rng=seed))
    nn.fit(net, X, Y, optimizer=nn.Adam(lr=0.02), epochs=6, batch_size=7 + seed, rng=seed, compiled=compiled,
           progress=False)  # fmt: skip
    return net.state_dict()


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Do all of it at the same time, each in a thread."""
    found: dict[int, Any] = {}
    start = threading.Barrier(len(works))

    def run(i: int) -> None:
        start.wait()
        found[i] = works[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[i] for i in range(len(works))]


@pytest.mark.parametrize("compiled", [False, True])
def test_eight_threads_that_train_eight_nets_give_the_serial_bits(
    compiled: bool, promise: Callable[[str], None]
) -> None:
    serial = [fitted(seed, compiled) for seed in range(8)]
    threaded = at_once([lambda seed=seed: fitted(seed, compiled) for seed in range(8)])
    for one, other in zip(serial, threaded, strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in one)
    promise(f"8 threads that train 8 nets ({'compiled' if compiled else 'eager'}): the bits of one after the other")


def test_threads_that_predict_with_one_net_leave_dropout_off() -> None:
    first_is_in, second_is_in, first_is_done = threading.Event(), threading.Event(), threading.Event()

    class Slow(nn.Dropout):
        def forward(self, x: Any) -> Any:
            if first_is_in.is_set():
                second_is_in.set()
                first_is_done.wait(10)
            first_is_in.set()
            second_is_in.wait(0.3)  # comes to nothing where the second one waits for its turn
            return super().forward(x)

    net = nn.Sequential(nn.Linear(3, 5, rng=0), Slow(0.5, rng=0))

    def first() -> np.ndarray:
        found = net.outputs(X)
        first_is_done.set()
        return found

    def second() -> np.ndarray:
        first_is_in.wait(10)
        return net.outputs(X)

    one, other = at_once([first, second])
    assert np.array_equal(one, other) and np.all(one) and net.training


PROCESSES = """
import multiprocessing, sys
import numpy as np
import nn
from autograd import compile, grad, tanh

f = compile(grad(lambda x: tanh(x @ x.T).sum()))
x = np.random.default_rng(0).normal(size=(8, 8))

def work(seed):
    net = nn.TensorMLP(8, [4, 1], rng=seed)
    nn.fit(net, x, x[:, 0], epochs=3, compiled=True, rng=seed, progress=False)
    return f(x).tobytes(), net.outputs(x).tobytes()

if __name__ == "__main__":
    want = [work(seed) for seed in range(2)]
    for method in multiprocessing.get_all_start_methods():
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(work, range(2)) == want, method
        print(method)
"""


@pytest.mark.slow
def test_other_processes_give_the_same_bits_after_a_compile(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(PROCESSES)
    done = subprocess.run(
        [sys.executable, "work.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "spawn" in done.stdout.split()


@pytest.mark.slow
def test_a_compiled_chain_of_a_million() -> None:
    x = y = Value(0.999999)
    for _ in range(1_000_000):
        y = y * x
    program = compile(y)
    y.backward()
    want, x.grad = x.grad, None
    assert program() == pytest.approx(y.data, rel=1e-9) and x.grad == pytest.approx(want, rel=1e-9)
    assert program.stats.bytes < 60 * program.stats.nodes
    assert compile(grad(lambda t: t * t))(2.0) == 4.0
