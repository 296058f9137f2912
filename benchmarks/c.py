"""C by hand, compiled where a compiler is found: what the machine can do."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .harness import Missing, Work
from .tasks import Task
from .trainers import CHECKED

__all__ = ["by_hand"]

FLAGS = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]


def by_hand(task: Task) -> Work:
    """C: two hidden layers with ReLU, one output, hinge loss; sizes known to the compiler, gradients in one sweep."""
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise Missing("no C compiler")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "step.so")
        sizes = [f"-D{name}={n}" for name, n in zip(("IN", "H1", "H2"), task.widths, strict=False)]
        source = Path(__file__).with_name("step.c")
        subprocess.run([compiler, *FLAGS, *sizes, f"-DN={task.batch}", str(source), "-o", str(library)], check=True)
        train = ctypes.CDLL(str(library)).train
    X, y = task.data()
    weights = task.weights()
    losses = np.empty(1 << 20, np.float32)

    def pointer(x: np.ndarray) -> Any:
        return x.ctypes.data_as(ctypes.c_void_p)

    def start() -> None:
        for place, w in zip(weights, task.weights(), strict=True):
            place[...] = w

    def run(steps: int) -> None:
        train(pointer(X), pointer(y), *map(pointer, weights), ctypes.c_float(task.lr), steps, pointer(losses))

    def check() -> list[Any]:
        start()
        run(CHECKED)
        return [w.copy() for w in weights]

    return Work(run, check, start, task.steps)
