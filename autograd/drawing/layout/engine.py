"""Graphviz: the library in a process that stays, or else the program `dot`. Both are killed at a time limit."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from typing import Any

SECONDS = 10.0

# pygraphviz lays out inside its process, holds the interpreter's lock while it does, and writes warnings: so it has a
# process of its own, which costs nothing after the first picture and can be killed.
_LIBRARY = """
import struct, sys, pygraphviz
source, sink = sys.stdin.buffer, sys.stdout.buffer
while head := source.read(4):
    text = source.read(*struct.unpack("I", head)).decode()
    try:
        made = pygraphviz.AGraph(string=text).draw(format="json0", prog="dot")
    except Exception as error:
        made = f"failed: {error}"
    made = made if isinstance(made, bytes) else made.encode()
    sink.write(struct.pack("I", len(made)) + made)
    sink.flush()
"""


class EngineError(RuntimeError):
    """Graphviz is not here, failed, or took too long."""


class _Library:
    """pygraphviz in a child process, which is started by the first picture and again after a failure."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def run(self, dot: str) -> bytes:
        with self._turn:
            child = self._started()
            limit = threading.Timer(SECONDS, child.kill)
            limit.start()
            try:
                made = self._asked(child, dot.encode())
            except BaseException:  # also Ctrl-C: a child that is still busy would answer the next picture
                self.close()
                raise
            finally:
                limit.cancel()
        if made.startswith(b"failed: "):
            raise EngineError(made[8:].decode(errors="replace"))
        return made

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            if not importlib.util.find_spec("pygraphviz"):
                raise EngineError("pygraphviz is not installed")
            command = [sys.executable, "-P", "-c", _LIBRARY]
            pipe = subprocess.PIPE
            self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        return self._child

    def _asked(self, child: subprocess.Popen[bytes], text: bytes) -> bytes:
        assert child.stdin is not None and child.stdout is not None
        with contextlib.suppress(OSError):  # a child that has ended gives nothing to read
            child.stdin.write(struct.pack("I", len(text)) + text)
            child.stdin.flush()
        head = child.stdout.read(4)
        made = child.stdout.read(*struct.unpack("I", head)) if len(head) == 4 else b""
        if not made:
            raise EngineError(f"pygraphviz ended, or took more than {SECONDS:g} seconds")
        return made

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def forget(self) -> None:
        """Leave the child to the parent of this process, after a fork; the lock may have been closed there."""
        if self._child is not None:
            self._child.returncode = 0
        self._child, self._turn = None, threading.Lock()


_library = _Library()
close = _library.close
atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_library.forget)


def _program(dot: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise EngineError("there is no program `dot` on the path")
    try:
        done = subprocess.run([program, "-Tjson0"], input=dot.encode(), capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"`dot`: {error}") from error
    if done.returncode:
        raise EngineError(f"`dot` failed: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return done.stdout


def run_graphviz(dot: str) -> dict[str, Any]:
    """Return the layout of DOT text as Graphviz's `json0` format.

    Raises:
        EngineError: no engine gave a layout within `SECONDS`.
    """
    reasons: list[str] = []
    start = time.monotonic()
    for engine in (_library.run, _program):
        if time.monotonic() - start > SECONDS / 2:
            break  # what took one of them too long takes the other as long
        try:
            found = json.loads(engine(dot))
            if "bb" in found:
                return found
            reasons.append("no layout in what Graphviz returned")
        except (EngineError, ValueError) as error:
            reasons.append(str(error))
    raise EngineError("; ".join(reasons))
