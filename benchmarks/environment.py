"""What a result depends on: the machine, the versions, and the settings of a process that fix its threads."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .foreign import hips_version

__all__ = ["described", "environ", "settings", "versions"]

PACKAGES = (
    "chalkgrad", "numpy", "numba", "scipy", "micrograd", "torch", "jax", "casadi", "tinygrad", "scikit-learn",
)  # fmt: skip


VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "CHALKGRAD_NUM_THREADS", "NPROC",
    "XLA_FLAGS",
)  # fmt: skip


def settings(threads: int) -> dict[str, str]:
    """Give the environment variables that hold a process to so many threads; none for 0, as each library chooses."""
    if threads == 0:
        return {}
    single = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return dict.fromkeys(VARIABLES[:-1], str(threads)) | ({"XLA_FLAGS": single} if threads == 1 else {})


def environ(threads: int) -> dict[str, str]:
    """Give the environment of a process with so many threads, without what this process was told."""
    return {k: v for k, v in os.environ.items() if k not in VARIABLES} | settings(threads)


def described() -> dict[str, Any]:
    """Describe the machine, now."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(), "processor": _processor(), "cores": os.cpu_count(), "load": round(load, 2),
        "python": platform.python_version(), "system": platform.platform(terse=True),
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Say what is installed; of HIPS autograd, which has an environment of its own, what has been there."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "from a checkout" if name == "chalkgrad" else "not installed"
    return found | {"HIPS autograd": hips_version()} | {name: _compiler(name) for name in ("gcc", "clang")}


def _compiler(name: str) -> str:
    try:
        done = subprocess.run([name, "-dumpversion"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "not installed"
    return done.stdout.strip()


def _commit() -> str:
    """Name the commit, and say where files differ from it, other than the results, which a run writes."""
    changed = ["status", "--porcelain", "--untracked-files=no", "--", ":/", ":(exclude)results"]
    folder = Path(__file__).parent
    try:
        commit, dirty = (
            subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout
            for words in (["describe", "--always"], changed)
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.strip() + ("-dirty" if dirty else "")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
