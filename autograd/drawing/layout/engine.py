"""Graphviz: its library in a child process, or else the program `dot`. Both are killed after a time limit."""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from ...locks import lock

SECONDS = 10.0

# pygraphviz lays out inside its process, holds the interpreter's lock while it does, and writes warnings: so it has a
# process of its own, which costs nothing after the first picture and can be killed. It reads and writes lines, and
# finds libraries where this process does.
_LIBRARY = """
import json, sys
sys.path = sys.argv[1:]
import pygraphviz
for line in sys.stdin:
    try:
        made = pygraphviz.AGraph(string=line).draw(format="json0", prog="dot").decode()
    except Exception as error:
        made = json.dumps(str(error))
    print(made.replace("\\n", ""), flush=True)
"""


class EngineError(RuntimeError):
    """Graphviz is missing, failed, or took too long."""


class _Library:
    """pygraphviz in a child process, which is started by the first picture and again after a failure."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._lock = lock(threading.Lock)

    def run(self, dot: str) -> str:
        with self._lock:
            child: Any = self._started()
            limit = threading.Timer(SECONDS, child.kill)
            limit.start()
            try:
                with suppress(BrokenPipeError):  # it may be killed before it has read all
                    print(dot.replace("\n", " "), file=child.stdin, flush=True)
                if made := child.stdout.readline():
                    return made
                raise EngineError(f"pygraphviz ended, or took more than {SECONDS:g} seconds")
            except BaseException:  # also Ctrl-C: a busy child would return its layout for the next picture
                self.close()
                raise
            finally:
                limit.cancel()

    def _started(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            if not importlib.util.find_spec("pygraphviz"):
                raise EngineError("pygraphviz is not installed")
            command, pipe = [sys.executable, "-P", "-c", _LIBRARY, *filter(None, sys.path)], subprocess.PIPE
            self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        return self._child

    def close(self) -> None:
        """Stop the child process."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def forget(self) -> None:
        """Leave the child to the parent of this process, after a fork."""
        if self._child is not None:
            self._child.returncode = 0
        self._child = None


_library = _Library()
close = _library.close
atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_library.forget)


def _program(dot: str) -> str:
    return subprocess.run(
        ["dot", "-Tjson0"], input=dot, capture_output=True, text=True, timeout=SECONDS, check=True
    ).stdout


def run_graphviz(dot: str) -> dict[str, Any]:
    """Return the layout of DOT text as Graphviz's `json0` format.

    Raises:
        EngineError: no engine gave a layout within `SECONDS`.
    """
    reasons: dict[str, None] = {}
    start = time.monotonic()
    for engine in (_library.run, _library.run, _program):  # a child that has ended unseen is started again
        try:
            found = json.loads(engine(dot))
            if isinstance(found, dict) and "bb" in found:
                return found
            reasons[f"Graphviz returned {found!r:.500}"] = None
        except (EngineError, OSError, ValueError, subprocess.SubprocessError) as error:
            reasons[f"{error} {getattr(error, 'stderr', None) or ''}".strip()] = None
        if time.monotonic() - start > SECONDS / 2:
            break  # what took one of them too long takes the others as long
    raise EngineError(
        f"Graphviz gave no layout ({'; '.join(reasons)}): `pip install pygraphviz`, or install Graphviz so that its "
        "program `dot` is on the path; `.text()` and `.dot()` work without it"
    )
