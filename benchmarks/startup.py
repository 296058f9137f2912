"""What one waits for at the beginning: imports, and the first training step in a new process."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from typing import Any

from .foreign import hips_python
from .harness import Missing, Work

__all__ = ["cold_step", "cold_tinygrad", "first_fit", "first_step", "importing", "importing_hips"]

OURS = """
import numpy as np, nn
rng = np.random.default_rng(0)
X, y = rng.normal(size=(100, 2)), rng.integers(0, 2, 100)
nn.fit(nn.TensorMLP(2, [16, 16, 1], rng=1), X, y, "bce_with_logits", steps=1, batch_size=None, progress=False)
"""
PYTORCH = """
import torch
X, y = torch.randn(100, 2), torch.randint(2, (100, 1)).float()
model = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(),
                            torch.nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters())
torch.nn.functional.binary_cross_entropy_with_logits(model(X), y).backward()
optimizer.step()
"""
JAX = """
import jax, jax.numpy as jnp
k = jax.random.split(jax.random.key(0), 4)
X, y = jax.random.normal(k[0], (100, 2)), jnp.ones((100, 1))
params = [(jax.random.normal(key, s), jnp.zeros(s[1])) for key, s in zip(k[1:], ((2, 16), (16, 16), (16, 1)))]
def loss(params, X, y):
    for W, b in params[:-1]:
        X = jax.nn.relu(X @ W + b)
    z = X @ params[-1][0] + params[-1][1]
    return jnp.mean(jax.nn.softplus(z) - y * z)
step = jax.jit(lambda p, X, y: jax.tree.map(lambda p, g: p - 0.1 * g, p, jax.grad(loss)(p, X, y)))
jax.block_until_ready(step(params, X, y))
"""
TINYGRAD = """
from tinygrad import Tensor, nn
from tinygrad.helpers import Context
X, y = Tensor.randn(100, 2), Tensor.ones(100, 1)
layers = [nn.Linear(2, 16), nn.Linear(16, 16), nn.Linear(16, 1)]
optimizer = nn.optim.Adam(nn.state.get_parameters(layers))
with Context(TRAINING=1):
    z = layers[2](layers[1](layers[0](X).relu()).relu())
    z.binary_crossentropy_logits(y).backward()
    optimizer.step()
nn.state.get_parameters(layers)[0].numpy()
"""
STEPS = {"autograd": OURS, "torch": PYTORCH, "jax": JAX, "tinygrad": TINYGRAD}


def _python(code: str, **settings: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, **settings})


def _process(code: str, module: str, **settings: str) -> Work:
    if find_spec(module.partition(".")[0]) is None:
        raise Missing(f"{module} is not installed")
    if code is TINYGRAD and shutil.which("clang") is None:
        raise Missing("tinygrad is here, but clang, which compiles its kernels, is not")
    return Work(lambda steps: _python(code, **settings), list, steps=1)


def importing(module: str) -> Work:
    """A new process that imports a module, and ends."""
    return _process(f"import {module}" if module != "python" else "", "sys" if module == "python" else module)


def first_step(module: str) -> Work:
    """A new process that trains a net 2-16-16-1 on 100 points for one step, with whatever caches there are."""
    return _process(STEPS[module], module)


def importing_hips() -> Work:
    """The same for HIPS autograd, in its own environment."""
    command = [hips_python(), "-I", "-c", "import autograd.numpy"]
    return Work(lambda steps: subprocess.run(command, check=True), list, steps=1)


def cold_step() -> Work:
    """Ours: the first step on a machine that has no kernels yet."""
    return _emptied(OURS, "NUMBA_CACHE_DIR")


def first_fit(cold: bool) -> dict[str, Any]:
    """Time the first fit of a process after its imports, with or without kernels on disk."""
    data, fit = OURS.strip().rsplit("\n", 1)
    code = f"{data}\nimport time; start = time.perf_counter()\n{fit}\nprint(time.perf_counter() - start)"
    times = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as cache:
            done = subprocess.run(
                [sys.executable, "-c", code], check=True, capture_output=True, text=True,
                env={**os.environ, **({"NUMBA_CACHE_DIR": cache} if cold else {})},
            )  # fmt: skip
        times.append(float(done.stdout))
    return {
        "work": f"first fit of a process, after imports, {'no ' if cold else ''}kernels on disk",
        "value": statistics.median(times), "low": min(times), "high": max(times), "unit": "s",
        "at most": 2.5 if cold else 0.25,
    }  # fmt: skip


def cold_tinygrad() -> Work:
    """tinygrad: the same."""
    _process(TINYGRAD, "tinygrad")
    return _emptied(TINYGRAD, "XDG_CACHE_HOME")


def _emptied(code: str, variable: str) -> Work:
    def run(steps: int) -> None:
        with tempfile.TemporaryDirectory() as cache:
            _python(code, **{variable: cache})

    return Work(run, list, steps=1)
