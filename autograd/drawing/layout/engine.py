"""The door to Graphviz: the system's `dot`, or else pygraphviz. Either runs in a process apart, in bounded time."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

__all__ = ["run_dot"]

SECONDS = 20

# pygraphviz holds the library, not the program: a process of our own bounds its time and keeps its warnings.
_LIBRARY = """
import sys, pygraphviz
made = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode()).draw(format=sys.argv[1], prog="dot")
sys.stdout.buffer.write(made if isinstance(made, bytes) else made.encode())
"""


def _command(format: str) -> list[str]:
    if program := shutil.which("dot"):
        return [program, f"-T{format}"]
    if importlib.util.find_spec("pygraphviz"):
        return [sys.executable, "-c", _LIBRARY, format]
    raise RuntimeError(
        "this picture needs Graphviz, which is not here: `pip install pygraphviz` (its wheels carry Graphviz), or "
        "install the program `dot` (`apt install graphviz`, `brew install graphviz`, `choco install graphviz`); "
        "`.text()` and `.dot()` work without it"
    )


def run_dot(source: str, format: str) -> bytes:
    """Lay out DOT text and give it in a format of Graphviz's.

    Raises:
        RuntimeError: there is no Graphviz, it failed, or it took too long.
    """
    try:
        done = subprocess.run(_command(format), input=source.encode(), capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"Graphviz did not lay this picture out within {SECONDS} seconds: draw a smaller part of it"
        ) from None
    if done.returncode or not done.stdout:
        raise RuntimeError(f"Graphviz failed: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return done.stdout
