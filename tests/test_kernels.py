"""Kernels on disk: a cache that is broken, or cannot be written, costs time and nothing else."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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


@pytest.mark.parametrize("damage", ["truncated", "other bytes"])
def test_damaged_code_is_made_anew(tmp_path: Path, damage: str) -> None:
    run(str(tmp_path))
    files = list(tmp_path.rglob("*.nbc"))
    assert files
    for path in files:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    again = run(str(tmp_path))
    assert again.stdout == "5.0 [2. 4.]\n" and again.returncode == 0


def test_a_cache_that_cannot_be_written_costs_one_warning() -> None:
    done = run("/proc/nowhere", ())
    assert done.stdout == "5.0 [2. 4.]\n"
    assert done.stderr.count("RuntimeWarning: compiled kernels cannot be kept on disk") <= 1
