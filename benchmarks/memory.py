"""What a node weighs: resident memory of a process before and after it builds a graph."""

from __future__ import annotations

import gc
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["NAMES", "weigh"]

NAMES = {
    "ours, Value": "autograd", "slots in plain Python": "benchmarks", "micrograd": "micrograd",
    "PyTorch eager, numbers": "torch", "CasADi SX": "casadi",
}  # fmt: skip
STATM = Path("/proc/self/statm")


def weigh(nodes: int) -> dict[str, Any]:
    """Give the bytes of a node, each engine in a process of its own; the graph is that of the single operations."""
    amounts, skipped = {}, {}
    for name, module in NAMES.items():
        if not STATM.exists():
            skipped[name] = "this system has no /proc/self/statm to read resident memory from"
        elif find_spec(module) is None:
            skipped[name] = f"No module named '{module}'"
        else:
            command = [sys.executable, "-m", "benchmarks.memory", name, str(nodes)]
            amounts[name] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {
        "work": f"memory of a node, eager, of {nodes:,}, forward graph", "unit": "bytes a node", "amounts": amounts,
        "skipped": skipped, "note": "Resident memory of a new process, after by before, with all that hangs on a node.",
    }  # fmt: skip


def _resident() -> int:
    import resource

    return int(STATM.read_text().split()[1]) * resource.getpagesize()


def main(name: str, nodes: int) -> None:
    """Build the graph with the engine `name`, and print bytes a node."""
    from .operations import engines, means

    if name == "CasADi SX":
        import casadi

        make, relu = (lambda x: casadi.SX.sym("v")), (lambda v: casadi.fmax(v, 0))
    else:
        make, relu = engines()[name]()
    held = [means(100, make, relu)]
    gc.collect()
    before = _resident()
    held.append(means(nodes, make, relu))
    print((_resident() - before) / nodes)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
