"""Kernels on disk: a cache that is broken, or cannot be written, costs time and nothing else."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORK = "from autograd import Tensor, compile; x = Tensor([1.0, 2.0]); print(compile((x * x).sum())(), x.grad)"


def run(cache: str, options: tuple[str, ...] = ("-W", "error")) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    return subprocess.run(
        [sys.executable, *options, "-c", WORK], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[:100],
    "empty": lambda content: b"",
    "other bytes": lambda content: bytes(reversed(content)),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: str) -> None:
    assert run(str(tmp_path)).stdout == "5.0 [2. 4.]\n"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    for _ in range(2):
        again = run(str(tmp_path))
        assert (again.stdout, again.stderr) == ("5.0 [2. 4.]\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["truncated", "other bytes"])
def test_damaged_code_is_made_anew(tmp_path: Path, damage: str) -> None:
    run(str(tmp_path))
    files = list(tmp_path.rglob("*.nbc"))
    assert files
    for path in files:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    again = run(str(tmp_path))
    assert again.stdout == "5.0 [2. 4.]\n" and again.returncode == 0


@pytest.mark.slow
def test_a_cache_of_another_numba_is_made_anew(tmp_path: Path) -> None:
    run(str(tmp_path))
    indices = list(tmp_path.rglob("*.nbi"))
    assert indices
    for path in indices:  # the version, and then what is there
        content = path.read_bytes()
        version = pickle.dumps(pickle.loads(content), protocol=-1)
        assert content.startswith(version)
        path.write_bytes(pickle.dumps("0.0.1", protocol=-1) + content[len(version) :])
    again = run(str(tmp_path))
    assert (again.stdout, again.stderr) == ("5.0 [2. 4.]\n", "")
    assert all(pickle.loads(path.read_bytes()) != "0.0.1" for path in indices)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of POSIX")
def test_a_process_killed_while_it_writes_the_cache_harms_no_other(tmp_path: Path, popen: Any) -> None:
    for i in range(4):
        cache = tmp_path / str(i)
        process = popen([sys.executable, "-c", WORK], cwd=ROOT, stdout=subprocess.DEVNULL,
                        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)})  # fmt: skip
        while process.poll() is None and len(list(cache.rglob("*.nb?"))) <= i:
            time.sleep(0.001)
        process.kill()
        process.wait()
        again = run(str(cache))
        assert (again.stdout, again.stderr) == ("5.0 [2. 4.]\n", "")


def test_without_a_compiler_nets_are_trained_eagerly_and_programs_say_so(tmp_path: Path) -> None:
    code = (
        "import nn, autograd; from autograd import Value; X, y = nn.datasets.xor(); x = Value(2.0)\n"
        "print(len(nn.fit(nn.TensorMLP(2, [2, 1]), X, y, epochs=2)['loss']))\n"
        "try: autograd.compile(x * x)()\nexcept RuntimeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, check=True)  # fmt: skip
    assert done.stdout.startswith("2\nNUMBA_DISABLE_JIT=1 turns off the compiler that programs need"), done.stderr


def test_without_numba_and_scipy_all_that_is_eager_works() -> None:
    code = (
        "import sys; sys.modules['numba'] = sys.modules['scipy'] = None\n"
        "import math, nn, autograd as ag; X, y = nn.datasets.xor(); x = ag.Tensor([-30.0, 2.0])\n"
        "print([len(nn.fit(net, X, y, epochs=2)['loss']) for net in (nn.TensorMLP(2, [2, 1]), nn.MLP(2, [2, 1]))])\n"
        "print([f(x).data.tolist() == [f(-30.0), f(2.0)] for f in (ag.erf, ag.erfc, ag.gelu)])\n"
        "try: ag.compile(lambda x: x * x)(3.0)\nexcept ImportError as error: print(error)\n"
        "try: nn.minimize(lambda: (x * x).sum(), [x])\nexcept ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "[2, 2]",
        "[True, True, True]",
        "compiled programs need numba, which is missing: `pip install numba`",
        "`minimize` needs SciPy, which is missing: `pip install scipy`",
    ], done.stderr


def test_a_cache_that_cannot_be_written_costs_one_warning() -> None:
    done = run("/proc/nowhere", ())
    assert done.stdout == "5.0 [2. 4.]\n"
    assert done.stderr.count("RuntimeWarning: compiled kernels cannot be kept on disk") <= 1
