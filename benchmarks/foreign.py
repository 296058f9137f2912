"""HIPS autograd, whose name is ours: it runs in an environment of its own, which is made once and kept in a cache.

A contender is a process of that environment. It does so many steps when told to, and says how long they took, so that
it takes turns with the others as if it were here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from .harness import Missing, Work

__all__ = ["hips", "hips_python", "hips_version"]

VERSION = "1.9.1"
SCRIPT = Path(__file__).with_name("hips.py")


def _folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    own = f"hips-{VERSION}-numpy-{np.__version__}-python-{sys.version_info[0]}.{sys.version_info[1]}"
    return cache / "chalkgrad-benchmarks" / own


def hips_python() -> str:
    """Give the Python of HIPS autograd's environment, and make that first if need be.

    Raises:
        Missing: it cannot be made, as without a network.
    """
    if reason := _made():
        raise Missing(f"its environment could not be made: {reason}")
    return str(_folder() / "bin" / "python")


@lru_cache
def _made() -> str:
    """Make the environment where there is none; give why that failed, or nothing."""
    folder = _folder()
    if (folder / "ready").exists():
        return ""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--retries", "1", f"autograd=={VERSION}", f"numpy=={np.__version__}"])
        (folder / "ready").touch()
    except subprocess.CalledProcessError as error:
        return error.stderr.decode(errors="replace").strip().splitlines()[-1][:200]
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)[:200]
    return ""


def hips_version() -> str:
    """Give the version that runs, if its environment has been made."""
    return VERSION if (_folder() / "ready").exists() else "not installed"


def hips(name: str, **given: Any) -> Work:
    """HIPS autograd: the contender `name` of `hips.py`, on these numbers and arrays."""
    asked: Mapping[str, Any] = {k: _plain(v) for k, v in given.items()}
    process = subprocess.Popen(
        [hips_python(), "-I", str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def ask(**question: Any) -> Any:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError(f"HIPS autograd's process has ended, with {process.wait()}")
        return json.loads(answer)

    ask(name=name, given=asked)
    return Work(
        run=lambda steps: ask(run=steps),
        check=lambda: [np.array(x) for x in ask(check=True)],
        timed=lambda steps: tuple(ask(run=steps)),
        close=process.kill,
    )


def _plain(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return {"array": x.tolist(), "dtype": x.dtype.name}
    return [_plain(v) for v in x] if isinstance(x, (list, tuple)) else x


def _run(command: list[str]) -> None:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(command, check=True, capture_output=True, env=kept, timeout=120)
